// Admission: the one pure decision on a change of membership.
//
// DecideAdmission() looks at what a leader knows and answers whether the change
// may be made now; if not, which rule refuses it, by which numbers, and when it
// could be asked again at the earliest. It changes nothing, so a dry run is
// just a call whose answer is not acted on.
//
// Rules 5, 7, 8, 11 to 17 are decided here. The others hold by construction
// elsewhere; PROTOCOL.md lists where.

#ifndef QUORATE_COORD_CONSENSUS_ADMISSION_H_
#define QUORATE_COORD_CONSENSUS_ADMISSION_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/rule.h"

namespace quorate::consensus {

// What a leader has seen of one member during its own reign. Times are on the
// leader's clock, in milliseconds; nothing seen in an earlier reign counts
// (rule 13).
struct MemberFacts {
  MemberKey key;
  std::optional<int64_t> last_heard_ms;  // nothing: not heard in this reign
  int64_t heard_since_ms = 0;  // no gap above contact_ms since; if heard at all
  // Rule 12 has held since then without a gap; nothing: it does not hold now.
  std::optional<int64_t> proven_since_ms;
  // Voter since then, as seen by this leader (the reign's start at the
  // earliest); nothing: no voter.
  std::optional<int64_t> voter_since_ms;
  uint64_t lag_records = 0;
  uint64_t lag_bytes = 0;
  int64_t fsync_ms = 0;
};

// REQUIRES: `members` has one entry per member of the configuration, the
// leader's own among them, which counts as heard and without lag.
struct AdmissionFacts {
  ConfigurationPtr configuration;  // the newest, committed or not
  bool configuration_committed = false;
  bool own_epoch_committed = false;  // NEWLEADER of this reign is committed
  int64_t now_ms = 0;
  int64_t leader_since_ms = 0;
  // Last promotion that this leader made or found under way.
  std::optional<int64_t> last_promotion_ms;
  // Last automatic removal that this leader made.
  std::optional<int64_t> last_auto_removal_ms;
  // The leader has watched its members without a pause of its own since then:
  // while it stood still it heard nobody, and that says nothing about them.
  int64_t watching_since_ms = 0;
  std::vector<MemberFacts> members;
};

struct AdmissionDecision {
  enum class Outcome {
    kAccepted,     // `next` is the configuration to append
    kAlreadyMade,  // a change with this id was accepted before
    kRefused,      // see `refusal`
    kInvalid,      // see `error`: it could never be accepted
  };
  Outcome outcome = Outcome::kInvalid;
  Refusal refusal;
  absl::Status error;
  Configuration next;
  // Version of the stable configuration that the change leads or led to.
  uint64_t version = 0;
};

AdmissionDecision DecideAdmission(const MembershipChange& change,
                                  const AdmissionFacts& facts);

// Rule 12 by itself: nothing if `member` is fit to be promoted at `now_ms`.
// Leaders ask it on every tick, to keep proven_since_ms.
std::optional<Refusal> CheckProven(const MemberFacts& member,
                                   const Limits& limits, int64_t now_ms);

// Rule 14's word: has voted, heard without a gap, for the stabilisation time.
bool IsSeasoned(const MemberFacts& member, const Limits& limits,
                int64_t now_ms);

// When `member` will be, or has been, seasoned if it stays in contact; nothing
// if it has no vote or is not in contact.
std::optional<int64_t> SeasonedAtMs(const MemberFacts& member,
                                    const Limits& limits, int64_t now_ms);

// Rule 15's word: heard from within contact_ms.
bool IsInContact(const MemberFacts& member, const Limits& limits,
                 int64_t now_ms);

// Rule 17's word: not heard from for dead_ms, counted at the earliest from the
// start of this leader's reign.
bool IsDead(const MemberFacts& member, const AdmissionFacts& facts);

}  // namespace quorate::consensus

#endif  // QUORATE_COORD_CONSENSUS_ADMISSION_H_
