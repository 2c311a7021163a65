// Committed is for ever: what any member hands out as committed is the same
// sequence everywhere, across restarts and snapshots, so that all applied
// histories are prefixes of one another.

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_COMMITTED_FOR_EVER_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_COMMITTED_FOR_EVER_H_

#include <cstddef>
#include <map>
#include <vector>

#include "coord/base/ids.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/checks/check.h"
#include "tests/simulation/checks/per_member.h"

namespace quorate::simulation {

class CommittedForEver : public Check {
 public:
  CommittedForEver() : Check("committed is for ever") {}

  void OnStart(const MemberView& member,
               const consensus::DurableState& recovered) override;
  void OnOutput(const MemberView& member,
                const consensus::Output& output) override;

 private:
  // Everything committed in one ensemble, in order.
  struct Chain {
    consensus::Zxid base;  // a rescued ensemble's first member starts behind it
    std::vector<consensus::Record> records;
  };

  void MoveTo(const MemberView& member, consensus::Zxid snapshot);
  void HandOut(const MemberView& member, Chain& chain, size_t& next,
               const consensus::Record& record);

  std::map<EnsembleId, Chain> chains_;
  PerMember<size_t> next_;  // position in the chain of what it hands out next
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_COMMITTED_FOR_EVER_H_
