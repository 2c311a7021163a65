// Errors of the replica: what a client can meet beside the tree's own errors
// (coord/tree/error.h).
//
// Each is a Status with a canonical code and a payload that names its kind, so
// that programs need not read the message.

#ifndef QUORATE_COORD_REPLICA_ERROR_H_
#define QUORATE_COORD_REPLICA_ERROR_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "coord/consensus/rule.h"

namespace quorate::replica {

enum class ErrorKind : uint8_t {
  kNone = 0,            // not an error of this layer
  kNoLeader = 1,        // kUnavailable: no leader known, or it has changed;
                        // not taken: try again
  kOverloaded = 2,      // kResourceExhausted: too much is outstanding; not
                        // taken: try again after a pause
  kDiskFull = 3,        // kResourceExhausted: no room for writes; reads go on
  kUnknownOutcome = 4,  // kUnavailable: a write without a session may or may
                        // not have been applied
  kOutOfOrder = 5,      // kAborted: a write before this one is missing; not
                        // taken: send all unanswered ones again
  kBadRequest = 6,      // kInvalidArgument: never to be sent again
  kPinned = 7,          // kFailedPrecondition: refused by rule 22
  kWrongPassword = 8,   // kPermissionDenied: the session is another client's
  kStopped = 9,         // kUnavailable: this member has stopped; the message
                        // says why; use another member
  kNotServing = 10,     // kUnavailable: joining, founding, or still loading
};

// "NoLeader"; "None" for kNone.
absl::string_view ErrorKindName(ErrorKind kind);

// The failure `kind`, with what was expected, what was found and what to do.
// REQUIRES: kind != kNone.
absl::Status Error(ErrorKind kind, absl::string_view detail);

// The kind that Error() was given; kNone for any other status.
ErrorKind ErrorKindOf(const absl::Status& status);

// A refusal of consensus as a status: FailedPrecondition, or Unavailable if
// waiting may help. The refusal can be had back.
absl::Status RefusalError(const consensus::Refusal& refusal);
std::optional<consensus::Refusal> RefusalOf(const absl::Status& status);

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_ERROR_H_
