// EventQueue: simulated time, and what is due when.
//
// Events that are due at the same microsecond come out in the order in which
// they were put in, so that a run depends on its seed alone.

#ifndef QUORATE_TESTS_SIMULATION_EVENT_QUEUE_H_
#define QUORATE_TESTS_SIMULATION_EVENT_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace quorate::simulation {

// Simulated time and durations are in microseconds.
using Micros = int64_t;
inline constexpr Micros kMillisecond = 1'000;
inline constexpr Micros kSecond = 1'000'000;

enum class EventType : uint8_t {
  kTick,      // a member's timer
  kDeliver,   // value: the message's slot in the network
  kSynced,    // value: the sync that returns
  kApply,     // a member goes on applying
  kSnapshot,  // a member's own snapshot is on disk
};

struct QueuedEvent {
  Micros at = 0;
  uint64_t order = 0;   // running number, given by the queue
  uint64_t value = 0;   // see EventType
  int32_t member = -1;  // whose event it is; -1: nobody's
  // The member's life in which it was scheduled: events of a process that
  // crashed are void.
  uint32_t life = 0;
  EventType type = EventType::kTick;
};

class EventQueue {
 public:
  Micros now() const { return now_; }
  bool empty() const { return heap_.empty(); }
  size_t size() const { return heap_.size(); }
  // REQUIRES: !empty().
  Micros next_at() const { return heap_.front().at; }

  // Schedules `event` for `delay` from now. REQUIRES: delay >= 0.
  void Schedule(Micros delay, QueuedEvent event);

  // Takes out the next event and moves the time to it. REQUIRES: !empty().
  QueuedEvent Pop();

  // Moves the time on. REQUIRES: no event is due before `time`.
  void AdvanceTo(Micros time);

 private:
  Micros now_ = 0;
  uint64_t next_order_ = 0;
  std::vector<QueuedEvent> heap_;  // by time, then by order
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_EVENT_QUEUE_H_
