// ZooKeeperWire: the bytes of ZooKeeper's client protocol, as far as the load
// generator speaks it: big-endian numbers, and strings and buffers behind their
// length; every message behind its own.

#ifndef QUORATE_TOOLS_QUORATE_BENCH_PEER_ZOOKEEPER_WIRE_H_
#define QUORATE_TOOLS_QUORATE_BENCH_PEER_ZOOKEEPER_WIRE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace quorate::tools::zookeeper {

// The numbers of the requests.
enum class Type : int32_t {
  kCreate = 1,
  kExists = 3,
  kGetData = 4,
  kSetData = 5,
  kSync = 9,
  kPing = 11,
  kMulti = 14,
  kAddWatch = 106,
  kCloseSession = -11,
};

// Xids that are no request's.
inline constexpr int32_t kWatchXid = -1;
inline constexpr int32_t kPingXid = -2;

// Appends messages to a buffer.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void Connect(int32_t timeout_ms);
  void Ping() { Empty(kPingXid, Type::kPing); }
  void Close(int32_t xid) { Empty(xid, Type::kCloseSession); }
  void Sync(int32_t xid, absl::string_view path);
  // kGetData or kExists, without a watch.
  void Read(int32_t xid, Type type, absl::string_view path);
  void Create(int32_t xid, absl::string_view path, absl::string_view data);
  void SetData(int32_t xid, absl::string_view path, absl::string_view data);
  // Sets several paths in one txn.
  void BeginMulti(int32_t xid);
  void SetInMulti(absl::string_view path, absl::string_view data);
  void EndMulti();
  // Persistent, of the znode alone.
  void AddWatch(int32_t xid, absl::string_view path);

 private:
  void Begin(int32_t xid, Type type);
  void End();
  void Empty(int32_t xid, Type type);
  void Bool(bool value) { out_.push_back(value ? '\1' : '\0'); }
  void Int(int32_t value);
  void Long(int64_t value);
  void Text(absl::string_view value);

  std::string& out_;
  size_t begin_ = 0;  // of the message's length
};

// The whole message at the start of `bytes`, without its length, and how many
// bytes it takes. Nothing: it is not complete yet. A length that cannot be
// (negative, or above 64 MiB) is one of no bytes that takes none.
std::optional<std::pair<absl::string_view, size_t>> NextMessage(
    absl::string_view bytes);

struct Reply {
  int32_t xid = 0;
  int32_t error = 0;  // 0: it succeeded
};
// Nothing: it is too short.
std::optional<Reply> ParseReply(absl::string_view message);
// The answer to Connect(): false if no session was opened.
bool ParseConnected(absl::string_view message);

// "NoNode" for -101; "Error-7" for what has no name here.
std::string ErrorName(int32_t error);

}  // namespace quorate::tools::zookeeper

#endif  // QUORATE_TOOLS_QUORATE_BENCH_PEER_ZOOKEEPER_WIRE_H_
