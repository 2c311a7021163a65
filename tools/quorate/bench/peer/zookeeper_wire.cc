#include "tools/quorate/bench/peer/zookeeper_wire.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace quorate::tools::zookeeper {
namespace {

constexpr size_t kPasswordBytes = 16;
constexpr int32_t kAllPermissions = 31;
constexpr int32_t kAnyVersion = -1;
constexpr int32_t kMaxMessageBytes = 64 << 20;
// Persistent watches of one znode, in AddWatch.
constexpr int32_t kPersistent = 0;

template <typename T>
T ReadNumber(absl::string_view bytes, size_t at) {
  uint64_t value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  }
  return static_cast<T>(value);
}

void Put(uint64_t value, size_t size, char* out) {
  for (size_t i = 0; i < size; ++i) {
    out[i] = static_cast<char>(value >> (8 * (size - 1 - i)));
  }
}

}  // namespace

void Writer::Int(int32_t value) {
  char bytes[4];
  Put(static_cast<uint32_t>(value), sizeof(bytes), bytes);
  out_.append(bytes, sizeof(bytes));
}

void Writer::Long(int64_t value) {
  char bytes[8];
  Put(static_cast<uint64_t>(value), sizeof(bytes), bytes);
  out_.append(bytes, sizeof(bytes));
}

void Writer::Text(absl::string_view value) {
  Int(static_cast<int32_t>(value.size()));
  out_.append(value.data(), value.size());
}

void Writer::Begin(int32_t xid, Type type) {
  begin_ = out_.size();
  Int(0);  // the length, once it is known
  Int(xid);
  Int(static_cast<int32_t>(type));
}

void Writer::End() { Put(out_.size() - begin_ - 4, 4, out_.data() + begin_); }

void Writer::Empty(int32_t xid, Type type) {
  Begin(xid, type);
  End();
}

void Writer::Connect(int32_t timeout_ms) {
  begin_ = out_.size();
  Int(0);
  Int(0);   // version of the protocol
  Long(0);  // last zxid seen
  Int(timeout_ms);
  Long(0);  // a new session
  Text(std::string(kPasswordBytes, '\0'));
  Bool(false);  // not read-only
  End();
}

void Writer::Sync(int32_t xid, absl::string_view path) {
  Begin(xid, Type::kSync);
  Text(path);
  End();
}

void Writer::Read(int32_t xid, Type type, absl::string_view path) {
  Begin(xid, type);
  Text(path);
  Bool(false);
  End();
}

void Writer::Create(int32_t xid, absl::string_view path,
                    absl::string_view data) {
  Begin(xid, Type::kCreate);
  Text(path);
  Text(data);
  Int(1);  // one entry of the ACL
  Int(kAllPermissions);
  Text("world");
  Text("anyone");
  Int(0);  // persistent
  End();
}

void Writer::SetData(int32_t xid, absl::string_view path,
                     absl::string_view data) {
  Begin(xid, Type::kSetData);
  Text(path);
  Text(data);
  Int(kAnyVersion);
  End();
}

void Writer::BeginMulti(int32_t xid) { Begin(xid, Type::kMulti); }

void Writer::SetInMulti(absl::string_view path, absl::string_view data) {
  Int(static_cast<int32_t>(Type::kSetData));
  Bool(false);  // not the end
  Int(-1);
  Text(path);
  Text(data);
  Int(kAnyVersion);
}

void Writer::EndMulti() {
  Int(-1);
  Bool(true);
  Int(-1);
  End();
}

void Writer::AddWatch(int32_t xid, absl::string_view path) {
  Begin(xid, Type::kAddWatch);
  Text(path);
  Int(kPersistent);
  End();
}

std::optional<std::pair<absl::string_view, size_t>> NextMessage(
    absl::string_view bytes) {
  if (bytes.size() < 4) return std::nullopt;
  const auto length = ReadNumber<int32_t>(bytes, 0);
  if (length < 0 || length > kMaxMessageBytes) {
    return std::pair(absl::string_view(), size_t{0});
  }
  const size_t whole = 4 + static_cast<size_t>(length);
  if (bytes.size() < whole) return std::nullopt;
  return std::pair(bytes.substr(4, whole - 4), whole);
}

std::optional<Reply> ParseReply(absl::string_view message) {
  // Xid, zxid, error.
  if (message.size() < 16) return std::nullopt;
  return Reply{.xid = ReadNumber<int32_t>(message, 0),
               .error = ReadNumber<int32_t>(message, 12)};
}

bool ParseConnected(absl::string_view message) {
  // Version, time-out, session, password. A time-out of 0: the session is over.
  return message.size() >= 16 && ReadNumber<int32_t>(message, 4) > 0;
}

std::string ErrorName(int32_t error) {
  switch (error) {
    case -101:
      return "NoNode";
    case -103:
      return "BadVersion";
    case -110:
      return "NodeExists";
    case -112:
      return "SessionExpired";
    case -127:
      return "Throttled";
    default:
      return absl::StrCat("Error", error);
  }
}

}  // namespace quorate::tools::zookeeper
