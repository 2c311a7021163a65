#include "tests/simulation/event_queue.h"

#include <cstdint>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quorate::simulation {
namespace {

using ::testing::ElementsAre;

std::vector<uint64_t> PopAll(EventQueue& queue) {
  std::vector<uint64_t> values;
  while (!queue.empty()) values.push_back(queue.Pop().value);
  return values;
}

TEST(EventQueueTest, PopsByTime) {
  EventQueue queue;
  queue.Schedule(30, {.value = 3});
  queue.Schedule(10, {.value = 1});
  queue.Schedule(20, {.value = 2});
  EXPECT_EQ(queue.next_at(), 10);
  EXPECT_THAT(PopAll(queue), ElementsAre(1, 2, 3));
  EXPECT_EQ(queue.now(), 30);
}

TEST(EventQueueTest, EventsOfOneMomentKeepTheirOrder) {
  EventQueue queue;
  std::vector<uint64_t> expected;
  for (uint64_t i = 0; i < 100; ++i) {
    queue.Schedule(5, {.value = i});
    expected.push_back(i);
  }
  EXPECT_EQ(PopAll(queue), expected);
}

TEST(EventQueueTest, DelaysCountFromTheTimeReached) {
  EventQueue queue;
  queue.Schedule(10, {});
  queue.Pop();
  queue.Schedule(5, {});
  EXPECT_EQ(queue.Pop().at, 15);
}

TEST(EventQueueTest, AdvancesWithoutEvents) {
  EventQueue queue;
  queue.AdvanceTo(100);
  EXPECT_EQ(queue.now(), 100);
  queue.AdvanceTo(50);  // never back
  EXPECT_EQ(queue.now(), 100);
}

TEST(EventQueueDeathTest, NeverPassesOverAnEvent) {
  EventQueue queue;
  queue.Schedule(10, {});
  EXPECT_DEATH(queue.AdvanceTo(11), "check failed");
}

TEST(EventQueueDeathTest, NothingIsScheduledInThePast) {
  EventQueue queue;
  EXPECT_DEATH(queue.Schedule(-1, {}), "check failed");
}

}  // namespace
}  // namespace quorate::simulation
