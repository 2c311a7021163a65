// Claims: what the demo says of each act, and whether it was seen.
//
// Pure functions of the facts. What a claim needs and does not find makes it
// say no: facts without observations meet none.

#ifndef QUORATE_TOOLS_QUORATE_OUTAGE_CLAIMS_H_
#define QUORATE_TOOLS_QUORATE_OUTAGE_CLAIMS_H_

#include <string>
#include <vector>

#include "tools/quorate/drill/claims.h"
#include "tools/quorate/outage/facts.h"

namespace quorate::tools {

// Two leaders, two controllers, at the same moment, are claimed only if it
// lasted for so long: longer than between two samples.
inline constexpr int64_t kContestedMs = 1'000;
// Writes go on if there is never so long without an acknowledged one.
inline constexpr int64_t kLongestPauseMs = 5'000;

enum class OutageClaim {
  // Unsafe.
  kTwoControllers,       // for kContestedMs, each in its own view
  kConflictingMetadata,  // brokers named different controllers when asked
  kWritesFailed,         // at first
  kSavedByRetry,         // some of these
  kDeadLettered,         // others
  // Everywhere.
  kNoneFailed,  // each write was acknowledged or is durable in the queue
  kNoneTwice,   // no message has had a second effect so far
  // Recovery.
  kOneAgain,      // one leader and one controller, in everybody's view
  kQueueDrained,  // all that came to rest in the queue was replayed
  kExactlyOnce,   // in the end each message has had one effect; digests agree
  // Safe.
  kOneController,      // all brokers, all the time
  kNoWriteFailed,      // not even at first
  kNeverDeadLettered,  // acknowledged, every one
  kWritesGoOn,         // never kLongestPauseMs without one
};
const char* NameOf(OutageClaim claim);  // "two-controllers"
std::string SentenceOf(OutageClaim claim);

Finding Judge(OutageClaim claim, const ActFacts& act);

// A claim about the ensemble, judged by what the drill recorded in the act.
Finding Judge(Claim claim, const ActFacts& act);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_OUTAGE_CLAIMS_H_
