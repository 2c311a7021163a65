#include "coord/rpc/workers.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

namespace quorate::rpc {
namespace {

TEST(WorkersTest, OneThreadKeepsTheOrder) {
  std::vector<int> order;
  Workers workers(1);
  for (int i = 0; i < 100; ++i) {
    workers.Add([&order, i] { order.push_back(i); });
  }
  workers.Stop();  // runs what was added before
  ASSERT_EQ(order.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
}

TEST(WorkersTest, SeveralThreadsRunAtOnce) {
  Workers workers(3);
  // Each waits for the others.
  absl::BlockingCounter all(3);
  absl::Notification together;
  std::vector<Workers::Task> tasks;
  for (int i = 0; i < 3; ++i) {
    tasks.push_back([&all, &together] {
      all.DecrementCount();
      together.WaitForNotification();
    });
  }
  workers.Add(std::move(tasks));
  all.Wait();
  together.Notify();
  workers.Stop();
}

TEST(WorkersTest, AfterStopTasksAreDestroyed) {
  Workers workers(1);
  workers.Stop();
  workers.Stop();
  auto kept = std::make_shared<int>(1);
  workers.Add([kept] { *kept = 2; });
  workers.Add(std::vector<Workers::Task>{[kept] { *kept = 3; }});
  EXPECT_EQ(*kept, 1);
  EXPECT_EQ(kept.use_count(), 1);
}

TEST(WorkersTest, ATaskMayAddOthers) {
  Workers workers(1);
  absl::Notification done;
  workers.Add([&] { workers.Add([&done] { done.Notify(); }); });
  done.WaitForNotification();
}

}  // namespace
}  // namespace quorate::rpc
