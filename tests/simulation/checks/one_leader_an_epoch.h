// At most one leader is ever elected in an epoch of an ensemble.

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_ONE_LEADER_AN_EPOCH_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_ONE_LEADER_AN_EPOCH_H_

#include <map>

#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/checks/check.h"
#include "tests/simulation/checks/per_member.h"

namespace quorate::simulation {

class OneLeaderAnEpoch : public Check {
 public:
  OneLeaderAnEpoch() : Check("one leader an epoch") {}

  void OnOutput(const MemberView& member,
                const consensus::Output& output) override;

  // `key` leads `epoch`.
  void Leads(const EnsembleId& ensemble, consensus::Epoch epoch,
             const MemberKey& key);

 private:
  std::map<EnsembleId, std::map<consensus::Epoch, MemberKey>> leaders_;
  PerMember<consensus::Epoch> seen_;  // epoch it was last seen leading
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_ONE_LEADER_AN_EPOCH_H_
