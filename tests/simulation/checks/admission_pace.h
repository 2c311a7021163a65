// No change comes too quickly: rules 12 to 17 as far as they depend on who was
// heard when, recomputed from the messages that reached the leader.
//
// A promoted learner was proven and stably so; promotions keep their distance;
// the seasoned voters alone hold every quorum; the voters heard from do so with
// the newcomers counted as down; snapshot transfers are bounded. What a leader
// removes by itself was asked for and dead, and goes one by one, and no quorum
// needs fewer voters afterwards.

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_ADMISSION_PACE_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_ADMISSION_PACE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/checks/check.h"
#include "tests/simulation/checks/configuration_mirror.h"
#include "tests/simulation/checks/per_member.h"
#include "tests/simulation/checks/reign_contacts.h"

namespace quorate::simulation {

// The pure part: what a leader knew when it appended a configuration.
struct PaceFacts {
  struct MemberFacts {
    int64_t silent_ms = 0;  // since it was last heard; the whole reign if never
    bool in_contact = false;
    bool seasoned = false;
    bool proven = false;    // rule 12 holds
    int64_t proven_ms = 0;  // and has for so long, at most
    bool shunned = false;   // its disk lost what it had acknowledged
  };
  std::map<MemberId, MemberFacts> members;  // the leader's own among them
  int64_t since_promotion_ms = 0;           // or since the start of the reign
  int64_t since_auto_removal_ms = 0;        // the same
};
// Why a leader with `facts` may not go from `before` to `after`; empty if it
// may. REQUIRES: `before` is stable, `after` changes its voters.
std::string WhyTooQuick(const consensus::Configuration& before,
                        const consensus::Configuration& after,
                        const PaceFacts& facts);

// Rule 17 on a removal that the leader made by itself; empty: it may.
std::string WhyTooBold(const consensus::Configuration& before,
                       const consensus::Configuration& after,
                       const PaceFacts& facts);

class AdmissionPace : public Check {
 public:
  AdmissionPace() : Check("admission pace") {}

  void OnStart(const MemberView& member,
               const consensus::DurableState& recovered) override;
  void OnMessage(const MemberView& member,
                 const consensus::Envelope& envelope) override;
  void OnOutput(const MemberView& member,
                const consensus::Output& output) override;

 private:
  struct Leader {
    ConfigurationMirror mirror;
    ReignContacts contacts;
    consensus::Epoch promoted_in = 0;  // epoch of the last promotion
    int64_t promoted_ms = 0;
    consensus::Epoch removed_in = 0;  // of the last automatic removal
    int64_t removed_ms = 0;
  };

  void Appended(const MemberView& member, Leader& leader,
                const consensus::Record& record, bool removed_by_itself);
  PaceFacts FactsOf(const MemberView& member, const Leader& leader,
                    const consensus::Configuration& before,
                    consensus::Zxid appended) const;
  void CheckTransfers(const MemberView& member,
                      const consensus::Output& output);

  PerMember<Leader> leaders_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_ADMISSION_PACE_H_
