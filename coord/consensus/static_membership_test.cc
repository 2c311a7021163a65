// Unsafe static membership does what it is for: the schedules that split a
// ZooKeeper ensemble with static lists split this one, and the core survives
// what follows.

#include "coord/consensus/static_membership.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/base/unsafe_ensemble.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/options.h"
#include "coord/consensus/output.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/test_static_ensemble.h"
#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"

namespace quorate::consensus {
namespace {

using Ids = std::set<uint64_t>;

const Ids kOld = {1, 2, 3};
const Ids kNew = {4, 5, 6, 7};
const Ids kAll = {1, 2, 3, 4, 5, 6, 7};

class StaticMembershipTest : public testing::Test {
 protected:
  // Three members that hold "old".
  void StartOld(int elections = 1) {
    ensemble_.Start(kOld, kOld);
    for (int i = 1; i < elections; ++i) {
      const uint64_t leader = ensemble_.AwaitLeader(kOld);
      ensemble_.Kill(leader);
      Ids others = kOld;
      others.erase(leader);
      ASSERT_NE(ensemble_.AwaitLeader(others), 0u);
      ensemble_.Start(leader, StaticList(kOld));
    }
    old_leader_ = ensemble_.AwaitLeader(kOld);
    ASSERT_NE(old_leader_, 0u);
    ASSERT_TRUE(ensemble_.Write(old_leader_, "old"));
  }

  // Four empty ones, whose lists name all seven.
  void StartNew(const Ids& dead = {}) {
    ensemble_.Start(kNew, kAll, dead);
    new_leader_ = ensemble_.AwaitLeader(kNew);
    ASSERT_NE(new_leader_, 0u);
  }

  // Both leaders take writes, and neither's reaches the other side.
  void ExpectSplit() {
    ensemble_.Run(2000);
    ASSERT_EQ(ensemble_.LeaderOf(kOld), old_leader_);
    ASSERT_EQ(ensemble_.LeaderOf(kNew), new_leader_);
    EXPECT_TRUE(ensemble_.Write(old_leader_, "left"));
    EXPECT_TRUE(ensemble_.Write(new_leader_, "right"));
    for (uint64_t id : kOld) {
      EXPECT_EQ(ensemble_.StateOf(id), State({"old", "left"})) << id;
    }
    for (uint64_t id : kNew) {
      EXPECT_EQ(ensemble_.StateOf(id), State({"right"})) << id;
    }
  }

  // The three are restarted with the list of seven, the leader last; nothing
  // of theirs is left.
  void RollOldMembers() {
    std::vector<uint64_t> order;
    for (uint64_t id : kOld) {
      if (id != old_leader_) order.push_back(id);
    }
    order.push_back(old_leader_);
    for (uint64_t id : order) {
      ensemble_.Start(id, StaticList(kAll));
      ASSERT_TRUE(ensemble_.AwaitFollows(id, new_leader_)) << id;
      EXPECT_EQ(ensemble_.StateOf(id), State({"right"})) << id;
    }
    EXPECT_TRUE(ensemble_.Write(new_leader_, "on"));
    ensemble_.Run(500);
    for (uint64_t id : kAll) {
      EXPECT_EQ(ensemble_.StateOf(id), State({"right", "on"})) << id;
    }
  }

