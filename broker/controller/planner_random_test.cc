// The planner against what must hold whatever happens: brokers come, go, live
// again, resign; leaders change their ISR; topics are made.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "broker/controller/planner.h"
#include "broker/image/cluster_image.h"
#include "coord/base/seeded_random.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace quorate::broker {
namespace {

constexpr BrokerId kBrokers = 5;

bool Has(const std::vector<BrokerId>& ids, BrokerId id) {
  return std::count(ids.begin(), ids.end(), id) != 0;
}

// What must hold between a state and the one that replaces it, said once more
// without the planner's words. Empty: it holds.
std::string Judge(const PartitionState& before, const PartitionState& after,
                  const std::set<BrokerId>& live) {
  if (after.replicas != before.replicas) return "replicas have changed";
  if (after.isr.empty()) return "nobody is in sync";
  for (const BrokerId id : after.isr) {
    if (!Has(before.isr, id)) return "somebody has entered the ISR";
    // Unless the ISR was left whole, for want of a live member.
    if (!live.contains(id) && after.isr != before.isr) {
      return "a dead one has stayed while another has left";
    }
  }
  const bool any_live =
      std::any_of(before.isr.begin(), before.isr.end(),
                  [&](BrokerId id) { return live.contains(id); });
  for (const BrokerId id : before.isr) {
    if (live.contains(id) && !Has(after.isr, id)) return "a live one has left";
  }
  if (any_live != (after.leader != kNoBroker)) return "leader or none?";
  if (after.leader != kNoBroker &&
      (!live.contains(after.leader) || !Has(after.isr, after.leader))) {
    return "an unclean leader";
  }
  const bool differs = after.leader != before.leader || after.isr != before.isr;
  if (differs && after.leader_epoch != before.leader_epoch + 1) {
    return "a change without an epoch of its own";
  }
  if (after.version != before.version) return "another version";
  return "";
}

class World {
 public:
  explicit World(SeededRandom& random) : random_(random) {}

  void Step() {
    switch (random_.Below(8)) {
      case 0:
      case 1:
        cluster_.image.brokers.erase(AnyBroker());
        break;
      case 2:
      case 3: {
        const BrokerId id = AnyBroker();
        cluster_.image.brokers[id] = {id, "a:1", ++zxid_};
        break;
      }
      case 4: {
        const BrokerId id = AnyBroker();
        if (!cluster_.resigning.erase(id)) cluster_.resigning.insert(id);
        break;
      }
      case 5:
        CreateTopic();
        break;
      case 6:
        AlterIsr();
        break;
      default:
        Apply(PlanPreferred(cluster_), "preferred");
    }
    Settle();
  }

 private:
  BrokerId AnyBroker() {
    return static_cast<BrokerId>(random_.Between(1, kBrokers));
  }

  std::set<BrokerId> Live() const {
    std::set<BrokerId> live;
    for (const auto& [id, broker] : cluster_.image.brokers) live.insert(id);
    return live;
  }

  void CreateTopic() {
    if (cluster_.image.topics.size() >= 4) return;
    absl::StatusOr<std::vector<PartitionState>> placed =
        PlaceReplicas(cluster_, static_cast<int32_t>(random_.Between(1, 6)),
                      static_cast<int32_t>(random_.Between(1, 3)));
    if (!placed.ok()) return;
    const std::string name = absl::StrCat("t", cluster_.image.topics.size());
    cluster_.written[name].assign(placed->size(), ++zxid_);
    cluster_.image.topics[name] = {zxid_, {}, *std::move(placed)};
  }

