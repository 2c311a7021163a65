// The recipes with a real member, and over broken connections.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "coord/client/error.h"
#include "coord/client/fencing_token.h"
#include "coord/client/recipes/barrier.h"
#include "coord/client/recipes/counter.h"
#include "coord/client/recipes/double_barrier.h"
#include "coord/client/recipes/group_membership.h"
#include "coord/client/recipes/leader_election.h"
#include "coord/client/recipes/lock.h"
#include "coord/client/recipes/queue.h"
#include "coord/client/recipes/read_write_lock.h"
#include "coord/client/session.h"
#include "coord/client/types.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/ensemble.h"

namespace quorate::client {
namespace {

using Names = std::vector<std::string>;
constexpr int64_t kLongMs = 60'000;

class RecipesTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ensemble_ = new Ensemble(1); }
  static void TearDownTestSuite() {
    delete ensemble_;
    ensemble_ = nullptr;
  }
  static std::unique_ptr<Session> Open() { return ensemble_->Open(); }
  // Waits until `path` has `count` children.
  static void AwaitChildren(Session& session, const std::string& path,
                            size_t count) {
    for (;;) {
      const absl::StatusOr<Children> children = session.GetChildren(path);
      if (children.ok() && children->names.size() == count) return;
    }
  }

  static Ensemble* ensemble_;
  std::unique_ptr<Session> session_ = Open();
  std::unique_ptr<Session> other_ = Open();
};

Ensemble* RecipesTest::ensemble_ = nullptr;

// --- Lock --------------------------------------------------------------------

TEST_F(RecipesTest, ALockIsHeldByOneAndHandedOn) {
  absl::StatusOr<std::unique_ptr<Lock>> first =
      Lock::Acquire(*session_, {.directory = "/locks/a"});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_TRUE((*first)->IsHeld());
  EXPECT_EQ((*first)->token().ensemble_id, session_->pin().ensemble_id);
  EXPECT_EQ(session_->Exists((*first)->path())->czxid, (*first)->token().czxid);

  const absl::StatusOr<std::unique_ptr<Lock>> busy =
      Lock::Acquire(*other_, {.directory = "/locks/a", .only_if_free = true});
  EXPECT_EQ(busy.status().code(), absl::StatusCode::kUnavailable);
  const absl::StatusOr<std::unique_ptr<Lock>> late =
      Lock::Acquire(*other_, {.directory = "/locks/a", .timeout_ms = 50});
  EXPECT_EQ(late.status().code(), absl::StatusCode::kDeadlineExceeded);
  // Those who gave up have left nothing behind.
  AwaitChildren(*session_, "/locks/a", 1);

  std::thread waiter([&] {
    const absl::StatusOr<std::unique_ptr<Lock>> second =
        Lock::Acquire(*other_, {.directory = "/locks/a"});
    ASSERT_TRUE(second.ok()) << second.status();
    EXPECT_TRUE(*IsNewer((*second)->token(), (*first)->token()));
    EXPECT_TRUE((*second)->Release().ok());
    EXPECT_FALSE((*second)->IsHeld());
  });
  AwaitChildren(*session_, "/locks/a", 2);
  EXPECT_TRUE((*first)->Release().ok());
  EXPECT_TRUE((*first)->Release().ok());
  waiter.join();
  AwaitChildren(*session_, "/locks/a", 0);
}

