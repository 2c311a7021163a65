// Ledger: the one history that all members must agree on.
//
// After each step of a member it reads what that member's core has newly called
// committed, and what state its replica is in. The first to know a record
// writes it into the history; every other one must hold the same.

#ifndef QUORATE_TESTS_SIMULATION_ENSEMBLE_LEDGER_H_
#define QUORATE_TESTS_SIMULATION_ENSEMBLE_LEDGER_H_

#include <map>
#include <vector>

#include "coord/consensus/log_view.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"
#include "coord/tree/digest.h"
#include "coord/tree/state_machine.h"
#include "tests/simulation/ensemble/world.h"

namespace quorate::simulation {

class Ledger {
 public:
  explicit Ledger(EnsembleWorld& world) : world_(world) {}

  // Member `index` starts anew.
  void Forget(int index);
  // It has committed up to `commit`, and `log` holds what it committed since
  // the last call; `state` is that of its replica.
  void Observe(int index, consensus::Zxid commit, const consensus::LogView& log,
               const tree::StateMachine& state);

 private:
  struct Seen {
    consensus::Zxid commit;
    consensus::Zxid applied;
  };

  void Take(int index, consensus::Zxid preceding,
            const consensus::Record& record);
  void NoteState(int index, const tree::StateMachine& state);

  EnsembleWorld& world_;
  std::vector<Seen> seen_;  // by member
  std::map<consensus::Zxid, tree::Digest> digests_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_ENSEMBLE_LEDGER_H_
