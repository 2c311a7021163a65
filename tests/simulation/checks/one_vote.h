// A member, as one life of a data directory, gives at most one vote in an
// epoch, also across restarts. A vote is given when it is durable or when it
// was sent.

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_ONE_VOTE_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_ONE_VOTE_H_

#include <map>
#include <utility>

#include "coord/base/ids.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/checks/check.h"
#include "tests/simulation/checks/per_member.h"

namespace quorate::simulation {

class OneVote : public Check {
 public:
  OneVote() : Check("one vote an epoch") {}

  void OnStart(const MemberView& member,
               const consensus::DurableState& recovered) override;
  void OnOutput(const MemberView& member,
                const consensus::Output& output) override;
  void OnDurable(const MemberView& member,
                 const consensus::DurableState& on_disk) override;

  // `voter` gave its vote in `epoch` to `candidate`.
  void Voted(const EnsembleId& ensemble, const MemberKey& voter,
             consensus::Epoch epoch, MemberId candidate);

 private:
  using Votes = std::map<consensus::Epoch, MemberId>;

  std::map<std::pair<EnsembleId, MemberKey>, Votes> votes_;
  PerMember<consensus::HardState> durable_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_ONE_VOTE_H_
