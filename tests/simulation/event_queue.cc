#include "tests/simulation/event_queue.h"

#include <algorithm>

#include "coord/base/check.h"

namespace quorate::simulation {
namespace {

bool Later(const QueuedEvent& a, const QueuedEvent& b) {
  return a.at != b.at ? a.at > b.at : a.order > b.order;
}

}  // namespace

void EventQueue::Schedule(Micros delay, QueuedEvent event) {
  QUORATE_CHECK(delay >= 0);
  event.at = now_ + delay;
  event.order = next_order_++;
  heap_.push_back(event);
  std::push_heap(heap_.begin(), heap_.end(), Later);
}

QueuedEvent EventQueue::Pop() {
  std::pop_heap(heap_.begin(), heap_.end(), Later);
  const QueuedEvent event = heap_.back();
  heap_.pop_back();
  now_ = event.at;
  return event;
}

void EventQueue::AdvanceTo(Micros time) {
  QUORATE_CHECK(heap_.empty() || heap_.front().at >= time);
  now_ = std::max(now_, time);
}

}  // namespace quorate::simulation
