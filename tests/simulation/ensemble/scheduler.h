// Scheduler: simulated time, and what is to be done when.
//
// Actions that are due at the same microsecond run in the order in which they
// were planned, so that a run depends on its seed alone.

#ifndef QUORATE_TESTS_SIMULATION_ENSEMBLE_SCHEDULER_H_
#define QUORATE_TESTS_SIMULATION_ENSEMBLE_SCHEDULER_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "tests/simulation/event_queue.h"

namespace quorate::simulation {

class Scheduler {
 public:
  using Action = std::function<void()>;

  const EventQueue& clock() const { return queue_; }
  Micros now() const { return queue_.now(); }

  // Runs `action` after `delay`. REQUIRES: delay >= 0.
  void After(Micros delay, Action action);

  // Runs everything that is due up to `time`, and moves the time there.
  void RunUntil(Micros time);

 private:
  EventQueue queue_;
  std::vector<Action> actions_;  // by QueuedEvent::value
  std::vector<uint64_t> free_slots_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_ENSEMBLE_SCHEDULER_H_
