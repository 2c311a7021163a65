// Epochs, commit points, applied records and committed configurations never go
// back; a log is never cut below the commit point; who belongs to an ensemble,
// or was removed from it, stays so. Epochs hold across restarts, for one life
// of a data directory; the commit point is volatile and holds within a run.

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_NOTHING_GOES_BACK_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_NOTHING_GOES_BACK_H_

#include <cstdint>

#include "coord/consensus/durable_state.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/checks/check.h"
#include "tests/simulation/checks/per_member.h"

namespace quorate::simulation {

class NothingGoesBack : public Check {
 public:
  NothingGoesBack() : Check("nothing goes back") {}

  void OnStart(const MemberView& member,
               const consensus::DurableState& recovered) override;
  void OnOutput(const MemberView& member,
                const consensus::Output& output) override;
  void OnDurable(const MemberView& member,
                 const consensus::DurableState& on_disk) override;

  // What must not go back in a running member.
  struct Marks {
    consensus::HardState hard_state;
    consensus::Zxid commit;
    consensus::Zxid applied;
    uint64_t configuration = 0;  // version of the newest committed one
  };
  // The pure part: `now` follows `before`.
  void Compare(const Marks& before, const Marks& now);
  void CompareHardStates(const consensus::HardState& before,
                         const consensus::HardState& now);

 private:
  PerMember<Marks> marks_;
  PerMember<consensus::HardState> durable_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_NOTHING_GOES_BACK_H_
