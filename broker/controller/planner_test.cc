#include "broker/controller/planner.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "gtest/gtest.h"

namespace quorate::broker {
namespace {

// Brokers with lives of their own, and one topic "t".
Cluster Make(const std::map<BrokerId, uint64_t>& brokers,
             std::vector<PartitionState> partitions, uint64_t written = 1'000) {
  Cluster cluster;
  for (const auto& [id, epoch] : brokers) {
    cluster.image.brokers[id] = {id, "host:1", epoch};
  }
  cluster.written["t"].assign(partitions.size(), written);
  cluster.image.topics["t"] = {
      .topic_id = 77, .config = {}, .partitions = std::move(partitions)};
  return cluster;
}

PartitionState State(std::vector<BrokerId> replicas, BrokerId leader,
                     std::vector<BrokerId> isr) {
  return {std::move(replicas), leader, 5, std::move(isr), 3};
}

// The one partition after what is planned; as it was if nothing is.
PartitionState Planned(const Cluster& cluster) {
  const std::vector<PartitionChange> changes = PlanLeaders(cluster);
  EXPECT_LE(changes.size(), 1);
  return changes.empty() ? cluster.image.topics.at("t").partitions[0]
                         : changes[0].state;
}

TEST(PlanLeaders, LeavesAHealthyPartitionAlone) {
  const Cluster cluster =
      Make({{1, 10}, {2, 11}, {3, 12}}, {State({2, 1, 3}, 1, {1, 3})});
  EXPECT_TRUE(PlanLeaders(cluster).empty());
}

TEST(PlanLeaders, FirstInSyncReplicaFollowsADeadLeader) {
  const PartitionState next =
      Planned(Make({{1, 10}, {3, 12}}, {State({2, 3, 1}, 2, {2, 3, 1})}));
  EXPECT_EQ(next.leader, 3);
  EXPECT_EQ(next.isr, (std::vector<BrokerId>{3, 1}));
  EXPECT_EQ(next.leader_epoch, 6);
  EXPECT_EQ(next.version, 3);
}

TEST(PlanLeaders, ADeadFollowerLeavesTheIsr) {
  const PartitionState next =
      Planned(Make({{2, 10}, {3, 12}}, {State({2, 3, 1}, 2, {2, 3, 1})}));
  EXPECT_EQ(next.leader, 2);
  EXPECT_EQ(next.isr, (std::vector<BrokerId>{2, 3}));
  EXPECT_EQ(next.leader_epoch, 6);
}

TEST(PlanLeaders, WithoutACleanOneNobodyLeads) {
  // 3 is live, but was not in sync: it never leads.
  const PartitionState none =
      Planned(Make({{3, 12}}, {State({1, 2, 3}, 1, {1, 2})}));
  EXPECT_EQ(none.leader, kNoBroker);
  EXPECT_EQ(none.isr, (std::vector<BrokerId>{1, 2}));
  EXPECT_EQ(none.leader_epoch, 6);
  EXPECT_TRUE(PlanLeaders(Make({{3, 12}}, {none})).empty());
  // Either of the two has everything.
  const PartitionState back = Planned(Make({{2, 2'000}, {3, 12}}, {none}));
  EXPECT_EQ(back.leader, 2);
  EXPECT_EQ(back.isr, (std::vector<BrokerId>{2}));
  EXPECT_EQ(back.leader_epoch, 7);
}

TEST(PlanLeaders, AResigningLeaderGivesWay) {
  Cluster cluster =
      Make({{1, 10}, {2, 11}, {3, 12}}, {State({1, 2, 3}, 1, {1, 2, 3})});
  cluster.resigning = {1, 2};
  EXPECT_EQ(CountRemaining(cluster, 1), 1);
  const PartitionState next = Planned(cluster);
  EXPECT_EQ(next.leader, 3);
  EXPECT_EQ(next.isr, (std::vector<BrokerId>{1, 2, 3}));
  cluster.image.topics["t"].partitions[0] = next;
  EXPECT_EQ(CountRemaining(cluster, 1), 0);
  // Alone, it leads on until it is gone.
  Cluster alone = Make({{1, 10}}, {State({1, 2}, 1, {1})});
  alone.resigning = {1};
  EXPECT_TRUE(PlanLeaders(alone).empty());
  EXPECT_EQ(CountRemaining(alone, 1), 0);
  alone.image.topics["t"].partitions[0].leader = kNoBroker;
  EXPECT_EQ(Planned(alone).leader, 1);
}

TEST(PlanLeaders, EachLifeOfALeaderHasAnEpoch) {
  const PartitionState state = State({1, 2}, 1, {1, 2});
  const PartitionState next =
      Planned(Make({{1, 1'001}, {2, 11}}, {state}, 1'000));
  EXPECT_EQ(next.leader, 1);
  EXPECT_EQ(next.leader_epoch, 6);
  // A follower's life changes nothing: what it has is durable.
  EXPECT_TRUE(PlanLeaders(Make({{1, 10}, {2, 1'001}}, {state}, 1'000)).empty());
}

TEST(PlanPreferred, GivesBackWhatCanBe) {
  const Cluster cluster =
      Make({{1, 10}, {2, 11}}, {State({1, 2}, 2, {1, 2}),    // given back
                                State({1, 2}, 1, {1, 2}),    // is so
                                State({1, 2}, 2, {2}),       // not in sync
                                State({3, 2}, 2, {3, 2})});  // not live
  const std::vector<PartitionChange> changes = PlanPreferred(cluster);
  ASSERT_EQ(changes.size(), 1);
  EXPECT_EQ(changes[0].partition, 0);
  EXPECT_EQ(changes[0].state.leader, 1);
  EXPECT_EQ(changes[0].state.leader_epoch, 6);
  Cluster resigning = cluster;
  resigning.resigning = {1};
  EXPECT_TRUE(PlanPreferred(resigning).empty());
}

TEST(PlaceReplicas, NeedsAsManyBrokers) {
  const Cluster cluster = Make({{1, 10}, {2, 11}}, {});
  EXPECT_TRUE(
      Is(PlaceReplicas(cluster, 1, 3).status(), ErrorKind::kNotEnoughBrokers));
  EXPECT_TRUE(PlaceReplicas(cluster, 1, 2).ok());
}

TEST(PlaceReplicas, EvenlyAndApart) {
  const Cluster cluster =
      Make({{1, 1}, {2, 1}, {3, 1}, {4, 1}, {5, 1}, {6, 1}}, {});
  const auto placed = PlaceReplicas(cluster, 60, 3);
  ASSERT_TRUE(placed.ok());
  std::map<BrokerId, int> leaders;
  std::map<BrokerId, int> replicas;
  std::map<std::pair<BrokerId, BrokerId>, int> next;
  for (const PartitionState& state : *placed) {
    EXPECT_EQ(state.isr, state.replicas);
    EXPECT_EQ(state.leader, state.replicas[0]);
    ++leaders[state.leader];
    for (const BrokerId id : state.replicas) ++replicas[id];
    ++next[{state.replicas[0], state.replicas[1]}];
  }
  for (BrokerId id = 1; id <= 6; ++id) {
    EXPECT_EQ(leaders[id], 10) << id;
    EXPECT_NEAR(replicas[id], 30, 2) << id;
    for (BrokerId other = 1; other <= 6; ++other) {
      if (other == id) continue;
      EXPECT_NEAR((next[{id, other}]), 2, 1) << id << " and " << other;
    }
  }
}

// What is there already counts, and who is about to stop gets nothing if the
// others are enough.
TEST(PlaceReplicas, LooksAtOtherTopics) {
  Cluster cluster = Make({{1, 1}, {2, 1}, {3, 1}},
                         {State({1, 2}, 1, {1, 2}), State({1, 2}, 1, {1, 2})});
  auto placed = PlaceReplicas(cluster, 1, 1);
  ASSERT_TRUE(placed.ok());
  EXPECT_EQ((*placed)[0].leader, 3);
  cluster.resigning = {3};
  placed = PlaceReplicas(cluster, 1, 1);
  ASSERT_TRUE(placed.ok());
  EXPECT_EQ((*placed)[0].leader, 2);
}

TEST(WithDefaults, FitTheCluster) {
  const TopicConfig three = WithDefaults({}, 5);
  EXPECT_EQ(three.replication_factor, 3);
  EXPECT_EQ(three.min_insync_replicas, 2);
  EXPECT_EQ(three.segment_bytes, 64 << 20);
  EXPECT_EQ(three.max_batch_bytes, 1 << 20);
  EXPECT_EQ(WithDefaults({}, 1).replication_factor, 1);
  EXPECT_EQ(WithDefaults({}, 1).min_insync_replicas, 1);
  EXPECT_EQ(WithDefaults({.replication_factor = 1}, 3).min_insync_replicas, 1);
  EXPECT_EQ(WithDefaults({.min_insync_replicas = 3}, 3).min_insync_replicas, 3);
}

class DecideIsrTest : public testing::Test {
 protected:
  Cluster cluster_ =
      Make({{1, 10}, {2, 11}, {3, 12}}, {State({1, 2, 3}, 1, {1, 2})});
  IsrRequest request_ = {.broker = 1,
                         .broker_epoch = 10,
                         .topic = "t",
                         .topic_id = 77,
                         .partition = 0,
                         .leader_epoch = 5,
                         .version = 3,
                         .isr = {3, 1, 2},
                         .isr_broker_epochs = {12, 10, 11}};

  ::testing::AssertionResult Refused(ErrorKind kind) {
    const auto decided = DecideIsr(cluster_, request_);
    if (Is(decided.status(), kind)) return testing::AssertionSuccess();
    return testing::AssertionFailure() << decided.status();
  }
};

TEST_F(DecideIsrTest, GrowsAndShrinks) {
  auto decided = DecideIsr(cluster_, request_);
  ASSERT_TRUE(decided.ok() && decided->has_value()) << decided.status();
  EXPECT_EQ((*decided)->isr, (std::vector<BrokerId>{1, 2, 3}));
  EXPECT_EQ((*decided)->leader, 1);
  EXPECT_EQ((*decided)->leader_epoch, 6);
  EXPECT_EQ((*decided)->version, 3);
  request_.isr = {1};
  request_.isr_broker_epochs = {10};
  decided = DecideIsr(cluster_, request_);
  ASSERT_TRUE(decided.ok() && decided->has_value());
  EXPECT_EQ((*decided)->isr, (std::vector<BrokerId>{1}));
}

TEST_F(DecideIsrTest, ToldAgainChangesNothing) {
  auto decided = DecideIsr(cluster_, request_);
  ASSERT_TRUE(decided.ok() && decided->has_value());
  PartitionState next = **decided;
  ++next.version;
  cluster_.image.topics["t"].partitions[0] = next;
  decided = DecideIsr(cluster_, request_);
  ASSERT_TRUE(decided.ok()) << decided.status();
  EXPECT_FALSE(decided->has_value());
  // Another change has come since: no.
  ++cluster_.image.topics["t"].partitions[0].version;
  EXPECT_TRUE(Refused(ErrorKind::kStaleVersion));
}

TEST_F(DecideIsrTest, RefusesOthersThanTheLeaderOfNow) {
  const IsrRequest good = request_;
  request_.broker_epoch = 9;
  EXPECT_TRUE(Refused(ErrorKind::kStaleBroker));
  request_ = good;
  request_.broker = 4;
  EXPECT_TRUE(Refused(ErrorKind::kStaleBroker));
  request_ = good;
  request_.broker = 2;
  request_.broker_epoch = 11;
  EXPECT_TRUE(Refused(ErrorKind::kStaleVersion));
  request_ = good;
  request_.version = 2;
  EXPECT_TRUE(Refused(ErrorKind::kStaleVersion));
  request_ = good;
  request_.leader_epoch = 4;
  EXPECT_TRUE(Refused(ErrorKind::kStaleVersion));
  request_ = good;
  request_.topic_id = 78;
  EXPECT_TRUE(Refused(ErrorKind::kStaleVersion));
  request_ = good;
  request_.topic = "u";
  EXPECT_TRUE(Refused(ErrorKind::kNoTopic));
  request_ = good;
  request_.partition = 1;
  EXPECT_TRUE(Refused(ErrorKind::kNoTopic));
}

TEST_F(DecideIsrTest, NobodyEntersUnregistered) {
  request_.isr_broker_epochs[0] = 11;  // an earlier life of 3
  EXPECT_TRUE(Refused(ErrorKind::kStaleBroker));
  request_.isr_broker_epochs[0] = 12;
  cluster_.image.brokers.erase(3);
  EXPECT_TRUE(Refused(ErrorKind::kStaleBroker));
}

TEST_F(DecideIsrTest, RefusesWhatIsNoIsr) {
  for (const std::vector<BrokerId>& isr :
       std::vector<std::vector<BrokerId>>{{}, {2}, {1, 1}, {1, 4}}) {
    request_.isr = isr;
    request_.isr_broker_epochs.assign(isr.size(), 10);
    EXPECT_TRUE(Refused(ErrorKind::kBadRequest));
  }
  request_.isr = {1, 2};
  request_.isr_broker_epochs = {10};
  EXPECT_TRUE(Refused(ErrorKind::kBadRequest));
}

}  // namespace
}  // namespace quorate::broker
