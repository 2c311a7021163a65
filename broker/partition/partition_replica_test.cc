#include "broker/partition/partition_replica.h"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "broker/log/epoch_table.h"
#include "gtest/gtest.h"

namespace quorate::broker {
namespace {

constexpr int64_t kLagMs = 1'000;

Assignment State(BrokerId leader, int32_t version,
                 std::vector<BrokerId> isr = {1, 2, 3}) {
  Assignment assignment;
  assignment.state.replicas = {1, 2, 3};
  assignment.state.leader = leader;
  assignment.state.leader_epoch = 10 + version;
  assignment.state.isr = std::move(isr);
  assignment.state.version = version;
  assignment.min_insync_replicas = 2;
  assignment.leader_address = "host:1";
  return assignment;
}

class PartitionReplicaTest : public testing::Test {
 protected:
  // Broker 1, whose log has 10 batches of epoch 3, committed up to 5.
  PartitionReplicaTest() : replica_(1, kLagMs, 5, 10) { epochs_.Add(3, 0); }

  absl::StatusOr<std::optional<EpochTable::End>> Fetch(BrokerId id,
                                                       int64_t offset,
                                                       int64_t now_ms = 0,
                                                       int32_t last_epoch = 3,
                                                       uint64_t life = 7) {
    const FollowerFetch fetch{id, life, replica_.leader_epoch(), offset,
                              last_epoch};
    return replica_.OnFollowerFetch(fetch, epochs_, 0, end_, now_ms);
  }
  void Append(int64_t count) {
    epochs_.Add(replica_.leader_epoch(), end_);
    end_ += count;
  }

  PartitionReplica replica_;
  EpochTable epochs_;
  int64_t end_ = 10;
};

TEST_F(PartitionReplicaTest, HighWatermarkIsTheLowestOfTheInSyncSet) {
  ASSERT_TRUE(replica_.Apply(State(1, 1), end_, 0));
  EXPECT_EQ(replica_.high_watermark(), 5) << "nobody was heard from yet";
  ASSERT_TRUE(Fetch(2, 9).ok());
  EXPECT_EQ(replica_.high_watermark(), 5);
  ASSERT_TRUE(Fetch(3, 8).ok());
  EXPECT_EQ(replica_.high_watermark(), 8);
  ASSERT_TRUE(Fetch(3, 7).ok()) << "a late packet";
  ASSERT_TRUE(Fetch(3, 10).ok());
  EXPECT_EQ(replica_.high_watermark(), 9);
  ASSERT_TRUE(Fetch(2, 10).ok());
  Append(2);
  ASSERT_TRUE(Fetch(2, 12, 0, 11).ok());
  ASSERT_TRUE(Fetch(3, 12, 0, 11).ok());
  EXPECT_EQ(replica_.high_watermark(), 10) << "not durable here";
  replica_.Durable(12);
  EXPECT_EQ(replica_.high_watermark(), 12);
}

TEST_F(PartitionReplicaTest, AnswersInOrderAndOnlyWhatIsCovered) {
  ASSERT_TRUE(replica_.Apply(State(1, 1), end_, 0));
  Append(2);
  replica_.Await(2, 12, /*by_all=*/true);
  replica_.Await(1, 11, /*by_all=*/true);
  replica_.Await(3, 12, /*by_all=*/false);
  EXPECT_TRUE(replica_.TakeAnswers().empty());
  replica_.Durable(12);
  auto answers = replica_.TakeAnswers();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].id, 3u);
  ASSERT_TRUE(Fetch(2, 12, 0, 11).ok());
  ASSERT_TRUE(Fetch(3, 12, 0, 11).ok());
  answers = replica_.TakeAnswers();
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].id, 1u);
  EXPECT_EQ(answers[1].id, 2u);
  EXPECT_TRUE(answers[0].status.ok());
}

