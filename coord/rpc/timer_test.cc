#include "coord/rpc/timer.h"

#include <memory>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

namespace quorate::rpc {
namespace {

TEST(TimerTest, RunsTasksInTheOrderOfTheirTimes) {
  std::vector<int> order;
  absl::Notification done;
  Timer timer;
  // From within a task, so that all are there before one of them runs.
  timer.After(0, [&] {
    timer.After(20, [&] {
      order.push_back(3);
      done.Notify();
    });
    timer.After(10, [&] { order.push_back(2); });
    order.push_back(1);
  });
  done.WaitForNotification();
  timer.Stop();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(TimerTest, StopDropsWhatHasNotRun) {
  auto kept = std::make_shared<int>(1);
  Timer timer;
  timer.After(3'600'000, [kept] { *kept = 2; });
  timer.Stop();
  timer.Stop();
  timer.After(0, [kept] { *kept = 3; });
  EXPECT_EQ(*kept, 1);
  EXPECT_EQ(kept.use_count(), 1);
}

}  // namespace
}  // namespace quorate::rpc
