#include "coord/server/disk/housekeeping_thread.h"

#include <cerrno>
#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "coord/server/disk/test_storage.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/storage_error.h"
#include "gtest/gtest.h"

namespace quorate::server {
namespace {

// What the thread has noted is looked at when it has ended.
class HousekeepingThreadTest : public testing::Test {
 protected:
  // Waits until the works posted before are done.
  void AwaitWorks() {
    absl::Notification done;
    thread_.Post([&](storage::MemberStorage&) {
      done.Notify();
      return absl::OkStatus();
    });
    done.WaitForNotification();
  }

  TestStorage on_disk_;
  std::vector<absl::Status> failures_;
  HousekeepingThread thread_{*on_disk_.storage, [this](const absl::Status& s) {
                               failures_.push_back(s);
                             }};
};

TEST_F(HousekeepingThreadTest, WorksRunInTheirOrder) {
  std::vector<int> order;
  for (int i = 0; i < 100; ++i) {
    thread_.Post([&order, i](storage::MemberStorage&) {
      order.push_back(i);
      return absl::OkStatus();
    });
  }
  AwaitWorks();
  thread_.Stop();
  ASSERT_EQ(order.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
  EXPECT_TRUE(failures_.empty());
}

TEST_F(HousekeepingThreadTest, ASegmentIsMadeReadyAlsoBetweenWorks) {
  thread_.PrepareSegment();
  while (!on_disk_.storage->IsPrepared()) AwaitWorks();
  thread_.Stop();
  EXPECT_TRUE(failures_.empty());
}

TEST_F(HousekeepingThreadTest, OnlyWhatIsFinalIsReported) {
  thread_.Post([](storage::MemberStorage&) {
    return storage::SystemError("rename", "f", ENOSPC);
  });
  thread_.Post([](storage::MemberStorage&) {
    return storage::SystemError("unlink", "f", EIO);
  });
  AwaitWorks();
  thread_.Stop();
  ASSERT_EQ(failures_.size(), 1u);
  EXPECT_EQ(failures_[0].code(), absl::StatusCode::kInternal);
}

TEST_F(HousekeepingThreadTest, NoRoomForASegmentIsNoFailure) {
  thread_.Stop();  // the disk is the test's now
  on_disk_.disk.SetCapacity(1);
  HousekeepingThread other(*on_disk_.storage, [this](const absl::Status& s) {
    failures_.push_back(s);
  });
  other.PrepareSegment();
  absl::Notification done;
  other.Post([&](storage::MemberStorage&) {
    done.Notify();
    return absl::OkStatus();
  });
  done.WaitForNotification();
  other.Stop();
  EXPECT_FALSE(on_disk_.storage->IsPrepared());
  EXPECT_TRUE(failures_.empty());
}

}  // namespace
}  // namespace quorate::server
