#include "coord/storage/file_names.h"

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "coord/consensus/zxid.h"

namespace quorate::storage {
namespace {

constexpr absl::string_view kSegmentPrefix = "log-";
constexpr absl::string_view kSnapshotPrefix = "snapshot-";
constexpr absl::string_view kReceivedPrefix = "received-";

std::string NameOf(absl::string_view prefix, uint64_t number) {
  return absl::StrCat(prefix, absl::Hex(number, absl::kZeroPad16));
}

std::optional<uint64_t> Parse(absl::string_view prefix,
                              absl::string_view name) {
  absl::string_view digits = name;
  uint64_t number = 0;
  if (!absl::ConsumePrefix(&digits, prefix) ||
      !absl::SimpleHexAtoi(digits, &number) || NameOf(prefix, number) != name) {
    return std::nullopt;
  }
  return number;
}

std::optional<consensus::Zxid> ParseZxid(absl::string_view prefix,
                                         absl::string_view name) {
  const std::optional<uint64_t> number = Parse(prefix, name);
  if (!number) return std::nullopt;
  return consensus::Zxid::FromValue(*number);
}

}  // namespace

std::string SegmentName(uint64_t number) {
  return NameOf(kSegmentPrefix, number);
}
std::string SnapshotName(consensus::Zxid zxid) {
  return NameOf(kSnapshotPrefix, zxid.value());
}
std::string ReceivedName(consensus::Zxid zxid) {
  return NameOf(kReceivedPrefix, zxid.value());
}

std::optional<uint64_t> ParseSegmentName(absl::string_view name) {
  return Parse(kSegmentPrefix, name);
}
std::optional<consensus::Zxid> ParseSnapshotName(absl::string_view name) {
  return ParseZxid(kSnapshotPrefix, name);
}
std::optional<consensus::Zxid> ParseReceivedName(absl::string_view name) {
  return ParseZxid(kReceivedPrefix, name);
}
bool IsTemporaryName(absl::string_view name) {
  return absl::EndsWith(name, kTemporarySuffix);
}

}  // namespace quorate::storage
