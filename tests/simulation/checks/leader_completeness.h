// Whatever was committed is in the log of every leader of a later epoch (above
// its base, below which its snapshot stands), so no election can lose it. Also
// the other way round: no leader commits what a leader of a later epoch lacks.

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_LEADER_COMPLETENESS_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_LEADER_COMPLETENESS_H_

#include <map>

#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/checks/check.h"
#include "tests/simulation/checks/history.h"
#include "tests/simulation/checks/per_member.h"

namespace quorate::simulation {

class LeaderCompleteness : public Check {
 public:
  LeaderCompleteness() : Check("leader completeness") {}

  void OnStart(const MemberView& member,
               const consensus::DurableState& recovered) override;
  void OnOutput(const MemberView& member,
                const consensus::Output& output) override;

  // The pure parts. A leader of `epoch` appeared with `log`.
  void LeaderAppears(const EnsembleId& ensemble, const MemberKey& key,
                     consensus::Epoch epoch, const History& log);
  // A member handed out `zxid`.
  void Committed(const EnsembleId& ensemble, consensus::Zxid zxid);
  // The leader of `epoch` has moved its commit point to `zxid`.
  void LeaderCommits(const EnsembleId& ensemble, consensus::Epoch epoch,
                     consensus::Zxid zxid);

 private:
  struct Ensemble {
    History committed;
    // What each leader held when it was elected.
    std::map<consensus::Epoch, History> leaders;
  };
  struct Reign {
    consensus::Epoch epoch = 0;  // last one it was seen leading
    consensus::Zxid commit;
  };

  std::map<EnsembleId, Ensemble> ensembles_;
  PerMember<History> logs_;
  PerMember<Reign> reigns_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_LEADER_COMPLETENESS_H_
