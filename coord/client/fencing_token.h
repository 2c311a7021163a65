// FencingToken: proof of holding something that a znode stands for, such as a
// lock, to be shown with every command (rule 22).
//
// Whoever takes commands remembers the newest token seen and refuses older
// ones, and those of another ensemble: then a former holder that does not know
// yet can do no harm. Tokens of one ensemble are ordered as they were granted.

#ifndef QUORATE_COORD_CLIENT_FENCING_TOKEN_H_
#define QUORATE_COORD_CLIENT_FENCING_TOKEN_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/client/types.h"

namespace quorate::client {

struct FencingToken {
  std::string ensemble_id;  // 16 bytes; empty: none
  Zxid czxid = 0;           // of the znode; its high half is the epoch

  // Names no holder: it is no valid token.
  bool IsNone() const { return ensemble_id.empty() || czxid == 0; }
  bool operator==(const FencingToken&) const = default;
};

// True if `a` was granted after `b`. FailedPrecondition if they belong to two
// ensembles, InvalidArgument if one is none.
absl::StatusOr<bool> IsNewer(const FencingToken& a, const FencingToken& b);

// "ENSEMBLE:EPOCH:COUNTER": 32 hexadecimal digits and two decimal numbers, as
// everywhere in Quorate.
std::string ToString(const FencingToken& token);
// InvalidArgument unless `text` is just what ToString() gives of some token
// that is not none.
absl::StatusOr<FencingToken> ParseFencingToken(absl::string_view text);

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_FENCING_TOKEN_H_