  // A leader that may be out of date asks for any ISR.
  void AlterIsr() {
    if (cluster_.image.topics.empty()) return;
    const auto& [name, topic] = *cluster_.image.topics.begin();
    PartitionState before = topic.partitions[0];
    IsrRequest request = {.broker = before.leader,
                          .topic = name,
                          .topic_id = topic.topic_id,
                          .partition = 0,
                          .leader_epoch = before.leader_epoch,
                          .version = before.version};
    for (const BrokerId id : before.replicas) {
      if (random_.Chance(300'000) && id != before.leader) continue;
      request.isr.push_back(id);
      const auto broker = cluster_.image.brokers.find(id);
      request.isr_broker_epochs.push_back(broker == cluster_.image.brokers.end()
                                              ? 1
                                              : broker->second.broker_epoch);
    }
    if (before.leader != kNoBroker) {
      request.broker_epoch =
          cluster_.image.brokers.at(before.leader).broker_epoch;
    }
    if (random_.Chance(200'000)) --request.version;
    const auto decided = DecideIsr(cluster_, request);
    if (!decided.ok() || !decided->has_value()) return;
    ASSERT_EQ(request.version, before.version);
    ASSERT_EQ((*decided)->leader, before.leader);
    for (const BrokerId id : (*decided)->isr) ASSERT_TRUE(Live().contains(id));
    Write({name, 0, **decided});
  }

  void Write(const PartitionChange& change) {
    PartitionState& state =
        cluster_.image.topics.at(change.topic).partitions.at(change.partition);
    ASSERT_EQ(state.version, change.state.version);
    state = change.state;
    ++state.version;
    cluster_.written.at(change.topic).at(change.partition) = ++zxid_;
  }

  void Apply(const std::vector<PartitionChange>& changes, const char* what) {
    for (const PartitionChange& change : changes) {
      const PartitionState before =
          *cluster_.image.Find(change.topic, change.partition);
      ASSERT_EQ(Judge(before, change.state, Live()), "") << what;
      Write(change);
    }
  }

  void Settle() {
    const Cluster before = cluster_;
    Apply(PlanLeaders(cluster_), "leaders");
    ASSERT_TRUE(PlanLeaders(cluster_).empty()) << "not settled by one plan";
    for (const auto& [name, topic] : cluster_.image.topics) {
      for (size_t i = 0; i < topic.partitions.size(); ++i) {
        const PartitionState& now = topic.partitions[i];
        const PartitionState& then = before.image.topics.at(name).partitions[i];
        PartitionState unchanged = now;
        unchanged.version = then.version;
        ASSERT_EQ(Judge(then, unchanged, Live()), "") << name << "/" << i;
        if (now.leader == kNoBroker) continue;
        ASSERT_LT(cluster_.image.brokers.at(now.leader).broker_epoch,
                  cluster_.written.at(name)[i])
            << "a new life of a leader in an old epoch";
      }
    }
    for (const BrokerId id : cluster_.resigning) {
      ASSERT_EQ(CountRemaining(cluster_, id), 0);
    }
  }

  SeededRandom& random_;
  Cluster cluster_;
  uint64_t zxid_ = 100;
};

TEST(PlannerRandom, KeepsItsPromises) {
  SeededRandom random(TestSeed());
  for (int run = 0; run < 300; ++run) {
    World world(random);
    for (int step = 0; step < 100; ++step) {
      world.Step();
      if (testing::Test::HasFatalFailure()) {
        FAIL() << "in run " << run << ", step " << step;
      }
    }
  }
}

// The judge can fail.
TEST(PlannerRandom, TheJudgeSeesWhatIsWrong) {
  const PartitionState before = {{1, 2, 3}, 1, 4, {1, 2}, 7};
  const auto judge = [&](BrokerId leader, int32_t epoch,
                         std::vector<BrokerId> isr,
                         const std::set<BrokerId>& live) {
    return Judge(before, {{1, 2, 3}, leader, epoch, std::move(isr), 7}, live);
  };
  EXPECT_EQ(judge(2, 5, {2}, {2, 3}), "");
  EXPECT_NE(judge(2, 4, {2}, {2, 3}), "");
  EXPECT_NE(judge(3, 5, {3}, {2, 3}), "");
  EXPECT_NE(judge(2, 5, {2, 3}, {2, 3}), "");
  EXPECT_NE(judge(1, 5, {1, 2}, {2, 3}), "");
  EXPECT_NE(judge(-1, 5, {2}, {2, 3}), "");
  EXPECT_NE(judge(1, 5, {1}, {1, 2}), "");
  EXPECT_NE(judge(-1, 5, {}, {}), "");
  EXPECT_EQ(judge(-1, 5, {1, 2}, {3}), "");
  EXPECT_NE(judge(3, 5, {1, 2}, {3}), "");
}

}  // namespace
}  // namespace quorate::broker
