// Snapshots: the whole state at one zxid as a stream of bytes.
//
// Snapshot writes the stream piece by piece while the state machine goes on
// applying txns. Creating one costs nothing; each call of Next() does a bounded
// amount of work; so the thread that drives the state machine is never held up.
// It walks the sessions by id, then the tree in the order of paths. What is
// about to change ahead of the walk is copied first, and the copy is written
// when its turn comes; what was created later is passed over. So the stream is
// exactly the state at zxid(), and it is canonical: every member writes the
// same bytes for the same zxid. Memory: the copies of what has changed since.
//
// SnapshotLoader takes the stream in pieces cut anywhere, from anywhere: bytes
// that are no snapshot are refused, not trusted, and the digest that the writer
// had is compared with that of the state which was built.
//
//   stream  = record*
//   record  = size:u32  kind:u8  body        (size counts kind and body)
//     1 header   magic:u32 version:u32 zxid:u64 digest:u64   first
//     2 session  id:i64 timeout_ms:i32 password
//                last_request_id:i64 results:u32             by id
//     6 result   zxid:u64 answer     of the session before it: as many as it
//                says, the last for last_request_id, without a gap
//     3 ACL      acl (txn_codec.h)      numbered 0, 1, ... as first needed
//     4 znode    path data acl:u32 czxid:u64 mzxid:u64 pzxid:u64 ctime_ms:i64
//                mtime_ms:i64 version:i32 aversion:i32 creations:i32
//                ephemeral_owner:i64                    by path
//     5 end      sessions:u64 znodes:u64                     last
//   answer  = error:i32 message path has_stat:u8 (0 or 1)  stat if it has one
//             count:u32  answer*   (of a multi: its ops, whose count is 0)
//   stat    = the fields of stat.h in their order

#ifndef QUORATE_COORD_TREE_SNAPSHOT_H_
#define QUORATE_COORD_TREE_SNAPSHOT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/tree/path.h"
#include "coord/tree/session_walk.h"
#include "coord/tree/state_machine.h"
#include "coord/tree/tree.h"

namespace quorate::tree {

// Not thread-safe, driven by the thread of its state machine, which must
// outlive it. Several may be under way at once.
class Snapshot : private TreeObserver {
 public:
  // Of the state as it is now.
  explicit Snapshot(StateMachine& state);
  ~Snapshot() override;
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  Zxid zxid() const { return zxid_; }
  Digest digest() const { return digest_; }

  // Appends about `max_bytes` bytes to `out`; at least one record, at most one
  // too many, fewer if much is passed over. False: the stream has ended.
  // Call it until it returns false.
  bool Next(size_t max_bytes, std::string& out);

  // Znodes copied because they changed ahead of the walk, still unwritten.
  size_t num_copies() const { return copies_.size(); }

 private:
  void BeforeChange(absl::string_view path, const Znode& node) override;
  bool NextNode(std::string& out);
  void WriteNode(const NodeImage& node, std::string& out);

  StateMachine& state_;
  const Zxid zxid_;
  const Digest digest_;
  SessionWalk sessions_;
  bool started_ = false;  // the header is written
  bool ended_ = false;
  std::string position_;       // path of the last znode passed; "": none yet
  const Znode* at_ = nullptr;  // that znode, if it is known to live
  absl::btree_map<std::string, NodeImage, PathLess> copies_;
  absl::flat_hash_map<AclPtr, uint32_t> acl_numbers_;   // by address
  absl::flat_hash_map<std::string, uint32_t> acl_ids_;  // by encoding
  uint64_t nodes_written_ = 0;
};

// Not thread-safe.
class SnapshotLoader {
 public:
  SnapshotLoader();

  // The next piece. InvalidArgument, for good: this is no snapshot.
  // Unimplemented, for good: a newer release wrote it.
  absl::Status Append(absl::string_view piece);

  // The state, once the stream is complete. InvalidArgument: it is not.
  // DataLoss: the digest differs. Call once.
  absl::StatusOr<std::unique_ptr<StateMachine>> Finish();

 private:
  absl::Status Read(absl::string_view record);
  absl::Status ReadHeader(absl::string_view body);
  absl::Status ReadSession(absl::string_view body);
  absl::Status ReadResultRecord(absl::string_view body);
  absl::Status ReadAclRecord(absl::string_view body);
  absl::Status ReadNode(absl::string_view body);
  absl::Status ReadEnd(absl::string_view body);

  absl::Status status_;
  std::string rest_;  // a record whose end has not come yet
  bool has_header_ = false;
  bool has_end_ = false;
  Zxid zxid_;
  Digest digest_ = 0;
  std::unique_ptr<Tree> tree_;
  SessionTable sessions_;
  SessionId last_session_;
  uint32_t results_to_come_ = 0;  // of last_session_
  std::vector<AclPtr> acls_;
  std::string last_path_;
  uint64_t nodes_read_ = 0;
};

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_SNAPSHOT_H_
