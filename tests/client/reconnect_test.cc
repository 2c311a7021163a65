// Sessions over broken connections, restarts and failures of the leader:
// exactly once, in order, no event lost.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "coord/base/seeded_random.h"
#include "coord/client/error.h"
#include "coord/client/session.h"
#include "coord/client/types.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/ensemble.h"
#include "tests/support/test_seed.h"

namespace quorate::client {
namespace {

// Creates `count` sequential znodes in /once without waiting, calls `disturb`
// after every `every` of them, and checks that each was created once, in order.
template <typename Disturb>
void CreateExactlyOnce(Session& session, int count, int every,
                       Disturb disturb) {
  ASSERT_TRUE(session.Write(Create{.path = "/once"}).ok());
  absl::BlockingCounter left(count);
  std::vector<std::string> created(count);
  for (int i = 0; i < count; ++i) {
    session.AsyncWrite(Create{.path = "/once/n-",
                              .data = std::to_string(i),
                              .mode = CreateMode::kPersistentSequential},
                       [&, i](absl::StatusOr<WriteResult> result) {
                         EXPECT_TRUE(result.ok()) << result.status();
                         if (result.ok()) created[i] = result->path;
                         left.DecrementCount();
                       });
    if (i % every == every - 1) disturb();
  }
  left.Wait();
  EXPECT_TRUE(std::is_sorted(created.begin(), created.end()));
  const absl::StatusOr<Children> children = session.GetChildren("/once");
  ASSERT_TRUE(children.ok()) << children.status();
  EXPECT_EQ(children->names.size(), static_cast<size_t>(count));
  const absl::StatusOr<Data> last = session.GetData(created.back());
  ASSERT_TRUE(last.ok()) << last.status();
  EXPECT_EQ(last->data, std::to_string(count - 1));
}

TEST(Reconnect, WritesAreAppliedOnceOverBrokenConnections) {
  const Ensemble ensemble(1);
  const std::unique_ptr<Session> session = ensemble.Open();
  const int64_t id = session->id();
  CreateExactlyOnce(*session, 4'000, 100, [&] { session->BreakConnection(); });
  EXPECT_EQ(session->id(), id);
}

TEST(Reconnect, ASessionOutlivesARestartOfTheOnlyMember) {
  Ensemble ensemble(1);
  const std::unique_ptr<Session> session = ensemble.Open();
  ASSERT_TRUE(
      session->Write(Create{.path = "/mine", .mode = CreateMode::kEphemeral})
          .ok());
  CreateExactlyOnce(*session, 2'000, 1'000, [&] {
    ensemble.Kill(0);
    ensemble.Start(0);
  });
  EXPECT_TRUE(session->Exists("/mine").ok());
}

TEST(Reconnect, ASessionOutlivesTheLeader) {
  Ensemble ensemble(3);
  const std::unique_ptr<Session> session = ensemble.Open();
  size_t down = 0;
  bool is_down = false;
  CreateExactlyOnce(*session, 3'000, 500, [&] {
    // One after the other: the leader is among them.
    if (is_down) {
      ensemble.Start(down);
      down = (down + 1) % ensemble.size();
    } else {
      ensemble.Kill(down);
    }
    is_down = !is_down;
  });
}

// What one handler was told.
struct Log {
  absl::Mutex mutex;
  std::vector<Event> events;

