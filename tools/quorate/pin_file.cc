#include "tools/quorate/pin_file.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "coord/client/session.h"
#include "tools/quorate/atomic_file.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/text.h"

namespace quorate::tools {
namespace {

constexpr char kMagic[] = "quorate-pin";
constexpr size_t kMaxBytes = 4096;
constexpr size_t kIdDigits = 32;

bool IsHex(absl::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == absl::string_view::npos;
}

}  // namespace

std::string FormatPin(const client::Pin& pin) {
  return absl::StrCat(kMagic, " 1 ", absl::BytesToHexString(pin.ensemble_id),
                      " ", FormatZxid(pin.highest_zxid), "\n");
}

std::optional<client::Pin> ParsePin(absl::string_view text) {
  const std::vector<absl::string_view> words =
      absl::StrSplit(text, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  if (words.size() != 4 || words[0] != kMagic || words[1] != "1" ||
      words[2].size() != kIdDigits || !IsHex(words[2])) {
    return std::nullopt;
  }
  const std::optional<uint64_t> zxid = ParseZxid(words[3]);
  if (!zxid) return std::nullopt;
  return client::Pin{.ensemble_id = absl::HexStringToBytes(words[2]),
                     .highest_zxid = *zxid};
}

absl::StatusOr<client::Pin> LoadPin(const std::string& path) {
  if (!FileExists(path)) return client::Pin();
  const absl::StatusOr<std::string> text = ReadFile(path, kMaxBytes);
  if (!text.ok()) return text.status();
  const std::optional<client::Pin> pin = ParsePin(*text);
  if (!pin) {
    return LocalError(absl::StrCat(
        path, " is not a pin file; name another, or remove it to start anew"));
  }
  return *pin;
}

absl::Status SavePin(const std::string& path, const client::Pin& pin) {
  if (pin.ensemble_id.empty()) return absl::OkStatus();
  const absl::StatusOr<LockFile> lock =
      LockFile::Lock(absl::StrCat(path, ".lock"));
  if (!lock.ok()) return lock.status();
  const absl::StatusOr<client::Pin> before = LoadPin(path);
  if (!before.ok()) return before.status();
  if (!before->ensemble_id.empty() && before->ensemble_id != pin.ensemble_id) {
    return PinnedError(absl::StrCat(
        path, " names ensemble ", absl::BytesToHexString(before->ensemble_id),
        ", and the members that answered are of ensemble ",
        absl::BytesToHexString(pin.ensemble_id)));
  }
  client::Pin raised = pin;
  raised.highest_zxid = std::max(pin.highest_zxid, before->highest_zxid);
  if (raised == *before) return absl::OkStatus();
  return WriteFileAtomically(path, FormatPin(raised));
}

}  // namespace quorate::tools
