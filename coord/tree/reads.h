// Reads: what a client may look at, with ZooKeeper's errors.
//
// Each answers from the applied state for a requester with `identities`. The
// caller has checked the session and, for a linearizable read, waited for the
// read index. A watch goes with a read by calling Watches::Add() right after
// it: of exists() also if the answer is NoNode, of the others only if it is OK.
//
// Errors of all: NoNode; NoAuth unless the ACL grants kRead (GetAcl: kRead or
// kAdmin).

#ifndef QUORATE_COORD_TREE_READS_H_
#define QUORATE_COORD_TREE_READS_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "coord/tree/acl.h"
#include "coord/tree/session_id.h"
#include "coord/tree/stat.h"
#include "coord/tree/state_machine.h"

namespace quorate::tree {

struct DataAnswer {
  std::string data;
  Stat stat;
};

struct ChildrenAnswer {
  std::vector<std::string> names;  // sorted
  Stat stat;
};

struct AclAnswer {
  Acl acl;  // without kAdmin, digests are blanked
  Stat stat;
};

class Reads {
 public:
  // `state` and `identities` must outlive it.
  Reads(const StateMachine& state, absl::Span<const Identity> identities)
      : state_(state), identities_(identities) {}

  absl::StatusOr<DataAnswer> GetData(absl::string_view path) const;
  // BadArguments, too, for a path with a null character.
  absl::StatusOr<Stat> Exists(absl::string_view path) const;
  absl::StatusOr<ChildrenAnswer> GetChildren(absl::string_view path) const;
  absl::StatusOr<AclAnswer> GetAcl(absl::string_view path) const;
  // Of all below `path`, not only the children.
  absl::StatusOr<uint32_t> GetAllChildrenNumber(absl::string_view path) const;
  // Paths, sorted, of the ephemerals of `session` that start with `prefix`, as
  // text; "" and "/" are all. Asks no ACL, as in ZooKeeper.
  std::vector<std::string> GetEphemerals(SessionId session,
                                         absl::string_view prefix) const;

 private:
  absl::StatusOr<const Znode*> FindFor(uint32_t permissions,
                                       absl::string_view path) const;

  const StateMachine& state_;
  absl::Span<const Identity> identities_;
};

// A multi-read: several reads of one state. A failure of one does not touch
// the others.
struct ReadOp {
  enum class Kind { kGetData, kGetChildren };
  Kind kind = Kind::kGetData;
  std::string path;
};

using ReadAnswer = std::variant<absl::Status, DataAnswer, ChildrenAnswer>;

std::vector<ReadAnswer> MultiRead(const Reads& reads,
                                  absl::Span<const ReadOp> ops);

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_READS_H_
