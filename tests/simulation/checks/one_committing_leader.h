// There are never two leaders that could both commit.
//
// A leader of epoch e can commit if both majorities of the newest configuration
// in its log are members that have accepted no epoch above e: only those would
// still acknowledge what it proposes. That there may be two leaders for a while
// is normal; that both could commit is what happened at GitHub.

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_ONE_COMMITTING_LEADER_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_ONE_COMMITTING_LEADER_H_

#include <map>
#include <vector>

#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/checks/check.h"
#include "tests/simulation/checks/per_member.h"

namespace quorate::simulation {

class OneCommittingLeader : public Check {
 public:
  OneCommittingLeader() : Check("one committing leader") {}

  void OnStart(const MemberView& member,
               const consensus::DurableState& recovered) override;
  void OnOutput(const MemberView& member,
                const consensus::Output& output) override;
  void OnDurable(const MemberView& member,
                 const consensus::DurableState& on_disk) override;

  struct Standing {
    EnsembleId ensemble;
    MemberKey key;
    consensus::Epoch accepted = 0;
    bool leads = false;
    consensus::ConfigurationPtr configuration;  // while it leads
  };
  // Compares all leaders of `standings`; `epoch_of` tells the highest epoch
  // that a member has accepted. Reports the first pair that could both commit.
  void Compare(const std::vector<Standing>& standings,
               const std::map<MemberKey, consensus::Epoch>& epoch_of);

 private:
  void Note(const MemberView& member);

  PerMember<Standing> standings_;
  // Highest epoch ever seen: durable, or held by the running process. A disk
  // that was copied back does not lower it, as that is no fault of the core's.
  std::map<MemberKey, consensus::Epoch> durable_epoch_;
  std::map<MemberKey, consensus::Epoch> epoch_;
  int leaders_ = 0;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_ONE_COMMITTING_LEADER_H_
