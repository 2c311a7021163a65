#include "coord/client/recipes/paths.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/client/error.h"
#include "coord/client/session.h"
#include "coord/client/types.h"

namespace quorate::client {
namespace {

// Digits of a sequence number; a "-" before them makes it negative.
constexpr size_t kSequenceDigits = 10;

}  // namespace

std::string ChildPath(absl::string_view directory, absl::string_view name) {
  return directory == "/" ? absl::StrCat("/", name)
                          : absl::StrCat(directory, "/", name);
}

std::string NameOf(absl::string_view path) {
  return std::string(path.substr(path.rfind('/') + 1));
}

std::optional<int32_t> SequenceOf(absl::string_view name) {
  if (name.size() < kSequenceDigits) return std::nullopt;
  absl::string_view digits = name.substr(name.size() - kSequenceDigits);
  // "lock--0000000001": the dash of the prefix, and that of the number.
  const size_t before = name.size() - kSequenceDigits;
  const bool negative =
      before >= 2 && name[before - 1] == '-' && name[before - 2] == '-';
  int32_t number = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
  }
  const std::string text = absl::StrCat(negative ? "-" : "", digits);
  if (!absl::SimpleAtoi(text, &number)) return std::nullopt;
  return number;
}

absl::Status EnsurePath(Session& session, absl::string_view path) {
  const absl::Status exists = session.Exists(std::string(path)).status();
  if (!IsError(exists, "NoNode")) return exists;
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const absl::Status created =
        session.Write(Create{.path = std::string(path.substr(0, end))})
            .status();
    if (!created.ok() && !IsError(created, "NodeExists")) return created;
    if (end == absl::string_view::npos) return absl::OkStatus();
  }
}

}  // namespace quorate::client