  using State = StaticEnsemble::State;
  StaticEnsemble ensemble_{1};
  uint64_t old_leader_ = 0;
  uint64_t new_leader_ = 0;
};

TEST_F(StaticMembershipTest, Quick) {
  StartOld();
  StartNew();
  ExpectSplit();
}

TEST_F(StaticMembershipTest, Unreachable) {
  StartOld();
  StartNew(kOld);
  ExpectSplit();
}

TEST_F(StaticMembershipTest, Slow) {
  StartOld();
  for (uint64_t id : kNew) {
    ensemble_.Start(id, StaticList(kAll));
    ensemble_.Run(12'000);
  }
  new_leader_ = ensemble_.AwaitLeader(kNew);
  ASSERT_NE(new_leader_, 0u);
  ExpectSplit();
}

TEST_F(StaticMembershipTest, Rolling) {
  StartOld();
  StartNew();
  ExpectSplit();
  RollOldMembers();
}

// The old members' epoch is the higher one, and still their data goes.
TEST_F(StaticMembershipTest, RollingEpoch) {
  StartOld(4);
  StartNew();
  ASSERT_GT(ensemble_.At(old_leader_).epoch(),
            ensemble_.At(new_leader_).epoch());
  ExpectSplit();
  RollOldMembers();
}

// A snapshot cannot be truncated: the old members are sent one.
TEST_F(StaticMembershipTest, RollingWithSnapshots) {
  StartOld();
  for (uint64_t id : kOld) ensemble_.TakeSnapshot(id);
  StartNew();
  ExpectSplit();
  RollOldMembers();
}

TEST_F(StaticMembershipTest, OneFollowerLeadsTheNewcomers) {
  StartOld();
  const uint64_t follower = old_leader_ % 3 + 1;
  ensemble_.Start(follower, StaticList(kAll));
  ensemble_.Start({4, 5, 6}, kAll);
  new_leader_ = ensemble_.AwaitLeader({follower, 4, 5, 6});
  ASSERT_EQ(new_leader_, follower);
  ensemble_.Run(2000);
  EXPECT_TRUE(ensemble_.At(old_leader_).IsLeader());
  EXPECT_TRUE(ensemble_.Write(old_leader_, "left"));
  EXPECT_TRUE(ensemble_.Write(follower, "right"));
  EXPECT_EQ(ensemble_.StateOf(old_leader_), State({"old", "left"}));
  EXPECT_EQ(ensemble_.StateOf(4), State({"old", "right"}));
}

TEST_F(StaticMembershipTest, OldDown) {
  StartOld();
  ASSERT_TRUE(ensemble_.Write(old_leader_, "left"));
  for (uint64_t id : kOld) ensemble_.Kill(id);
  StartNew();
  ASSERT_TRUE(ensemble_.Write(new_leader_, "right"));
  RollOldMembers();
}

TEST_F(StaticMembershipTest, OldFirst) {
  StartOld();
  for (uint64_t id : kOld) ensemble_.Kill(id);
  ensemble_.Start(kOld, kAll);
  ensemble_.Run(20'000);
  EXPECT_EQ(ensemble_.LeaderOf(kOld), 0u);  // three of seven: no service
  ensemble_.Start(kNew, kAll);
  const uint64_t leader = ensemble_.AwaitLeader(kAll);
  ASSERT_NE(leader, 0u);
  ASSERT_TRUE(ensemble_.Write(leader, "on"));
  ensemble_.Run(2000);
  for (uint64_t id : kAll) {
    EXPECT_EQ(ensemble_.StateOf(id), State({"old", "on"})) << id;
  }
}

// Members that run must give up what they have applied.
TEST_F(StaticMembershipTest, ARunningMemberRollsBack) {
  StartOld(3);
  StartNew();
  ExpectSplit();
  for (uint64_t id : kOld) ensemble_.Kill(id);
  ensemble_.Kill(new_leader_);
  ensemble_.Start(kOld, kAll);  // higher in rank than the newcomers
  const uint64_t leader = ensemble_.AwaitLeader(kOld);
  ASSERT_NE(leader, 0u);
  for (uint64_t id : kNew) {
    if (id == new_leader_) continue;
    ASSERT_TRUE(ensemble_.AwaitFollows(id, leader)) << id;
    EXPECT_EQ(ensemble_.StateOf(id), State({"old", "left"})) << id;
    EXPECT_EQ(ensemble_.RollBacks(id), 1) << id;
  }
}

// The leader of an election cannot commit before it has brought the others to
// its history, nor, while nothing is committed, make the snapshot that this
// takes.
TEST_F(StaticMembershipTest, AQuorumMayWaitForASnapshot) {
  StartOld(3);
  StartNew();
  ExpectSplit();
  for (uint64_t id : kNew) ensemble_.TakeSnapshot(id);
  for (uint64_t id : kAll) ensemble_.Kill(id);
  // One newcomer stays away, so the old members, of the higher rank, win.
  const Ids up = {1, 2, 3, 4, 5, 6};
  ensemble_.Start(up, kAll);
  const uint64_t leader = ensemble_.AwaitLeader(up);
  ASSERT_NE(leader, 0u);
  ASSERT_TRUE(kOld.contains(leader));
  ASSERT_TRUE(ensemble_.Write(leader, "on"));
  ensemble_.Run(2000);
  for (uint64_t id : up) {
    EXPECT_EQ(ensemble_.StateOf(id), State({"old", "left", "on"})) << id;
  }
}

TEST_F(StaticMembershipTest, AWipedMemberIsTakenBack) {
  StartOld();
  const uint64_t follower = old_leader_ % 3 + 1;
  ensemble_.Wipe(follower);
  ensemble_.Start(follower, StaticList(kOld));
  ASSERT_TRUE(ensemble_.AwaitFollows(follower, old_leader_));
  EXPECT_EQ(ensemble_.StateOf(follower), State({"old"}));
}

TEST_F(StaticMembershipTest, ARestartUsesTheNewList) {
  StartOld();
  ensemble_.Start(2, StaticList({2, 9}));
  EXPECT_EQ(ensemble_.At(2).configuration().Describe(), "v1 {2 9}");
  ensemble_.Start(2, StaticList({2}));
  EXPECT_EQ(ensemble_.AwaitLeader({2}), 2u);
}

TEST_F(StaticMembershipTest, StrangersAreNotHeard) {
  StartOld();
  Core& core = ensemble_.At(1);
  const HardState before = core.hard_state();
  const uint64_t refused = core.refusals()[6];
  const Zxid high(900'004, 0);
  for (const Message& message :
       {Message(PreVote{900'004, high}), Message(Vote{900'004, high, 0}),
        Message(Heartbeat{900'004, high, 0, 0}),
        Message(Proposals{900'004, high, high, {}}),
        Message(StaleEpoch{before.accepted_epoch, 900'004})}) {
    core.Step({kUnsafeEnsemble,
               {MemberId{4}, kUnsafeIncarnation},
               StaticAddress(4),
               MemberId{1},
               StaticAddress(1),
               message});
  }
  EXPECT_TRUE(core.TakeOutput().messages.empty());
  EXPECT_EQ(core.hard_state(), before);
  EXPECT_EQ(core.refusals()[6], refused + 5);
}

TEST_F(StaticMembershipTest, EveryChangeIsRefused) {
  StartOld();
  MembershipChange change;
  change.change_id = 1;
  change.expected_version = 1;
  change.remove = {MemberId{3}};
  for (uint64_t id : kOld) {
    const AdmissionDecision decision =
        ensemble_.At(id).ChangeMembership(change);
    EXPECT_EQ(decision.outcome, AdmissionDecision::Outcome::kRefused);
    EXPECT_EQ(decision.refusal.rule, Rule::kOneTruth);
    EXPECT_TRUE(absl::StrContains(decision.refusal.reason, "static"));
  }
}

// --- Safe and unsafe never meet ---------------------------------------------

Options SafeOptions(uint64_t id) {
  Options options;
  options.address = StaticAddress(id);
  options.fresh_ensemble_id = {1, 2};
  options.manifest.emplace().founders = StaticList({1});
  return options;
}

Options UnsafeOptions(uint64_t id) {
  Options options;
  options.address = StaticAddress(id);
  options.static_members = StaticList(kOld);
  return options;
}

DurableState SafeDisk(uint64_t id) {
  DurableState disk;
  disk.hard_state.member = MemberId{id};
  disk.hard_state.incarnation = Incarnation{1000 + id};
  return disk;
}

TEST(SafeAndUnsafeTest, NeitherUsesTheOthersDirectory) {
  Core unsafe(UnsafeOptions(1), SafeDisk(1), 1);
  ASSERT_TRUE(unsafe.IsStopped());
  EXPECT_TRUE(
      absl::StrContains(unsafe.stop_reason()->reason, "leave that flag out"));
  Core safe(SafeOptions(1), StaticDisk(1), 1);
  ASSERT_TRUE(safe.IsStopped());
  EXPECT_TRUE(absl::StrContains(safe.stop_reason()->reason,
                                "start it with --unsafe-static-membership"));
  DurableState used = StaticDisk(1);
  used.hard_state.ensemble = kUnsafeEnsemble;
  Core reopened(SafeOptions(1), used, 1);
  EXPECT_TRUE(reopened.IsStopped());
}

TEST(SafeAndUnsafeTest, AListMustNameTheMember) {
  for (const auto& list :
       {StaticList({2, 3}), StaticList({1, 2}, {1}), StaticList({1, 1000})}) {
    Options options = UnsafeOptions(1);
    options.static_members = list;
    EXPECT_TRUE(Core(options, StaticDisk(1), 1).IsStopped());
  }
}

// Every message of a member of the one kind is refused by one of the other,
// and changes nothing there.
void ExpectDeaf(Core& core, const Envelope& from) {
  const HardState before = core.hard_state();
  const uint64_t refused = core.refusals()[1];
  for (const Message& message :
       {Message(PreVote{5005, Zxid(4, 4)}), Message(Vote{5005, Zxid(4, 4), 0}),
        Message(HistoryRequest{5005, 1}), Message(Heartbeat{5005, {}, 0, 0})}) {
    Envelope envelope = from;
    envelope.message = message;
    core.Step(envelope);
  }
  EXPECT_EQ(core.hard_state(), before);
  EXPECT_EQ(core.refusals()[1], refused + 4);
}

TEST(SafeAndUnsafeTest, TheyRefuseEachOther) {
  Core unsafe(UnsafeOptions(1), StaticDisk(1), 1);
  Core safe(SafeOptions(1), SafeDisk(1), 1);
  safe.Tick(1000);  // it founds an ensemble of one
  ASSERT_EQ(safe.hard_state().ensemble, (EnsembleId{1, 2}));
  ExpectDeaf(unsafe, {{1, 2},
                      {MemberId{2}, kUnsafeIncarnation},
                      StaticAddress(2),
                      MemberId{1},
                      StaticAddress(1),
                      {}});
  ExpectDeaf(safe, {kUnsafeEnsemble,
                    safe.key(),
                    StaticAddress(2),
                    MemberId{1},
                    StaticAddress(1),
                    {}});
}

// What a member of no ensemble asks of an unsafe one.
std::optional<Envelope> Ask(Core& unsafe, Message message) {
  unsafe.TakeOutput();
  unsafe.Step({EnsembleId(),
               {MemberId{9}, Incarnation{9}},
               StaticAddress(9),
               MemberId(),
               StaticAddress(1),
               std::move(message)});
  Output output = unsafe.TakeOutput();
  if (output.messages.size() != 1) return std::nullopt;
  return output.messages[0];
}

TEST(SafeAndUnsafeTest, NewcomersAreTurnedAway) {
  Core unsafe(UnsafeOptions(1), StaticDisk(1), 1);
  const std::optional<Envelope> joined = Ask(unsafe, JoinRequest());
  ASSERT_TRUE(joined.has_value());
  const auto& reply = std::get<JoinReply>(joined->message);
  EXPECT_FALSE(reply.admitted);
  EXPECT_EQ(reply.refusal.rule, Rule::kEnsembleId);
  const std::optional<Envelope> founding = Ask(unsafe, FoundingConfirm{17});
  ASSERT_TRUE(founding.has_value());
  EXPECT_EQ(std::get<FoundingVeto>(founding->message).refusal.rule,
            Rule::kEnsembleId);
}

// Nor would a newcomer believe one that admitted it.
TEST(SafeAndUnsafeTest, NewcomersDoNotEnter) {
  Options options;
  options.address = StaticAddress(9);
  options.seeds = {StaticAddress(1)};
  Core joiner(options, SafeDisk(9), 1);
  joiner.Step({kUnsafeEnsemble,
               {MemberId{1}, kUnsafeIncarnation},
               StaticAddress(1),
               MemberId{9},
               StaticAddress(9),
               JoinReply{joiner.key().incarnation, true, "", {}}});
  EXPECT_EQ(joiner.RoleName(), "joining");
  EXPECT_TRUE(joiner.hard_state().ensemble.IsNone());
}

TEST(StaticEpochTest, NamesItsLeader) {
  const StaticMembership five(MemberId{5}, StaticList(kAll));
  EXPECT_EQ(five.NextEpoch(0), 1005u);
  EXPECT_EQ(five.NextEpoch(1005), 2005u);
  EXPECT_EQ(five.NextEpoch(1007), 2005u);
  EXPECT_EQ(five.NextEpoch(4'294'967'005), 0u);  // used up
}

}  // namespace
}  // namespace quorate::consensus
