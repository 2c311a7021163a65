#include "tools/quorate/text.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "coord/client/types.h"
#include "coord/tree/node_kind.h"
#include "coord/tree/path.h"
#include "nlohmann/json.hpp"
#include "tools/quorate/failure.h"

namespace quorate::tools {
namespace {

struct PermissionLetter {
  char letter;
  uint32_t bit;
};
constexpr PermissionLetter kPermissions[] = {{'c', client::kCreate},
                                             {'d', client::kDelete},
                                             {'r', client::kRead},
                                             {'w', client::kWrite},
                                             {'a', client::kAdmin}};

std::optional<uint32_t> ParsePermissions(absl::string_view letters) {
  uint32_t bits = 0;
  for (const char letter : letters) {
    uint32_t bit = 0;
    for (const PermissionLetter& permission : kPermissions) {
      if (permission.letter == letter) bit = permission.bit;
    }
    if (bit == 0 || (bits & bit) != 0) return std::nullopt;
    bits |= bit;
  }
  return bits == 0 ? std::nullopt : std::optional<uint32_t>(bits);
}

// Length of the UTF-8 sequence at the start of `bytes`; 0: there is none.
size_t Utf8Length(absl::string_view bytes) {
  const auto at = [bytes](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  const uint8_t lead = at(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || bytes.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  // Too long, a surrogate, or beyond U+10FFFF.
  if (lead == 0xe0 && at(1) < 0xa0) return 0;
  if (lead == 0xed && at(1) >= 0xa0) return 0;
  if (lead == 0xf0 && at(1) < 0x90) return 0;
  if (lead == 0xf4 && at(1) >= 0x90) return 0;
  return length;
}

}  // namespace

std::string FormatZxid(client::Zxid zxid) {
  return absl::StrCat(zxid >> 32, ":", zxid & 0xffffffff);
}

std::optional<client::Zxid> ParseZxid(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits(':', 1));
  uint32_t epoch = 0;
  uint32_t counter = 0;
  // Digits only: SimpleAtoi would allow signs and blanks.
  if (text.find_first_not_of("0123456789:") != absl::string_view::npos ||
      !absl::SimpleAtoi(parts.first, &epoch) ||
      !absl::SimpleAtoi(parts.second, &counter)) {
    return std::nullopt;
  }
  return client::Zxid{epoch} << 32 | counter;
}

std::string FormatSession(int64_t session_id) {
  return session_id == 0 ? "-" : absl::StrFormat("0x%x", session_id);
}

std::string FormatTime(int64_t ms_since_1970) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ",
                          absl::FromUnixMillis(ms_since_1970),
                          absl::UTCTimeZone());
}

