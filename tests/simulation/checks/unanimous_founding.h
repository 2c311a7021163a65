// An ensemble begins only when every founder of the manifest has confirmed it
// with an empty disk (rule 3), and it begins once.

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_UNANIMOUS_FOUNDING_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_UNANIMOUS_FOUNDING_H_

#include <map>
#include <vector>

#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/options.h"
#include "tests/simulation/checks/check.h"

namespace quorate::simulation {

class UnanimousFounding : public Check {
 public:
  UnanimousFounding() : Check("unanimous founding") {}

  void OnStart(const MemberView& member,
               const consensus::DurableState& recovered) override;
  void OnOutput(const MemberView& member,
                const consensus::Output& output) override;
  void OnDurable(const MemberView& member,
                 const consensus::DurableState& on_disk) override;

  // The pure part: `minter` founds `configuration` from `manifest`.
  void Founded(const MemberKey& minter, const consensus::Manifest& manifest,
               const consensus::Configuration& configuration);

 private:
  std::map<MemberKey, consensus::HardState> disks_;
  std::map<EnsembleId, MemberKey> minters_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_UNANIMOUS_FOUNDING_H_