TEST_F(PartitionReplicaTest, LostLeadershipFailsWhatWaits) {
  ASSERT_TRUE(replica_.Apply(State(1, 1), end_, 0));
  replica_.Await(1, 11, true);
  replica_.Await(2, 11, false);
  replica_.Await(3, 11, true);
  replica_.GiveUp(3);
  ASSERT_TRUE(replica_.Apply(State(2, 2), end_, 0));
  const auto answers = replica_.TakeAnswers();
  ASSERT_EQ(answers.size(), 2u);
  for (const auto& answer : answers) {
    EXPECT_TRUE(Is(answer.status, ErrorKind::kNotLeader));
  }
  EXPECT_TRUE(Is(replica_.CheckProduce(true), ErrorKind::kNotLeader));
  ASSERT_TRUE(replica_.Apply(State(kNoBroker, 3), end_, 0));
  EXPECT_TRUE(Is(replica_.CheckProduce(true), ErrorKind::kNoLeader));
}

TEST_F(PartitionReplicaTest, ReignThatMissedAVersionIsAnother) {
  ASSERT_TRUE(replica_.Apply(State(1, 1), end_, 0));
  ASSERT_TRUE(Fetch(2, 10).ok());
  ASSERT_TRUE(Fetch(3, 9).ok());
  replica_.Await(1, 11, true);
  ASSERT_TRUE(replica_.Apply(State(1, 2, {1, 2}), end_, 0));
  EXPECT_EQ(replica_.high_watermark(), 10) << "the same reign: 2 is known";
  EXPECT_TRUE(replica_.TakeAnswers().empty());
  Append(1);
  replica_.Durable(11);
  // In version 3 another may have led, and 2 have cut its log.
  ASSERT_TRUE(replica_.Apply(State(1, 4, {1, 2}), end_, 0));
  EXPECT_EQ(replica_.TakeAnswers().size(), 1u);
  EXPECT_EQ(replica_.high_watermark(), 10);
  EXPECT_FALSE(replica_.Apply(State(2, 3), end_, 0)) << "late";
  EXPECT_EQ(replica_.role(), PartitionReplica::Role::kLeader);
}

TEST_F(PartitionReplicaTest, MinimumOfInSyncReplicas) {
  ASSERT_TRUE(replica_.Apply(State(1, 1, {1, 2}), end_, 0));
  EXPECT_TRUE(replica_.CheckProduce(true).ok());
  replica_.Await(1, 11, true);
  Append(1);
  replica_.Durable(11);
  ASSERT_TRUE(replica_.Apply(State(1, 2, {1}), end_, 0));
  EXPECT_TRUE(Is(replica_.CheckProduce(true), ErrorKind::kNotEnoughReplicas));
  EXPECT_TRUE(replica_.CheckProduce(false).ok());
  const auto answers = replica_.TakeAnswers();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_TRUE(Is(answers[0].status, ErrorKind::kNotEnoughReplicas))
      << "it was let in while there were enough";
}

TEST_F(PartitionReplicaTest, FetchesAreChecked) {
  ASSERT_TRUE(replica_.Apply(State(1, 1), end_, 0));
  const auto kind = [&](const FollowerFetch& fetch, int64_t start = 0) {
    return replica_.OnFollowerFetch(fetch, epochs_, start, end_, 0).status();
  };
  EXPECT_TRUE(Is(kind({2, 7, 10, 0, -1}), ErrorKind::kFencedLeaderEpoch));
  EXPECT_TRUE(Is(kind({2, 7, -1, 0, -1}), ErrorKind::kFencedLeaderEpoch));
  EXPECT_TRUE(Is(kind({2, 7, 12, 0, -1}), ErrorKind::kUnknownLeaderEpoch));
  EXPECT_TRUE(Is(kind({4, 7, 11, 0, -1}), ErrorKind::kBadRequest));
  EXPECT_TRUE(Is(kind({1, 7, 11, 0, -1}), ErrorKind::kBadRequest));
  EXPECT_TRUE(Is(kind({2, 7, 11, 3, 3}, 4), ErrorKind::kOffsetOutOfRange));
  EXPECT_TRUE(Is(kind({2, 7, 11, 11, -1}), ErrorKind::kOffsetOutOfRange));
  EXPECT_TRUE(kind({2, 7, 11, 4, 3}, 4).ok());
  EXPECT_TRUE(Is(kind({2, 6, 11, 4, 3}), ErrorKind::kStaleBroker));
}

