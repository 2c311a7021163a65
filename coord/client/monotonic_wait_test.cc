// The waits of the client do not look at the wall clock. This program has one
// that jumps: its own clock_gettime() stands in for that of the C library.

#include "coord/client/monotonic_wait.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <ctime>
#include <functional>
#include <optional>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coord/client/await.h"
#include "gtest/gtest.h"

namespace {

std::atomic<int64_t> wall_offset_s = 0;

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const int result = static_cast<int>(syscall(SYS_clock_gettime, clock, time));
  if (clock == CLOCK_REALTIME) time->tv_sec += wall_offset_s.load();
  return result;
}

namespace quorate::client {
namespace {

constexpr int64_t kHourS = 3600;

class MonotonicWaitTest : public testing::TestWithParam<int64_t> {
 protected:
  void TearDown() override { wall_offset_s = 0; }
  // The wall clock jumps by the parameter.
  static void Jump() { wall_offset_s += GetParam(); }
};

TEST_P(MonotonicWaitTest, TheWallClockOfThisProgramJumps) {
  const absl::Time before = absl::Now();
  Jump();
  EXPECT_GT(absl::AbsDuration(absl::Now() - before), absl::Minutes(59));
}

// If the wait went by the wall clock, it would take an hour or no time.
TEST_P(MonotonicWaitTest, AJumpBeforeAWaitIsNothing) {
  Jump();
  absl::Mutex mutex;
  MonotonicCondVar changed;
  absl::MutexLock lock(&mutex);
  const int64_t until_ms = MonotonicMs() + 50;
  int turns = 0;
  while (MonotonicMs() < until_ms) {
    changed.WaitFor(&mutex, until_ms - MonotonicMs());
    ++turns;
  }
  EXPECT_LT(turns, 40) << "it must not spin";
}

TEST_P(MonotonicWaitTest, AJumpDuringAWaitIsNothing) {
  absl::Mutex mutex;
  MonotonicCondVar changed;
  std::thread setter([&mutex] {
    // Only once the other one waits.
    absl::MutexLock lock(&mutex);
    Jump();
  });
  {
    absl::MutexLock lock(&mutex);
    const int64_t until_ms = MonotonicMs() + 50;
    while (MonotonicMs() < until_ms) {
      changed.WaitFor(&mutex, until_ms - MonotonicMs());
    }
  }
  setter.join();
}

TEST_P(MonotonicWaitTest, ASignalEndsAWait) {
  absl::Mutex mutex;
  MonotonicCondVar changed;
  bool done = false;
  std::thread signaller([&] {
    absl::MutexLock lock(&mutex);
    Jump();
    done = true;
    changed.SignalAll();
  });
  {
    absl::MutexLock lock(&mutex);
    while (!done) changed.Wait(&mutex);
  }
  signaller.join();
  EXPECT_TRUE(done);
}

TEST_P(MonotonicWaitTest, AwaitGivesUpInTimeAndWaitsForAnAnswer) {
  Jump();
  std::function<void(absl::StatusOr<int>)> late;
  EXPECT_FALSE(Await<int>(20, [&](auto done) { late = done; }).has_value());
  late(1);  // nobody listens any more
  std::thread answering;
  const std::optional<absl::StatusOr<int>> answer = Await<int>(
      600'000,
      [&](auto done) { answering = std::thread([done] { done(7); }); });
  answering.join();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(**answer, 7);
}

INSTANTIATE_TEST_SUITE_P(BothWays, MonotonicWaitTest,
                         testing::Values(kHourS, -kHourS));

}  // namespace
}  // namespace quorate::client
