// PendingState: the applied state as it will be once all outstanding txns are
// applied too.
//
// It keeps only what checks look at, and only of what outstanding txns change;
// the rest is read from the state machine. Each change belongs to a zxid and is
// dropped once the state machine has applied that zxid. Not thread-safe. The
// state machine must outlive it.

#ifndef QUORATE_COORD_TREE_PENDING_STATE_H_
#define QUORATE_COORD_TREE_PENDING_STATE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "coord/tree/acl.h"
#include "coord/tree/path.h"
#include "coord/tree/quota.h"
#include "coord/tree/session_id.h"
#include "coord/tree/stat.h"
#include "coord/tree/state_machine.h"

namespace quorate::tree {

struct PendingNode {
  int32_t version = 0;
  int32_t aversion = 0;
  int32_t creations = 0;
  int64_t num_children = 0;
  int64_t ephemeral_owner = 0;
  int64_t mtime_ms = 0;
  int64_t data_bytes = 0;
  AclPtr acl;
  std::optional<QuotaLimits> limits;  // if it holds those of a quota
};

class PendingState {
 public:
  explicit PendingState(const StateMachine& state) : state_(state) {}

  // Nothing if there is none.
  std::optional<PendingNode> Find(absl::string_view path) const;
  bool HasSession(SessionId session) const;
  // Its opening is outstanding.
  bool IsOpening(SessionId session) const;
  // Sorted.
  std::vector<std::string> EphemeralsOf(SessionId session) const;
  // `path` and what is below, sorted; only the first `max` and one more.
  std::vector<std::string> Subtree(absl::string_view path, size_t max) const;
  // False: no request can meet a quota.
  bool MayHaveQuotas() const;
  QuotaUsage UsageOf(absl::string_view path) const;

  // Begins the changes of one txn, which end with Keep() or RollBack(); the
  // latter undoes them. REQUIRES: zxids grow from Keep() to Keep().
  void Begin(Zxid zxid) { zxid_ = zxid; }
  void Put(absl::string_view path, PendingNode node);
  void Remove(absl::string_view path);
  void Keep();
  void RollBack();
  // Outside of Begin() and Keep(): these cannot be rolled back.
  void OpenSession(Zxid zxid, SessionId session);
  void CloseSession(Zxid zxid, SessionId session);

  // Drops what belongs to zxids up to `zxid`.
  void DropUpTo(Zxid zxid);
  // Number of changes held.
  size_t size() const { return changes_.size() + session_changes_.size(); }

 private:
  struct Entry {
    Zxid zxid;
    std::optional<PendingNode> node;  // nothing: deleted
  };
  struct Change {
    Zxid zxid;
    std::string path;
    QuotaUsage usage;             // what was added
    std::optional<Entry> before;  // until Keep()
  };
  struct SessionChange {
    Zxid zxid;
    SessionId session;
    bool open = false;
  };

  void Write(absl::string_view path, std::optional<PendingNode> node);
  void AddUsage(absl::string_view path, const QuotaUsage& usage);
  static PendingNode NodeOf(const Tree& tree, absl::string_view path,
                            const Znode& node);

  const StateMachine& state_;
  Zxid zxid_;
  absl::btree_map<std::string, Entry, PathLess> entries_;
  absl::flat_hash_map<std::string, QuotaUsage> usage_;
  std::deque<Change> changes_;  // by zxid
  size_t kept_ = 0;             // of changes_, the first that can not go back
  absl::btree_map<SessionId, SessionChange> sessions_;
  std::deque<SessionChange> session_changes_;  // by zxid
};

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_PENDING_STATE_H_