TEST_F(PartitionReplicaTest, TellsWhereLogsPart) {
  ASSERT_TRUE(replica_.Apply(State(1, 1), end_, 0));
  Append(2);  // epoch 11 from 10 on
  const auto parted = [&](int64_t offset, int32_t epoch) {
    return *Fetch(2, offset, 0, epoch);
  };
  EXPECT_EQ(parted(10, 3), std::nullopt);
  EXPECT_EQ(parted(12, 3), (EpochTable::End{3, 10}));
  EXPECT_EQ(parted(10, 5), (EpochTable::End{3, 10}));
  EXPECT_EQ(parted(13, 11), (EpochTable::End{11, 12}));
  EXPECT_EQ(parted(4, 1), (EpochTable::End{-1, 0}));
  EXPECT_EQ(replica_.high_watermark(), 5) << "nobody has acknowledged more";
}

TEST_F(PartitionReplicaTest, FollowerCutsWhatParts) {
  ASSERT_TRUE(replica_.Apply(State(2, 1), end_, 0));
  epochs_.Add(5, 8);
  EXPECT_EQ(replica_.CutFor({3, 9}, epochs_, 10)->offset, 8);
  EXPECT_EQ(replica_.CutFor({3, 7}, epochs_, 10)->offset, 7);
  EXPECT_EQ(replica_.CutFor({5, 9}, epochs_, 10)->offset, 9);
  EXPECT_FALSE(replica_.CutFor({5, 9}, epochs_, 10)->whole);
  EXPECT_TRUE(absl::IsDataLoss(replica_.CutFor({3, 4}, epochs_, 10).status()));
  EXPECT_TRUE(replica_.CutFor({-1, 6}, epochs_, 10)->whole);
  EXPECT_EQ(replica_.CutForStart(6)->offset, 6);
  EXPECT_TRUE(absl::IsDataLoss(replica_.CutForStart(4).status()));
}

TEST_F(PartitionReplicaTest, FollowerLearnsTheHighWatermark) {
  ASSERT_TRUE(replica_.Apply(State(2, 1), end_, 0));
  replica_.OnLeaderHighWatermark(8);
  EXPECT_EQ(replica_.high_watermark(), 8);
  replica_.OnLeaderHighWatermark(6);
  EXPECT_EQ(replica_.high_watermark(), 8) << "never back";
  replica_.OnLeaderHighWatermark(99);
  EXPECT_EQ(replica_.high_watermark(), 10) << "not above its own disk";
}

TEST_F(PartitionReplicaTest, AsksToTakeOutWhoIsLate) {
  ASSERT_TRUE(replica_.Apply(State(1, 1), end_, 0));
  int64_t now_ms = 0;
  for (; now_ms <= kLagMs; now_ms += 100) {
    ASSERT_TRUE(Fetch(2, 10, now_ms).ok());
    EXPECT_FALSE(replica_.Propose(1, now_ms).has_value()) << now_ms;
  }
  const auto proposal = replica_.Propose(1, now_ms);
  ASSERT_TRUE(proposal.has_value());
  EXPECT_EQ(proposal->isr, (std::vector<BrokerId>{1, 2}));
  EXPECT_EQ(proposal->broker_epochs, (std::vector<uint64_t>{1, 7}));
  EXPECT_EQ(replica_.high_watermark(), 5) << "3 counts until it is out";
  EXPECT_FALSE(replica_.Propose(1, now_ms + 100).has_value()) << "one at once";
  ASSERT_TRUE(replica_.Apply(State(1, 2, {1, 2}), end_, now_ms));
  EXPECT_EQ(replica_.high_watermark(), 10);
}