  WatchHandler Handler() {
    return [this](const Event& event) {
      absl::MutexLock lock(&mutex);
      events.push_back(event);
    };
  }
};

TEST(Reconnect, NoEventIsLostOrRepeated) {
  Ensemble ensemble(3);
  SeededRandom random(TestSeed());
  const std::unique_ptr<Session> watcher = ensemble.Open();
  const std::unique_ptr<Session> writer = ensemble.Open();
  ASSERT_TRUE(writer->Write(Create{.path = "/w"}).ok());
  ASSERT_TRUE(writer->Write(Create{.path = "/w/x"}).ok());
  // Its member may be behind.
  ASSERT_TRUE(watcher->Read(Sync{}).ok());
  Log persistent;
  Log recursive;
  Log of_child;
  ASSERT_TRUE(
      watcher->AddWatch("/w", WatchKind::kPersistent, persistent.Handler())
          .ok());
  ASSERT_TRUE(
      watcher->AddWatch("/", WatchKind::kRecursive, recursive.Handler()).ok());
  ASSERT_TRUE(
      watcher->AddWatch("/w/x", WatchKind::kPersistent, of_child.Handler())
          .ok());
  std::vector<Zxid> parent_zxids;
  std::vector<Zxid> child_zxids;
  std::vector<Zxid> all_zxids;
  for (int i = 0; i < 600; ++i) {
    const bool child = random.Chance(500'000);
    const absl::StatusOr<WriteResult> result =
        writer->Write(SetData{child ? "/w/x" : "/w", "v"});
    ASSERT_TRUE(result.ok()) << result.status();
    (child ? child_zxids : parent_zxids).push_back(result->zxid);
    all_zxids.push_back(result->zxid);
    if (random.Chance(100'000)) watcher->BreakConnection();
  }
  // What it answers comes after the events.
  ASSERT_TRUE(watcher->Read(Sync{}).ok());
  const auto zxids = [](Log& log) {
    absl::MutexLock lock(&log.mutex);
    std::vector<Zxid> told;
    for (const Event& event : log.events) {
      EXPECT_EQ(event.type, EventType::kDataChanged);
      told.push_back(event.zxid);
    }
    return told;
  };
  EXPECT_EQ(zxids(persistent), parent_zxids);
  EXPECT_EQ(zxids(of_child), child_zxids);
  EXPECT_EQ(zxids(recursive), all_zxids);
}

TEST(Reconnect, AOneShotWatchFiresOnceWhereverItIs) {
  const Ensemble ensemble(3);
  const std::unique_ptr<Session> watcher = ensemble.Open();
  const std::unique_ptr<Session> writer = ensemble.Open();
  ASSERT_TRUE(writer->Write(Create{.path = "/shot"}).ok());
  // Its member may be behind.
  ASSERT_TRUE(watcher->Read(Sync{}).ok());
  for (int round = 0; round < 30; ++round) {
    Log log;
    ASSERT_TRUE(
        watcher->AddWatch("/shot", WatchKind::kData, log.Handler()).ok());
    if (round % 2 == 0) watcher->BreakConnection();
    const absl::StatusOr<WriteResult> first =
        writer->Write(SetData{"/shot", "1"});
    if (round % 3 == 0) watcher->BreakConnection();
    ASSERT_TRUE(writer->Write(SetData{"/shot", "2"}).ok());
    ASSERT_TRUE(watcher->Read(Sync{}).ok());
    absl::MutexLock lock(&log.mutex);
    ASSERT_EQ(log.events.size(), 1U) << round;
    EXPECT_EQ(log.events[0].zxid, first->zxid) << round;
  }
}

TEST(Reconnect, ASessionThatCannotReachAnybodyExpiresByItsOwnClock) {
  Ensemble ensemble(3);
  SessionOptions options = ensemble.OptionsOf({0});
  options.timeout_ms = 1'500;
  const std::unique_ptr<Session> cut_off = ensemble.Open(options);
  const std::unique_ptr<Session> other =
      ensemble.Open(ensemble.OptionsOf({1, 2}));
  absl::Notification expired;
  cut_off->AddStateHandler([&](SessionState state) {
    if (state == SessionState::kExpired) expired.Notify();
  });
  ASSERT_TRUE(
      cut_off->Write(Create{.path = "/mine", .mode = CreateMode::kEphemeral})
          .ok());
  // Its member may be behind.
  ASSERT_TRUE(other->Exists("/mine").ok());
  // Told by the ensemble, never before the session knows.
  absl::Notification gone;
  bool knew = false;
  ASSERT_TRUE(other
                  ->AddWatch("/mine", WatchKind::kData,
                             [&](const Event& event) {
                               EXPECT_EQ(event.type, EventType::kDeleted);
                               knew =
                                   cut_off->state() == SessionState::kExpired;
                               gone.Notify();
                             })
                  .ok());
  ensemble.Pause(0);
  expired.WaitForNotification();
  gone.WaitForNotification();
  EXPECT_TRUE(knew);
  EXPECT_TRUE(IsError(cut_off->GetData("/").status(), "SessionExpired"));
  ensemble.Resume(0);
}

TEST(Reconnect, TheEndOfASessionDoesNotWaitForTheMember) {
  Ensemble ensemble(1);
  std::unique_ptr<Session> session = ensemble.Open();
  ensemble.Pause(0);
  absl::Notification answered;
  session->AsyncWrite(
      Create{.path = "/late"}, [&](absl::StatusOr<WriteResult> result) {
        EXPECT_EQ(result.status().code(), absl::StatusCode::kCancelled);
        answered.Notify();
      });
  session.reset();
  EXPECT_TRUE(answered.HasBeenNotified());
  ensemble.Resume(0);
}

}  // namespace
}  // namespace quorate::client