TEST_F(RecipesTest, ALockExcludesOverBrokenConnections) {
  std::atomic<int> inside = 0;
  std::atomic<bool> overlapped = false;
  absl::Mutex mutex;
  std::vector<FencingToken> tokens;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const std::unique_ptr<Session> session = Open();
      for (int round = 0; round < 10; ++round) {
        absl::StatusOr<std::unique_ptr<Lock>> lock =
            Lock::Acquire(*session, {.directory = "/locks/b"});
        ASSERT_TRUE(lock.ok()) << lock.status();
        if (inside.fetch_add(1) != 0) overlapped = true;
        session->BreakConnection();
        {
          absl::MutexLock hold(&mutex);
          tokens.push_back((*lock)->token());
        }
        inside.fetch_sub(1);
        if (round % 2 == 0) {
          EXPECT_TRUE((*lock)->Release().ok());
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(overlapped);
  ASSERT_EQ(tokens.size(), 40U);
  for (size_t i = 1; i < tokens.size(); ++i) {
    EXPECT_TRUE(*IsNewer(tokens[i], tokens[i - 1]));
  }
  AwaitChildren(*session_, "/locks/b", 0);
}

TEST_F(RecipesTest, AWaiterIsWokenOnlyByTheOneBeforeIt) {
  const auto hold = [](Session& session) {
    return *Lock::Acquire(session, {.directory = "/locks/c"});
  };
  std::unique_ptr<Lock> first = hold(*session_);
  std::atomic<bool> third_holds = false;
  std::unique_ptr<Session> middle = Open();
  std::thread second([&] {
    EXPECT_EQ(Lock::Acquire(*middle, {.directory = "/locks/c"}).status().code(),
              absl::StatusCode::kFailedPrecondition);
  });
  AwaitChildren(*session_, "/locks/c", 2);
  std::thread third([&] {
    const std::unique_ptr<Lock> lock = hold(*other_);
    third_holds = true;
  });
  AwaitChildren(*session_, "/locks/c", 3);
  // The one in the middle goes: the third waits for the first now.
  EXPECT_TRUE(middle->Close().ok());
  second.join();
  AwaitChildren(*session_, "/locks/c", 2);
  EXPECT_FALSE(third_holds);
  EXPECT_TRUE(first->Release().ok());
  third.join();
}

TEST_F(RecipesTest, ALockThatSomebodyDeletesIsLost) {
  absl::Notification lost;
  LockOptions options = {.directory = "/locks/d"};
  options.on_lost = [&](const absl::Status& why) {
    EXPECT_EQ(why.code(), absl::StatusCode::kAborted);
    lost.Notify();
  };
  const absl::StatusOr<std::unique_ptr<Lock>> lock =
      Lock::Acquire(*session_, options);
  ASSERT_TRUE(lock.ok()) << lock.status();
  ASSERT_TRUE(other_->Write(Delete{(*lock)->path()}).ok());
  lost.WaitForNotification();
  EXPECT_FALSE((*lock)->IsHeld());
  EXPECT_TRUE((*lock)->Release().ok());
}

TEST(RecipesExpiry, AHolderThatIsCutOffKnowsBeforeTheNext) {
  Ensemble ensemble(3);
  SessionOptions options = ensemble.OptionsOf({0});
  options.timeout_ms = 1'500;
  const std::unique_ptr<Session> cut_off = ensemble.Open(options);
  const std::unique_ptr<Session> other =
      ensemble.Open(ensemble.OptionsOf({1, 2}));
  absl::Notification lost;
  LockOptions lock_options = {.directory = "/lock"};
  lock_options.on_lost = [&](const absl::Status& why) {
    EXPECT_TRUE(IsError(why, "SessionExpired")) << why;
    lost.Notify();
  };
  const absl::StatusOr<std::unique_ptr<Lock>> first =
      Lock::Acquire(*cut_off, lock_options);
  ASSERT_TRUE(first.ok()) << first.status();
  ensemble.Pause(0);
  const absl::StatusOr<std::unique_ptr<Lock>> second =
      Lock::Acquire(*other, {.directory = "/lock"});
  EXPECT_FALSE((*first)->IsHeld());
  lost.WaitForNotification();
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_TRUE(*IsNewer((*second)->token(), (*first)->token()));
  EXPECT_TRUE(IsError(Lock::Acquire(*cut_off, {.directory = "/lock"}).status(),
                      "SessionExpired"));
  ensemble.Resume(0);
}

// --- Read-write lock ---------------------------------------------------------

TEST_F(RecipesTest, ReadersShareAndWritersDoNot) {
  const LockOptions now = {.directory = "/locks/rw", .only_if_free = true};
  absl::StatusOr<std::unique_ptr<Lock>> one =
      ReadWriteLock::AcquireRead(*session_, now);
  absl::StatusOr<std::unique_ptr<Lock>> two =
      ReadWriteLock::AcquireRead(*other_, now);
  ASSERT_TRUE(one.ok() && two.ok()) << one.status() << two.status();
  EXPECT_EQ(ReadWriteLock::AcquireWrite(*other_, now).status().code(),
            absl::StatusCode::kUnavailable);
  // The one that gave up has gone.
  AwaitChildren(*session_, "/locks/rw", 2);
  std::thread writer([&] {
    const absl::StatusOr<std::unique_ptr<Lock>> lock =
        ReadWriteLock::AcquireWrite(*other_, {.directory = "/locks/rw"});
    ASSERT_TRUE(lock.ok()) << lock.status();
    EXPECT_FALSE((*one)->IsHeld());
    EXPECT_FALSE((*two)->IsHeld());
    EXPECT_EQ(ReadWriteLock::AcquireRead(*session_, now).status().code(),
              absl::StatusCode::kUnavailable);
  });
  // A reader behind the writer waits for it, though readers hold the lock.
  AwaitChildren(*session_, "/locks/rw", 3);
  EXPECT_EQ(ReadWriteLock::AcquireRead(*session_, now).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_TRUE((*one)->Release().ok());
  EXPECT_TRUE((*two)->Release().ok());
  writer.join();
  AwaitChildren(*session_, "/locks/rw", 0);
  EXPECT_TRUE(ReadWriteLock::AcquireWrite(*session_, now).ok());
}

// --- Leader election ---------------------------------------------------------

TEST_F(RecipesTest, TheNextInLineLeads) {
  absl::Notification first_elected;
  absl::Notification second_elected;
  std::optional<FencingToken> first_token;
  std::optional<FencingToken> second_token;
  const auto stand = [](Session& session, const std::string& name,
                        absl::Notification& elected,
                        std::optional<FencingToken>& token) {
    LeaderElectionOptions options = {.directory = "/election", .data = name};
    options.on_elected = [&](const FencingToken& mine) {
      token = mine;
      elected.Notify();
    };
    options.on_lost = [](const absl::Status& why) { ADD_FAILURE() << why; };
    return *LeaderElection::Stand(session, std::move(options));
  };
  EXPECT_FALSE(LeaderElection::Current(*session_, "/election")->has_value());
  std::unique_ptr<LeaderElection> first =
      stand(*session_, "first", first_elected, first_token);
  first_elected.WaitForNotification();
  const std::unique_ptr<LeaderElection> second =
      stand(*other_, "second", second_elected, second_token);
  absl::StatusOr<std::optional<Leader>> leader =
      LeaderElection::Current(*other_, "/election");
  ASSERT_TRUE(leader.ok() && leader->has_value()) << leader.status();
  EXPECT_EQ((*leader)->data, "first");
  EXPECT_EQ((*leader)->token, *first_token);
  EXPECT_TRUE(first->IsLeader());
  EXPECT_FALSE(second->IsLeader());
  first.reset();
  second_elected.WaitForNotification();
  EXPECT_TRUE(*IsNewer(*second_token, *first_token));
  leader = LeaderElection::Current(*session_, "/election");
  EXPECT_EQ((*leader)->data, "second");
}

TEST_F(RecipesTest, ALeaderWhoseSessionEndsIsTold) {
  std::unique_ptr<Session> session = Open();
  absl::Notification elected;
  absl::Notification lost;
  LeaderElectionOptions options = {.directory = "/election2"};
  options.on_elected = [&](const FencingToken&) { elected.Notify(); };
  options.on_lost = [&](const absl::Status& why) {
    EXPECT_TRUE(IsError(why, "SessionExpired")) << why;
    lost.Notify();
  };
  const std::unique_ptr<LeaderElection> candidate =
      *LeaderElection::Stand(*session, std::move(options));
  elected.WaitForNotification();
  EXPECT_TRUE(session->Close().ok());
  lost.WaitForNotification();
  EXPECT_FALSE(candidate->IsLeader());
}

// --- Barriers ----------------------------------------------------------------

TEST_F(RecipesTest, ABarrierHoldsUntilItIsOpened) {
  Barrier barrier(*session_, "/barriers/a");
  EXPECT_TRUE(barrier.Wait(kLongMs).ok());
  EXPECT_TRUE(*barrier.Close());
  EXPECT_FALSE(*barrier.Close());
  EXPECT_EQ(barrier.Wait(20).code(), absl::StatusCode::kDeadlineExceeded);
  std::atomic<bool> opened = false;
  std::thread waiter([&] {
    EXPECT_TRUE(Barrier(*other_, "/barriers/a").Wait(kLongMs).ok());
    EXPECT_TRUE(opened);
  });
  opened = true;
  EXPECT_TRUE(*barrier.Open());
  EXPECT_FALSE(*barrier.Open());
  waiter.join();
}

TEST_F(RecipesTest, ADoubleBarrierBeginsAndEndsTogether) {
  constexpr size_t kCount = 4;
  std::atomic<size_t> entered = 0;
  std::atomic<size_t> left = 0;
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kCount; ++i) {
    threads.emplace_back([&, i] {
      const std::unique_ptr<Session> session = Open();
      DoubleBarrier barrier(*session, "/barriers/double", absl::StrCat("p", i),
                            kCount);
      for (size_t round = 1; round <= 5; ++round) {
        ++entered;
        const absl::Status in = barrier.Enter(kLongMs);
        EXPECT_TRUE(in.ok()) << in;
        EXPECT_GE(entered.load(), round * kCount);
        if (i == round % kCount) session->BreakConnection();
        ++left;
        const absl::Status out = barrier.Leave(kLongMs);
        EXPECT_TRUE(out.ok()) << out;
        EXPECT_GE(left.load(), round * kCount);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  AwaitChildren(*session_, "/barriers/double", 0);
}

TEST_F(RecipesTest, ADoubleBarrierForgetsWhoDoesNotComeIn) {
  DoubleBarrier alone(*session_, "/barriers/alone", "a", 2);
  EXPECT_EQ(alone.Enter(20).code(), absl::StatusCode::kDeadlineExceeded);
  AwaitChildren(*session_, "/barriers/alone", 0);
}

// --- Queue -------------------------------------------------------------------

TEST_F(RecipesTest, AQueueIsFirstInFirstOut) {
  Queue queue(*session_, "/queues/a");
  EXPECT_FALSE(queue.TryTake()->has_value());
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(queue.Put(absl::StrCat(i)).ok());
  }
  Queue other(*other_, "/queues/a");
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(*(i % 2 == 0 ? queue : other).Take(kLongMs), absl::StrCat(i));
  }
  EXPECT_EQ(queue.Take(20).status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

TEST_F(RecipesTest, EveryItemIsTakenOnce) {
  constexpr int kTakers = 4;
  constexpr int kEach = 15;
  absl::Mutex mutex;
  std::multiset<std::string> taken;
  std::vector<std::thread> threads;
  for (int i = 0; i < kTakers; ++i) {
    threads.emplace_back([&] {
      const std::unique_ptr<Session> session = Open();
      Queue queue(*session, "/queues/b");
      for (int j = 0; j < kEach; ++j) {
        const absl::StatusOr<std::string> item = queue.Take(kLongMs);
        ASSERT_TRUE(item.ok()) << item.status();
        if (j % 5 == 0) session->BreakConnection();
        absl::MutexLock lock(&mutex);
        taken.insert(*item);
      }
    });
  }
  Queue queue(*session_, "/queues/b");
  std::multiset<std::string> put;
  for (int i = 0; i < kTakers * kEach; ++i) {
    ASSERT_TRUE(queue.Put(absl::StrCat(i)).ok());
    put.insert(absl::StrCat(i));
    if (i % 10 == 0) session_->BreakConnection();
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, put);
}

// --- Counter -----------------------------------------------------------------

TEST_F(RecipesTest, ACounterCountsEverythingOnce) {
  constexpr int kThreads = 4;
  constexpr int kEach = 40;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      const std::unique_ptr<Session> session = Open();
      Counter counter(*session, "/counters/a");
      for (int j = 0; j < kEach; ++j) {
        if (j % 8 == 0) session->BreakConnection();
        const absl::StatusOr<int64_t> sum = counter.Add(j % 2 == 0 ? 3 : -1);
        EXPECT_TRUE(sum.ok()) << sum.status();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(*Counter(*session_, "/counters/a").Get(), kThreads * kEach);
}

TEST_F(RecipesTest, ACounterKeepsToItsBounds) {
  Counter counter(*session_, "/counters/b");
  EXPECT_EQ(*counter.Get(), 0);
  EXPECT_TRUE(*counter.CompareAndSet(0, INT64_MAX - 1));
  EXPECT_FALSE(*counter.CompareAndSet(0, 5));
  EXPECT_EQ(*counter.Add(1), INT64_MAX);
  EXPECT_EQ(counter.Add(1).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(*counter.Get(), INT64_MAX);
  ASSERT_TRUE(session_->Write(SetData{"/counters/b", "many"}).ok());
  EXPECT_EQ(counter.Add(1).status().code(), absl::StatusCode::kDataLoss);
}

// --- Group membership --------------------------------------------------------

TEST_F(RecipesTest, AGroupTellsWhoIsThere) {
  absl::Mutex mutex;
  std::vector<Names> told;
  const absl::StatusOr<std::unique_ptr<GroupWatcher>> watcher =
      GroupWatcher::Watch(*other_, "/group", [&](absl::StatusOr<Names> names) {
        ASSERT_TRUE(names.ok()) << names.status();
        absl::MutexLock lock(&mutex);
        told.push_back(*std::move(names));
      });
  ASSERT_TRUE(watcher.ok()) << watcher.status();
  const auto await = [&](const Names& names) {
    absl::MutexLock lock(&mutex);
    const auto is_so = [&] { return !told.empty() && told.back() == names; };
    mutex.Await(absl::Condition(&is_so));
  };
  await({});
  std::unique_ptr<Session> dying = Open();
  absl::StatusOr<std::unique_ptr<GroupMembership>> a =
      GroupMembership::Join(*session_, {.directory = "/group", .name = "a"});
  absl::StatusOr<std::unique_ptr<GroupMembership>> b =
      GroupMembership::Join(*dying, {.directory = "/group", .name = "b"});
  ASSERT_TRUE(a.ok() && b.ok()) << a.status() << b.status();
  await({"a", "b"});
  EXPECT_EQ(*GroupMembership::Members(*session_, "/group"), Names({"a", "b"}));
  EXPECT_TRUE(IsError(
      GroupMembership::Join(*other_, {.directory = "/group", .name = "a"})
          .status(),
      "NodeExists"));
  other_->BreakConnection();
  const FencingToken before = (*b)->token();
  EXPECT_TRUE(dying->Close().ok());
  await({"a"});
  const absl::StatusOr<std::unique_ptr<GroupMembership>> again =
      GroupMembership::Join(*session_, {.directory = "/group", .name = "b"});
  EXPECT_TRUE(*IsNewer((*again)->token(), before));
  EXPECT_TRUE((*again)->SetData("news").ok());
  EXPECT_TRUE((*again)->Leave().ok());
  EXPECT_TRUE((*again)->Leave().ok());
  a->reset();
  await({});
  EXPECT_EQ(*GroupMembership::Members(*session_, "/nowhere"), Names());
}

}  // namespace
}  // namespace quorate::client
