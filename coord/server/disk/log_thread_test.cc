#include "coord/server/disk/log_thread.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "coord/server/disk/log_worker.h"
#include "coord/server/disk/test_storage.h"
#include "coord/server/timings.h"
#include "coord/storage/member_storage.h"
#include "gtest/gtest.h"

namespace quorate::server {
namespace {

// The disk is used by the thread alone, the report looked at when it has ended.

std::vector<LogJob> One(replica::WriteBatch batch) {
  std::vector<LogJob> jobs;
  jobs.push_back({0, std::move(batch)});
  return jobs;
}

TEST(LogThreadTest, StopDoesWhatWasPostedAndSettles) {
  TestStorage on_disk;
  NotedReport report;
  Timings timings;
  LogThread thread(*on_disk.storage, report, timings);
  for (uint32_t i = 1; i <= 1000; ++i) thread.Post(One(MakeBatch(i, i)));
  EXPECT_TRUE(thread.Stop().ok());
  EXPECT_FALSE(report.lines.empty());
  EXPECT_GT(timings.log_us.sum(), 0u);
  on_disk.disk.Crash(storage::CrashLoss::kEverything);
  EXPECT_EQ(on_disk.Reopen().log.size(), 1000u);

  // Too late: dropped.
  thread.Post(One(MakeBatch(1001, 1001)));
}

TEST(LogThreadTest, BatchesThatWaitAreOneGroup) {
  TestStorage on_disk;
  NotedReport report;
  Timings timings;
  LogThread thread(*on_disk.storage, report, timings);
  // The thread is held by a work while batches are posted behind it.
  absl::Notification held;
  absl::Notification go_on;
  std::vector<LogJob> jobs;
  jobs.push_back({0, LogWork([&](storage::MemberStorage&) {
                    held.Notify();
                    go_on.WaitForNotification();
                  })});
  thread.Post(std::move(jobs));
  held.WaitForNotification();
  for (uint32_t i = 1; i <= 50; ++i) thread.Post(One(MakeBatch(i, i)));
  go_on.Notify();
  EXPECT_TRUE(thread.Stop().ok());
  ASSERT_FALSE(report.lines.empty());
  EXPECT_EQ(report.lines.front(), "written 50");
}

TEST(LogThreadTest, StopsThoughTheDiskIsFull) {
  TestStorage on_disk;
  NotedReport report;
  Timings timings;
  on_disk.disk.SetCapacity(1);
  LogThread thread(*on_disk.storage, report, timings);
  thread.Post(One(MakeBatch(1, 1, 100, 100'000)));
  EXPECT_TRUE(thread.Stop().ok());
  ASSERT_FALSE(report.lines.empty());
  EXPECT_EQ(report.lines.front(), "full");
}

}  // namespace
}  // namespace quorate::server
