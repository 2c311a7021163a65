// Requests: what a client, or the leader itself, asks to be changed.
//
// A request becomes a txn by Outstanding::Prepare(). The order of checks and
// the errors are those of ZooKeeper; TREE.md has the table.

#ifndef QUORATE_COORD_TREE_REQUEST_H_
#define QUORATE_COORD_TREE_REQUEST_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "coord/tree/acl.h"
#include "coord/tree/session_id.h"
#include "coord/tree/txn.h"

namespace quorate::tree {

// Most bytes of paths and data in one request, multis included; as ZooKeeper's
// default for a packet. More is BadArguments.
inline constexpr size_t kMaxRequestBytes = kMaxDataBytes;
// Most znodes that one recursive delete takes; more is NotEmpty.
inline constexpr size_t kMaxRecursiveDelete = 100'000;

// Numbers as in ZooKeeper.
enum class CreateMode {
  kPersistent = 0,
  kEphemeral = 1,
  kPersistentSequential = 2,
  kEphemeralSequential = 3,
  kContainer = 4,
  kPersistentWithTtl = 5,
  kPersistentSequentialWithTtl = 6,
};

inline constexpr int32_t kAnyVersion = -1;

struct CreateRequest {
  std::string path;
  std::string data;
  Acl acl;
  CreateMode mode = CreateMode::kPersistent;
  int64_t ttl_ms = -1;  // more than 0 for the modes with TTL, else negative
};

struct DeleteRequest {
  std::string path;
  int32_t version = kAnyVersion;
};

struct SetDataRequest {
  std::string path;
  std::string data;
  int32_t version = kAnyVersion;
};

struct SetAclRequest {
  std::string path;
  Acl acl;
  int32_t version = kAnyVersion;  // of the ACL
};

struct CheckRequest {
  std::string path;
  int32_t version = kAnyVersion;
};

using MultiOpRequest =
    std::variant<CreateRequest, DeleteRequest, SetDataRequest, CheckRequest>;

// All ops or none.
struct MultiRequest {
  std::vector<MultiOpRequest> ops;
};

// A znode and all that is below it, at once. Needs kDelete on the parent of
// each znode that goes.
struct DeleteRecursiveRequest {
  std::string path;
};

// Opens Request::session.
struct CreateSessionRequest {
  int32_t timeout_ms = 0;  // as negotiated; at least 1
  std::string password;    // kSessionPasswordBytes; who shows it may resume
};

// Closes Request::session, which the client asked for or which has expired.
struct CloseSessionRequest {};

// By the leader: an empty container or TTL node that is due.
struct DeleteContainerRequest {
  std::string path;
};

using RequestBody = std::variant<CreateRequest, DeleteRequest, SetDataRequest,
                                 SetAclRequest, CheckRequest, MultiRequest,
                                 DeleteRecursiveRequest, CreateSessionRequest,
                                 CloseSessionRequest, DeleteContainerRequest>;

struct Request {
  // None: no session is checked, and no ephemeral can be created.
  SessionId session;
  // The connection by which the session is used, as Outstanding::Attach()
  // knows it; 0: do not ask.
  uint64_t attachment = 0;
  // The number of this request in its session, from 1 without a gap; 0: it is
  // not counted, as the close of a session that has expired. Without a session,
  // and to open one, it is not looked at. Goes into the txn as it is.
  int64_t request_id = 0;
  // The results of the session's requests up to this one need not be remembered
  // any more; below request_id. 0: none.
  int64_t acked_through = 0;
  int64_t time_ms = 0;  // now, since the epoch, by the leader's clock
  std::vector<Identity> identities;  // of the requester
  RequestBody body;
};

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_REQUEST_H_
