#include "coord/client/fencing_token.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace quorate::client {

absl::StatusOr<bool> IsNewer(const FencingToken& a, const FencingToken& b) {
  if (a.IsNone() || b.IsNone()) {
    return absl::InvalidArgumentError("an empty fencing token has no age");
  }
  if (a.ensemble_id != b.ensemble_id) {
    return absl::FailedPreconditionError(absl::StrCat(
        "fencing tokens of two ensembles cannot be compared: ", ToString(a),
        " and ", ToString(b)));
  }
  return a.czxid > b.czxid;
}

std::string ToString(const FencingToken& token) {
  return absl::StrCat(absl::BytesToHexString(token.ensemble_id), ":",
                      token.czxid >> 32, ":", token.czxid & 0xffff'ffff);
}

absl::StatusOr<FencingToken> ParseFencingToken(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ':');
  FencingToken token;
  uint32_t epoch = 0;
  uint32_t counter = 0;
  if (parts.size() == 3 && parts[0].size() == 32 &&
      absl::SimpleAtoi(parts[1], &epoch) &&
      absl::SimpleAtoi(parts[2], &counter)) {
    token.ensemble_id = absl::HexStringToBytes(parts[0]);
    token.czxid = uint64_t{epoch} << 32 | counter;
  }
  const bool all_zero =
      token.ensemble_id.find_first_not_of('\0') == std::string::npos;
  // One text per token: whoever compares texts compares tokens.
  if (token.IsNone() || all_zero || ToString(token) != text) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a fencing token is ENSEMBLE:EPOCH:COUNTER with 32 hexadecimal digits "
        "and two decimal numbers; found '",
        text.substr(0, 100), "'"));
  }
  return token;
}

}  // namespace quorate::client