std::string FormatAge(int64_t ms) {
  if (ms < 1000) return absl::StrCat(ms, "ms");
  if (ms < 10'000) return absl::StrFormat("%.1fs", ms / 1000.0);
  return absl::FormatDuration(absl::Seconds(ms / 1000));
}

std::string FormatBytes(uint64_t bytes) {
  if (bytes < 1024) return absl::StrCat(bytes, " B");
  constexpr const char* kUnits[] = {"KiB", "MiB", "GiB", "TiB"};
  double value = bytes / 1024.0;
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  return absl::StrFormat("%.1f %s", value, kUnits[unit]);
}

std::string FormatId(absl::string_view bytes) {
  return bytes.empty() ? "-" : absl::BytesToHexString(bytes);
}

std::string FormatOwner(int64_t ephemeral_owner) {
  switch (tree::KindOf(ephemeral_owner)) {
    case tree::NodeKind::kPersistent:
      return "persistent";
    case tree::NodeKind::kContainer:
      return "container";
    case tree::NodeKind::kTtl:
      return absl::StrCat("ttl ", FormatAge(tree::TtlMs(ephemeral_owner)));
    case tree::NodeKind::kEphemeral:
      return absl::StrCat("ephemeral of ", FormatSession(ephemeral_owner));
  }
  return "";
}

bool IsUtf8(absl::string_view bytes) {
  while (!bytes.empty()) {
    const size_t length = Utf8Length(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string Printable(absl::string_view bytes, size_t max_bytes) {
  const bool cut = bytes.size() > max_bytes;
  bytes = bytes.substr(0, max_bytes);
  std::string text;
  while (!bytes.empty()) {
    const size_t length = Utf8Length(bytes);
    const uint8_t first = static_cast<uint8_t>(bytes[0]);
    // U+0080 to U+009F are control characters too.
    const bool control =
        first < 0x20 || first == 0x7f ||
        (first == 0xc2 && length == 2 && static_cast<uint8_t>(bytes[1]) < 0xa0);
    if (first == '\n') {
      text += "\\n";
    } else if (first == '\t') {
      text += "\\t";
    } else if (first == '\\') {
      text += "\\\\";
    } else if (length == 0 || control) {
      absl::StrAppendFormat(&text, "\\x%02x", first);
    } else {
      absl::StrAppend(&text, bytes.substr(0, length));
      bytes.remove_prefix(length);
      continue;
    }
    bytes.remove_prefix(1);
  }
  return cut ? text + "..." : text;
}

Json StatJson(const client::Stat& stat) {
  return {{"czxid", FormatZxid(stat.czxid)},
          {"mzxid", FormatZxid(stat.mzxid)},
          {"pzxid", FormatZxid(stat.pzxid)},
          {"ctime_ms", stat.ctime_ms},
          {"mtime_ms", stat.mtime_ms},
          {"version", stat.version},
          {"cversion", stat.cversion},
          {"aversion", stat.aversion},
          {"ephemeral_owner", stat.ephemeral_owner},
          {"kind", FormatOwner(stat.ephemeral_owner)},
          {"data_length", stat.data_length},
          {"num_children", stat.num_children}};
}

void SetDataJson(absl::string_view bytes, Json& json) {
  if (IsUtf8(bytes)) {
    json["data"] = std::string(bytes);
  } else {
    json["data_base64"] = absl::Base64Escape(bytes);
  }
}

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

absl::StatusOr<client::Acl> ParseAcl(absl::string_view text) {
  client::Acl acl;
  for (const absl::string_view entry : absl::StrSplit(text, ',')) {
    const size_t scheme_end = entry.find(':');
    const size_t id_end = entry.rfind(':');
    std::optional<uint32_t> permissions;
    if (scheme_end != absl::string_view::npos && id_end > scheme_end) {
      permissions = ParsePermissions(entry.substr(id_end + 1));
    }
    if (!permissions || scheme_end == 0) {
      return UsageError(absl::StrCat(
          "an ACL entry reads SCHEME:ID:PERMISSIONS with letters of cdrwa, "
          "such as world:anyone:cdrwa or auth::rw; found \"",
          Printable(entry, 200), "\""));
    }
    acl.push_back({.permissions = *permissions,
                   .scheme = std::string(entry.substr(0, scheme_end)),
                   .id = std::string(
                       entry.substr(scheme_end + 1, id_end - scheme_end - 1))});
  }
  return acl;
}

std::string FormatAcl(const client::Acl& acl) {
  return absl::StrJoin(
      acl, ",", [](std::string* out, const client::AclEntry& entry) {
        absl::StrAppend(out, entry.scheme, ":", entry.id, ":");
        for (const PermissionLetter& permission : kPermissions) {
          if ((entry.permissions & permission.bit) != 0) {
            out->push_back(permission.letter);
          }
        }
      });
}

absl::Status CheckEndpoint(absl::string_view endpoint) {
  const size_t colon = endpoint.rfind(':');
  uint32_t port = 0;
  const bool digits = colon != absl::string_view::npos &&
                      endpoint.substr(colon + 1).find_first_not_of(
                          "0123456789") == absl::string_view::npos;
  if (!digits || colon == 0 ||
      !absl::SimpleAtoi(endpoint.substr(colon + 1), &port) || port == 0 ||
      port > 65535 ||
      endpoint.find_first_of(" \t\n/") != absl::string_view::npos) {
    return UsageError(absl::StrCat(
        "an endpoint reads HOST:PORT, such as 127.0.0.1:7001; found \"",
        Printable(endpoint, 200), "\""));
  }
  return absl::OkStatus();
}

absl::StatusOr<Auth> ParseAuth(absl::string_view text) {
  const size_t colon = text.find(':');
  if (colon == 0 || colon == absl::string_view::npos) {
    // The secret is not repeated: it might end in a log.
    return UsageError(
        "--auth reads SCHEME:SECRET, such as digest:user:password");
  }
  Auth auth{.scheme = std::string(text.substr(0, colon)),
            .secret = std::string(text.substr(colon + 1))};
  if (auth.scheme == "digest" && !absl::StrContains(auth.secret, ':')) {
    return UsageError("--auth digest needs digest:USER:PASSWORD");
  }
  return auth;
}

absl::Status CheckPath(absl::string_view path, bool sequential) {
  absl::Status status;
  if (sequential && absl::EndsWith(path, "/")) {
    status = tree::ValidatePath(absl::StrCat(path, "0"));
  } else {
    status = tree::ValidatePath(path);
  }
  if (status.ok()) return status;
  return UsageError(absl::StrCat(
      "bad path \"", Printable(path, 200),
      "\": ", absl::StripPrefix(status.message(), "BadArguments: ")));
}

}  // namespace quorate::tools
