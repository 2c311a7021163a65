// FencingToken: proof of holding something that a znode stands for, such as a
// lock or the controller's office, to be shown with every command (rule 22).
//
// It consists of the ensemble id, the epoch and the czxid of the znode. Whoever
// receives commands remembers the newest token seen and refuses older ones, so
// that a former holder that does not know yet can do no harm. Zxids of two
// ensembles have nothing to do with each other: there, no token is newer.

#ifndef QUORATE_COORD_CONSENSUS_FENCING_TOKEN_H_
#define QUORATE_COORD_CONSENSUS_FENCING_TOKEN_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

struct FencingToken {
  EnsembleId ensemble;
  Zxid czxid;  // of the record that created the znode

  // The epoch in which the znode was created; it is part of the czxid.
  Epoch epoch() const { return czxid.epoch(); }
  // Names no holder: it is no valid token.
  bool IsNone() const { return ensemble.IsNone() || czxid.IsNone(); }
  bool operator==(const FencingToken&) const = default;
};

// True if `a` was issued after `b`. FailedPrecondition if they belong to two
// ensembles, InvalidArgument if one is none.
absl::StatusOr<bool> IsNewer(const FencingToken& a, const FencingToken& b);

// Nothing if a command with `shown` may be obeyed by someone whose newest token
// is `newest` (none: has seen none yet). Else a refusal by rule 22: `shown` is
// none, of another ensemble, or stale.
std::optional<Refusal> CheckToken(const FencingToken& shown,
                                  const FencingToken& newest);

// "ENSEMBLE:EPOCH:COUNTER": 32 hexadecimal digits and the czxid, two decimal
// numbers.
std::string ToString(const FencingToken& token);
// InvalidArgument unless `text` is just what ToString() gives of some token
// that is not none.
absl::StatusOr<FencingToken> ParseFencingToken(absl::string_view text);

}  // namespace quorate::consensus

#endif  // QUORATE_COORD_CONSENSUS_FENCING_TOKEN_H_