TEST_F(PartitionReplicaTest, NobodyIsLateWhileItWasPausedItself) {
  ASSERT_TRUE(replica_.Apply(State(1, 1), end_, 0));
  EXPECT_FALSE(replica_.Propose(1, 60'000).has_value());
  for (int64_t more_ms = 0; more_ms <= kLagMs; more_ms += kLagMs / 4) {
    EXPECT_FALSE(replica_.Propose(1, 60'000 + more_ms).has_value());
  }
  EXPECT_TRUE(replica_.Propose(1, 60'000 + kLagMs + 1).has_value());
}

TEST_F(PartitionReplicaTest, FollowerThatIsSlowButFollowsStays) {
  ASSERT_TRUE(replica_.Apply(State(1, 1, {1, 2}), end_, 0));
  for (int64_t now_ms = 0; now_ms < 5 * kLagMs; now_ms += 200) {
    // Always what there was at its last fetch.
    ASSERT_TRUE(Fetch(2, end_, now_ms, epochs_.last_epoch()).ok());
    Append(1);
    replica_.Durable(end_);
    EXPECT_FALSE(replica_.Propose(1, now_ms).has_value());
  }
}

TEST_F(PartitionReplicaTest, AsksToTakeInWhoHasCaughtUp) {
  ASSERT_TRUE(replica_.Apply(State(1, 1, {1, 2}), end_, 0));
  ASSERT_TRUE(Fetch(2, 10).ok());
  ASSERT_TRUE(Fetch(3, 9).ok());
  EXPECT_FALSE(replica_.Propose(1, 1).has_value());
  ASSERT_TRUE(Fetch(3, 10).ok());
  const auto proposal = replica_.Propose(1, 2);
  ASSERT_TRUE(proposal.has_value());
  EXPECT_EQ(proposal->isr, (std::vector<BrokerId>{1, 2, 3}));
  // It counts at once.
  Append(2);
  replica_.Durable(12);
  ASSERT_TRUE(Fetch(2, 12, 3, 11).ok());
  EXPECT_EQ(replica_.high_watermark(), 10);
}

TEST_F(PartitionReplicaTest, UnknownOutcomeKeepsTheLargerSetAndAsksAgain) {
  ASSERT_TRUE(replica_.Apply(State(1, 1, {1, 2}), end_, 0));
  ASSERT_TRUE(Fetch(2, 10).ok());
  ASSERT_TRUE(Fetch(3, 10).ok());
  ASSERT_TRUE(replica_.Propose(1, 2).has_value());
  replica_.ProposalAnswered(absl::UnavailableError(""), 3);
  Append(2);
  replica_.Durable(12);
  ASSERT_TRUE(Fetch(2, 12, 3, 11).ok());
  EXPECT_EQ(replica_.high_watermark(), 10) << "3 may be in";
  EXPECT_FALSE(replica_.Propose(1, 4).has_value()) << "not at once";
  EXPECT_TRUE(replica_.Propose(1, 300).has_value());
  // What is refused before it is written was not made, but the first may be.
  replica_.ProposalAnswered(BrokerError(ErrorKind::kStaleBroker, ""), 300);
  EXPECT_EQ(replica_.high_watermark(), 10);
  ASSERT_TRUE(replica_.Apply(State(1, 2, {1, 2}), end_, 0));
  EXPECT_EQ(replica_.high_watermark(), 12);
}

TEST_F(PartitionReplicaTest, RefusedProposalIsForgotten) {
  ASSERT_TRUE(replica_.Apply(State(1, 1, {1, 2}), end_, 0));
  ASSERT_TRUE(Fetch(2, 10).ok());
  ASSERT_TRUE(Fetch(3, 10).ok());
  ASSERT_TRUE(replica_.Propose(1, 2).has_value());
  Append(2);
  replica_.Durable(12);
  ASSERT_TRUE(Fetch(2, 12, 3, 11).ok());
  replica_.ProposalAnswered(BrokerError(ErrorKind::kStaleBroker, ""), 3);
  EXPECT_EQ(replica_.high_watermark(), 12);
}

TEST_F(PartitionReplicaTest, AnotherLifeOfAFollowerHasToBeginAnew) {
  ASSERT_TRUE(replica_.Apply(State(1, 1, {1, 2}), end_, 0));
  ASSERT_TRUE(Fetch(2, 8).ok());
  EXPECT_EQ(replica_.high_watermark(), 8);
  Append(2);
  replica_.Durable(12);
  ASSERT_TRUE(Fetch(2, 3, 0, 3, /*life=*/8).ok());
  EXPECT_TRUE(
      Is(Fetch(2, 10, 0, 3, /*life=*/7).status(), ErrorKind::kStaleBroker));
  EXPECT_EQ(replica_.high_watermark(), 8) << "never back";
}

}  // namespace
}  // namespace quorate::broker
