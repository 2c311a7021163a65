// Types: what the client library takes and gives. Plain values.

#ifndef QUORATE_COORD_CLIENT_TYPES_H_
#define QUORATE_COORD_CLIENT_TYPES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace quorate::client {

// A zxid as clients see it: epoch << 32 | counter. 0: none.
using Zxid = uint64_t;

inline constexpr int32_t kAnyVersion = -1;

struct Stat {
  Zxid czxid = 0;
  Zxid mzxid = 0;
  Zxid pzxid = 0;
  int64_t ctime_ms = 0;  // since 1970
  int64_t mtime_ms = 0;
  int32_t version = 0;
  int32_t cversion = 0;
  int32_t aversion = 0;
  int64_t ephemeral_owner = 0;  // session id; 0: persistent
  int32_t data_length = 0;
  int32_t num_children = 0;

  bool operator==(const Stat&) const = default;
};

// Bits of AclEntry::permissions.
inline constexpr uint32_t kRead = 1;
inline constexpr uint32_t kWrite = 2;
inline constexpr uint32_t kCreate = 4;
inline constexpr uint32_t kDelete = 8;
inline constexpr uint32_t kAdmin = 16;
inline constexpr uint32_t kAllPermissions = 31;

struct AclEntry {
  uint32_t permissions = 0;
  std::string scheme;
  std::string id;

  bool operator==(const AclEntry&) const = default;
};
using Acl = std::vector<AclEntry>;  // empty in a request: everyone, everything

enum class CreateMode : int32_t {
  kPersistent = 0,
  kEphemeral = 1,
  kPersistentSequential = 2,
  kEphemeralSequential = 3,
  kContainer = 4,
  kPersistentWithTtl = 5,
  kPersistentSequentialWithTtl = 6,
};

// --- Writes ------------------------------------------------------------------
struct Create {
  std::string path;
  std::string data = {};
  CreateMode mode = CreateMode::kPersistent;
  Acl acl = {};
  int64_t ttl_ms = 0;  // above 0 for the modes with TTL
};
struct Delete {
  std::string path;
  int32_t version = kAnyVersion;
};
struct DeleteRecursive {
  std::string path;
};
struct SetData {
  std::string path;
  std::string data;
  int32_t version = kAnyVersion;
};
struct SetAcl {
  std::string path;
  Acl acl;
  int32_t version = kAnyVersion;
};
struct Check {
  std::string path;
  int32_t version = kAnyVersion;
};
using MultiOp = std::variant<Create, Delete, SetData, Check>;
struct Multi {
  std::vector<MultiOp> ops;
};
using Write = std::variant<Create, Delete, DeleteRecursive, SetData, SetAcl,
                           Check, Multi>;

// What one write, or one op of a multi, has done.
struct WriteResult {
  Zxid zxid = 0;
  std::string path;          // creates: with the sequence number
  std::optional<Stat> stat;  // after creates, set data, set ACL
  std::vector<WriteResult> ops;
};

// --- Reads -------------------------------------------------------------------
struct GetData {
  std::string path;
};
struct Exists {
  std::string path;
};
struct GetChildren {
  std::string path;
};
struct GetAcl {
  std::string path;
};
struct CountDescendants {
  std::string path;
};
struct GetEphemerals {
  std::string prefix;
};
struct Sync {};
using ReadOp = std::variant<GetData, GetChildren>;
struct MultiRead {
  std::vector<ReadOp> ops;
};
using Read = std::variant<GetData, Exists, GetChildren, GetAcl,
                          CountDescendants, GetEphemerals, Sync, MultiRead>;

enum class Consistency {
  kLinearizable,  // sees everything that was acknowledged before
  kLocal,         // what the member has; may be old, but never goes back
};

struct Data {
  std::string data;
  Stat stat;
};
struct Children {
  std::vector<std::string> names;  // sorted
  Stat stat;
};
struct AclAndStat {
  Acl acl;
  Stat stat;
};

// --- Watches -----------------------------------------------------------------
enum class WatchKind : int32_t {
  kData = 1,        // one-shot: creation, deletion, change of data
  kChild = 2,       // one-shot: children come or go, deletion
  kPersistent = 4,  // both, until removed
  kRecursive = 8,   // data of the znode and of all below it, until removed
};
enum class EventType : int32_t {
  kCreated = 1,
  kDeleted = 2,
  kDataChanged = 3,
  kChildrenChanged = 4,
  // The session was away for so long that no member remembers what happened on
  // `path` meanwhile: look again. A one-shot watch is spent by it.
  kGap = 5,
};
struct Event {
  EventType type = EventType::kDataChanged;
  std::string path;
  Zxid zxid = 0;
};

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_TYPES_H_
