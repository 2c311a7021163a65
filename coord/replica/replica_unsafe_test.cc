// Unsafe static membership: what a replica does when the core gives up what was
// committed. The core's own tests are in coord/consensus.

#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "coord/consensus/core.h"
#include "coord/replica/client_message.h"
#include "coord/replica/options.h"
#include "coord/replica/testing/harness.h"
#include "gtest/gtest.h"

namespace quorate::replica {
namespace {

using Ids = std::set<int>;

const Ids kOld = {1, 2, 3};
const Ids kNew = {4, 5, 6, 7};
const Ids kAll = {1, 2, 3, 4, 5, 6, 7};

class ReplicaUnsafeTest : public testing::Test {
 protected:
  void Start(const Ids& ids, const Ids& list) {
    for (const int id : ids) harness_.StartStatic(id, list);
  }
  void Crash(const Ids& ids) {
    for (const int id : ids) harness_.Crash(id);
  }

  // Who leads and serves among `ids`; 0: nobody.
  int LeaderOf(const Ids& ids) {
    for (int i = 0; i < 1000; ++i) {
      for (const int id : ids) {
        if (!harness_.IsUp(id)) continue;
        const consensus::Core& core = harness_.member(id).core();
        if (core.IsLeader() && core.applied().epoch() == core.epoch()) {
          return id;
        }
      }
      harness_.Advance(kTickMs);
    }
    return 0;
  }
  // Once the two hold the same state.
  bool AwaitSame(int id, int leader) {
    for (int i = 0; i < 1000; ++i) {
      const Replica& a = harness_.member(id);
      const Replica& b = harness_.member(leader);
      if (a.IsServing() && a.core().leader() == b.core().key().id &&
          a.state().applied() == b.state().applied()) {
        return a.state().digest() == b.state().digest();
      }
      harness_.Advance(kTickMs);
    }
    return false;
  }
  ConnectionId Write(int id, const std::string& path) {
    const ConnectionId client = harness_.Open(id, 600'000);
    harness_.Write(client, 1, CreateOf(path));
    harness_.Advance(1000);
    EXPECT_TRUE(harness_.LastReply(client).status.ok());
    return client;
  }
  bool Has(int id, const std::string& path) {
    return harness_.member(id).state().tree().Find(path) != nullptr;
  }

  // Three with data and a high epoch, and four without.
  void Split() {
    Start(kOld, kOld);
    for (int i = 0; i < 2; ++i) {
      const int leader = LeaderOf(kOld);
      harness_.Crash(leader);
      ASSERT_NE(LeaderOf(kOld), 0);
      harness_.StartStatic(leader, kOld);
    }
    Write(LeaderOf(kOld), "/left");
    Start(kNew, kAll);
    new_leader_ = LeaderOf(kNew);
    ASSERT_NE(new_leader_, 0);
    follower_ = new_leader_ == 4 ? 5 : 4;
    client_ = Write(follower_, "/right");
    harness_.Advance(3000);
    for (const int id : kOld) EXPECT_FALSE(Has(id, "/right"));
    for (const int id : kNew) EXPECT_FALSE(Has(id, "/left"));
  }

  // The old members' history, of the higher rank, becomes everybody's.
  void LetTheOldWin() {
    Crash(kOld);
    harness_.Crash(new_leader_);
    Start(kOld, kAll);
    const int leader = LeaderOf(kOld);
    ASSERT_NE(leader, 0);
    for (const int id : kNew) {
      if (id == new_leader_) continue;
      ASSERT_TRUE(AwaitSame(id, leader)) << id;
      EXPECT_TRUE(Has(id, "/left"));
      EXPECT_FALSE(Has(id, "/right"));
    }
  }

  Harness harness_{0};
  int new_leader_ = 0;
  int follower_ = 0;     // of the new members
  ConnectionId client_;  // of that one
};

TEST_F(ReplicaUnsafeTest, TheStateGoesBack) {
  Split();
  LetTheOldWin();
  // The session was opened in what is gone.
  EXPECT_TRUE(harness_.GoodbyeOf(client_).has_value());
  EXPECT_EQ(harness_.member(follower_).counters().snapshots_installed, 0u);
  Write(follower_, "/on");
}

// Below a snapshot there is no way back: the leader takes one and sends it.
TEST_F(ReplicaUnsafeTest, ASnapshotIsReplaced) {
  Split();
  for (const int id : kNew) {
    ASSERT_TRUE(harness_.member(id).TakeSnapshot().ok());
  }
  harness_.Settle();
  LetTheOldWin();
  EXPECT_TRUE(harness_.GoodbyeOf(client_).has_value());
  EXPECT_EQ(harness_.member(follower_).counters().snapshots_installed, 1u);
  Write(follower_, "/on");
}

// One member of the three is taken by newcomers, then takes another with it:
// that one goes back to its own snapshot, and on from there.
TEST_F(ReplicaUnsafeTest, TheStateGoesBackToASnapshot) {
  Start(kOld, kOld);
  const int leader = LeaderOf(kOld);
  ASSERT_NE(leader, 0);
  const int taken = leader % 3 + 1;
  const int last = taken % 3 + 1;
  Write(leader, "/both");
  ASSERT_TRUE(harness_.member(last).TakeSnapshot().ok());
  harness_.Settle();

  harness_.Crash(taken);
  // Three of these four are a quorum: not without the one that was taken.
  const Ids list = {taken, last, 4, 5};
  harness_.StartStatic(taken, list);
  Start({4, 5}, list);
  ASSERT_EQ(LeaderOf({taken, 4, 5}), taken);
  Write(leader, "/left");
  Write(taken, "/right");
  EXPECT_TRUE(Has(last, "/left"));
  harness_.Crash(leader);
  ASSERT_TRUE(AwaitSame(last, taken));
  EXPECT_TRUE(Has(last, "/both"));
  EXPECT_FALSE(Has(last, "/left"));
  EXPECT_TRUE(Has(last, "/right"));
  EXPECT_EQ(harness_.member(last).counters().snapshots_installed, 1u);
}

}  // namespace
}  // namespace quorate::replica
