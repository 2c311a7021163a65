// A leader was elected by both majorities of the newest configuration in its
// log: the votes are recounted by who gave them, incarnation and all, each side
// by itself, and only if they are durable.

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_ELECTED_BY_QUORUM_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_ELECTED_BY_QUORUM_H_

#include <map>
#include <utility>

#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/checks/check.h"
#include "tests/simulation/checks/per_member.h"

namespace quorate::simulation {

class ElectedByQuorum : public Check {
 public:
  ElectedByQuorum() : Check("elected by a quorum") {}

  void OnStart(const MemberView& member,
               const consensus::DurableState& recovered) override;
  void OnOutput(const MemberView& member,
                const consensus::Output& output) override;
  void OnDurable(const MemberView& member,
                 const consensus::DurableState& on_disk) override;

  // The pure parts. `voter` means to vote for `candidate` in `epoch`; it counts
  // once the disk of `voter` is at `epoch` or above.
  void Votes(const EnsembleId& ensemble, const MemberKey& voter,
             consensus::Epoch epoch, MemberId candidate);
  void Durable(const MemberKey& voter, consensus::Epoch epoch);
  void Elected(const consensus::Configuration& configuration,
               const MemberKey& leader, consensus::Epoch epoch);

 private:
  using Ballots = std::map<consensus::Epoch, MemberId>;

  std::map<std::pair<EnsembleId, MemberKey>, Ballots> ballots_;
  std::map<MemberKey, consensus::Epoch> durable_;
  PerMember<consensus::HardState> hard_states_;
  PerMember<consensus::Epoch> leads_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_ELECTED_BY_QUORUM_H_
