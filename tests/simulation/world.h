// World: what all parts of one simulation share.

#ifndef QUORATE_TESTS_SIMULATION_WORLD_H_
#define QUORATE_TESTS_SIMULATION_WORLD_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "coord/base/seeded_random.h"
#include "tests/simulation/applied_state.h"
#include "tests/simulation/checks/check.h"
#include "tests/simulation/event_queue.h"
#include "tests/simulation/network.h"
#include "tests/simulation/statistics.h"
#include "tests/simulation/trace.h"

namespace quorate::simulation {

class World {
 public:
  explicit World(uint64_t seed);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Calls `call` on every check, and collects what they report.
  template <typename Call>
  void AskChecks(int member, const Call& call) {
    for (const auto& check : checks_) call(*check);
    Collect(member);
  }

  // A violation that the simulation itself has found.
  void Report(const std::string& check, int member, std::string text);

  SeededRandom random;
  EventQueue queue;
  Trace trace;
  Statistics statistics;
  Network network;
  Ledger ledger;
  std::vector<Violation> violations;

 private:
  void Collect(int member);

  std::vector<std::unique_ptr<Check>> checks_;
  std::vector<size_t> collected_;  // violations taken from each check
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_WORLD_H_
