// A message of another ensemble changes nothing at its receiver (rule 1).

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_FOREIGN_ENSEMBLE_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_FOREIGN_ENSEMBLE_H_

#include <cstddef>
#include <cstdint>

#include "coord/base/ids.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/checks/check.h"

namespace quorate::simulation {

class ForeignEnsemble : public Check {
 public:
  ForeignEnsemble() : Check("foreign ensembles change nothing") {}

  void OnMessage(const MemberView& member,
                 const consensus::Envelope& envelope) override;
  void OnMessageDone(const MemberView& member,
                     const consensus::Envelope& envelope) override;

  // What a message may change.
  struct State {
    consensus::HardState hard_state;
    size_t role = 0;  // index of the role in its variant
    MemberId leader;
    consensus::Zxid last;
    consensus::Zxid commit;
    uint64_t configuration = 0;  // version of the newest one

    bool operator==(const State&) const = default;
  };
  static State StateOf(const consensus::Core& core);
  // The pure part.
  void Compare(const consensus::Envelope& envelope, const State& before,
               const State& after);

 private:
  State before_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_FOREIGN_ENSEMBLE_H_
