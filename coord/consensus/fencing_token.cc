#include "coord/consensus/fencing_token.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

absl::StatusOr<bool> IsNewer(const FencingToken& a, const FencingToken& b) {
  if (a.IsNone() || b.IsNone()) {
    return absl::InvalidArgumentError("an empty fencing token has no age");
  }
  if (a.ensemble != b.ensemble) {
    return absl::FailedPreconditionError(absl::StrCat(
        "fencing tokens of two ensembles cannot be compared: ", ToString(a),
        " and ", ToString(b)));
  }
  return a.czxid > b.czxid;
}

std::optional<Refusal> CheckToken(const FencingToken& shown,
                                  const FencingToken& newest) {
  Refusal refusal;
  refusal.rule = Rule::kClientsRemember;
  if (shown.IsNone()) {
    refusal.reason = "a fencing token was expected, and none was shown";
    return refusal;
  }
  if (newest.IsNone() || shown == newest) return std::nullopt;
  const absl::StatusOr<bool> newer = IsNewer(shown, newest);
  if (newer.ok() && *newer) return std::nullopt;
  refusal.reason =
      newer.ok() ? absl::StrCat("fencing token ", ToString(shown),
                                " is older than ", ToString(newest),
                                ", which was seen already; its holder must "
                                "stop and acquire anew")
                 : absl::StrCat(newer.status().message(),
                                "; check which ensemble the sender uses");
  refusal.numbers = {
      {"shown_epoch", shown.czxid.epoch()},
      {"shown_counter", shown.czxid.counter()},
      {"newest_epoch", newest.czxid.epoch()},
      {"newest_counter", newest.czxid.counter()},
  };
  return refusal;
}

std::string ToString(const FencingToken& token) {
  return absl::StrCat(ToString(token.ensemble), ":", ToString(token.czxid));
}

absl::StatusOr<FencingToken> ParseFencingToken(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ':');
  FencingToken token;
  uint32_t epoch = 0;
  uint32_t counter = 0;
  if (parts.size() == 3 && parts[0].size() == 32 &&
      absl::SimpleHexAtoi(parts[0].substr(0, 16), &token.ensemble.high) &&
      absl::SimpleHexAtoi(parts[0].substr(16), &token.ensemble.low) &&
      absl::SimpleAtoi(parts[1], &epoch) &&
      absl::SimpleAtoi(parts[2], &counter)) {
    token.czxid = Zxid(epoch, counter);
  }
  // One text per token: whoever compares texts compares tokens.
  if (token.IsNone() || ToString(token) != text) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a fencing token is ENSEMBLE:EPOCH:COUNTER with 32 hexadecimal digits "
        "and two decimal numbers; found '",
        text.substr(0, 100), "'"));
  }
  return token;
}

}  // namespace quorate::consensus
