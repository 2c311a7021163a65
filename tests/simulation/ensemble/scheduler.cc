#include "tests/simulation/ensemble/scheduler.h"

#include <cstdint>
#include <utility>

#include "tests/simulation/event_queue.h"

namespace quorate::simulation {

void Scheduler::After(Micros delay, Action action) {
  if (free_slots_.empty()) {
    free_slots_.push_back(actions_.size());
    actions_.emplace_back();
  }
  const uint64_t slot = free_slots_.back();
  free_slots_.pop_back();
  actions_[slot] = std::move(action);
  queue_.Schedule(delay, {.value = slot});
}

void Scheduler::RunUntil(Micros time) {
  while (!queue_.empty() && queue_.next_at() <= time) {
    const uint64_t slot = queue_.Pop().value;
    const Action action = std::exchange(actions_[slot], nullptr);
    free_slots_.push_back(slot);
    action();
  }
  queue_.AdvanceTo(time);
}

}  // namespace quorate::simulation
