// Text: how values look to people and in JSON, and how people write them.
//
// Pure functions.

#ifndef QUORATE_TOOLS_QUORATE_TEXT_H_
#define QUORATE_TOOLS_QUORATE_TEXT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/client/types.h"
#include "nlohmann/json_fwd.hpp"

namespace quorate::tools {

// Keys in the order in which they were set.
using Json = nlohmann::ordered_json;

std::string FormatZxid(client::Zxid zxid);  // "epoch:counter", such as "3:17"
std::optional<client::Zxid> ParseZxid(absl::string_view text);

std::string FormatSession(int64_t session_id);  // "0x100000005"; 0: "-"
std::string FormatTime(int64_t ms_since_1970);  // "2020-10-09T14:50:03.120Z"
std::string FormatAge(int64_t ms);              // "850ms", "12s", "3m10s"
std::string FormatBytes(uint64_t bytes);        // "512 B", "1.5 MiB"
std::string FormatId(absl::string_view bytes);  // hexadecimal; empty: "-"
// What a znode is, by its owner: "persistent", "container", "ttl 30s",
// "ephemeral of 0x100000005".
std::string FormatOwner(int64_t ephemeral_owner);

// On one line: control characters and bytes that are no UTF-8 as \n, \t, \\ or
// \x0f; cut behind `max_bytes`, with "...".
std::string Printable(absl::string_view bytes, size_t max_bytes = 1 << 20);

bool IsUtf8(absl::string_view bytes);

Json StatJson(const client::Stat& stat);
// Sets "data" if the bytes are UTF-8, else "data_base64".
void SetDataJson(absl::string_view bytes, Json& json);
// What a person is told of members that run with --unsafe-static-membership.
inline constexpr absl::string_view kUnsafeNote =
    "UNSAFE: static membership, to show an outage; each member believes its "
    "own list";
// On one line. What is no UTF-8 is replaced.
std::string Dump(const Json& json);

// "world:anyone:cdrwa,digest:user:HASH:r"; letters: c create, d delete, r read,
// w write, a admin. Usage: what is wrong with it.
absl::StatusOr<client::Acl> ParseAcl(absl::string_view text);
std::string FormatAcl(const client::Acl& acl);

// "host:port"; the host may stand in brackets. Usage: what is wrong with it.
absl::Status CheckEndpoint(absl::string_view endpoint);

// "scheme:secret", such as "digest:user:password". Usage: it is not.
struct Auth {
  std::string scheme;
  std::string secret;
};
absl::StatusOr<Auth> ParseAuth(absl::string_view text);

// A znode's path as typed. `sequential`: may end with "/". Usage: why not.
absl::Status CheckPath(absl::string_view path, bool sequential = false);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_TEXT_H_
