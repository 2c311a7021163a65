// Trials: work that may crash, hang or fail, each in a process of its own.
//
// A mutated core may trip a check, loop for ever or corrupt memory; a forked
// child confines that, and how it ended is part of the result.

#ifndef QUORATE_TESTS_SIMULATION_TRIAL_H_
#define QUORATE_TESTS_SIMULATION_TRIAL_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace quorate::simulation {

struct TrialResult {
  bool caught = false;
  std::string by;      // the name of the check, or how the child ended
  std::string text;    // what it found
  uint64_t steps = 0;  // how many steps it took, the last one included
  double seconds = 0;  // real time
};

// What a trial tells about itself while it runs in its child.
class TrialProgress {
 public:
  virtual ~TrialProgress() = default;
  // Another step (a seed, a scenario) begins. Each may take a minute.
  virtual void BeginStep() = 0;
  // The mutation was caught: ends the child.
  [[noreturn]] virtual void Caught(const std::string& by,
                                   const std::string& text) = 0;
};

// To be run in a child; returns if nothing was caught.
using Trial = std::function<void(TrialProgress&)>;

// Runs all, at most `jobs` at once; the results come in the order of `trials`.
// A failed QUORATE_CHECK, a crash and a step that takes too long all count as
// caught. `done` is called for each trial that has ended.
// REQUIRES: no other threads run.
std::vector<TrialResult> RunTrials(const std::vector<Trial>& trials, int jobs,
                                   const std::function<void(size_t)>& done);

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_TRIAL_H_
