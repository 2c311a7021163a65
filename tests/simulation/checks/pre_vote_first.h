// Nobody raises its epoch to campaign before a quorum has said that it would
// vote for it, or a leader has told it to (rule 19): a member that is cut off,
// joining or removed cannot push up the epoch of those who remain.

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_PRE_VOTE_FIRST_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_PRE_VOTE_FIRST_H_

#include <map>
#include <set>

#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/checks/check.h"
#include "tests/simulation/checks/per_member.h"

namespace quorate::simulation {

class PreVoteFirst : public Check {
 public:
  PreVoteFirst() : Check("pre-vote first") {}

  void OnStart(const MemberView& member,
               const consensus::DurableState& recovered) override;
  void OnMessage(const MemberView& member,
                 const consensus::Envelope& envelope) override;
  void OnOutput(const MemberView& member,
                const consensus::Output& output) override;

  // The pure part: `key` campaigns; these have granted it a pre-vote.
  static bool MayCampaign(const consensus::Configuration& configuration,
                          const MemberKey& key,
                          const std::set<MemberKey>& granted);

 private:
  struct Asker {
    std::map<consensus::Epoch, std::set<MemberKey>> granted;  // by epoch asked
    bool ordered = false;                       // a leader hands over to it
    consensus::ConfigurationPtr configuration;  // as of the last output
  };

  PerMember<Asker> askers_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_PRE_VOTE_FIRST_H_
