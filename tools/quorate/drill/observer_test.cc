#include "tools/quorate/drill/observer.h"

#include <csignal>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tools/quorate/console.h"
#include "tools/quorate/drill/patience.h"
#include "tools/quorate/drill/record.h"
#include "tools/quorate/drill/stage.h"
#include "tools/quorate/drill/timeline.h"
#include "tools/quorate/interrupt.h"

namespace quorate::tools {
namespace {

constexpr absl::Duration kLong = absl::Seconds(60);

// Members that stand in `tree_of`, each with the tree of its ensemble.
class FakeStage final : public Stage {
 public:
  std::map<uint64_t, int> tree_of;
  std::map<int, std::set<std::string>> trees;
  std::set<uint64_t> leaders;
  std::set<uint64_t> silent;

  absl::Status Start(uint64_t, ListOf) override { return absl::OkStatus(); }
  absl::Status Stop(uint64_t id) override {
    tree_of.erase(id);
    return absl::OkStatus();
  }
  std::optional<std::string> Ended(uint64_t) override { return std::nullopt; }
  std::vector<uint64_t> Running() const override {
    std::vector<uint64_t> ids;
    for (const auto& [id, tree] : tree_of) ids.push_back(id);
    return ids;
  }
  std::string AddressOf(uint64_t) const override { return ""; }

  View Look(uint64_t id) override {
    if (silent.contains(id)) return {.id = id};
    return {.id = id,
            .answers = true,
            .role = leaders.contains(id) ? "leader" : "follower",
            .serving = true};
  }
  absl::Status Write(uint64_t id, const std::string& path, const std::string&,
                     absl::Duration) override {
    const absl::MutexLock lock(&mutex_);
    if (silent.contains(id)) return absl::UnavailableError("silent");
    trees[tree_of.at(id)].insert(path);
    return absl::OkStatus();
  }
  absl::StatusOr<std::set<std::string>> Find(
      uint64_t id, const std::vector<std::string>& paths,
      absl::Duration) override {
    const absl::MutexLock lock(&mutex_);
    if (silent.contains(id)) return absl::UnavailableError("silent");
    std::set<std::string> found;
    for (const std::string& path : paths) {
      if (trees[tree_of.at(id)].contains(path)) found.insert(path);
    }
    return found;
  }

 private:
  absl::Mutex mutex_;
};

class ObserverTest : public ::testing::Test {
 protected:
  // Members 1 and 3 of one ensemble, 4 and 7 of another.
  void TwoEnsembles() {
    stage_.tree_of = {{1, 0}, {3, 0}, {4, 1}, {7, 1}};
    stage_.leaders = {3, 7};
  }

  std::ostringstream out_;
  const Console console_{.out = out_, .err = out_};
  FakeStage stage_;
  const Interrupt interrupt_;
  const Patience patience_{interrupt_};
  Timeline timeline_{console_};
  Record record_;
  Observer observer_{stage_, patience_, timeline_, record_};
};

TEST_F(ObserverTest, SeesASplit) {
  TwoEnsembles();
  ASSERT_TRUE(observer_.WriteSurely(1, Phase::kBefore, kOldRoot).ok());
  const Round& round = observer_.MakeRound(Phase::kDuring, kLong);
  EXPECT_EQ(round.views.size(), 4u);
  EXPECT_TRUE(SplitOf(round).has_value());
  ASSERT_EQ(record_.trees.size(), 2u);
  EXPECT_TRUE(record_.trees[0].has_old_data);
  EXPECT_FALSE(record_.trees[1].has_old_data);
  EXPECT_EQ(observer_.OnlyLeader(), 0u);
}

// Two that say that they lead, of one tree: leadership is passing.
TEST_F(ObserverTest, SeesNoSplitWithinOneTree) {
  stage_.tree_of = {{1, 0}, {2, 0}, {3, 0}};
  stage_.leaders = {2, 3};
  EXPECT_FALSE(SplitOf(observer_.MakeRound(Phase::kDuring, kLong)).has_value());
}

TEST_F(ObserverTest, WritesThroughEverybodyIfNobodyLeads) {
  TwoEnsembles();
  stage_.leaders.clear();
  stage_.silent = {4};
  const Round& round = observer_.MakeRound(Phase::kDuring, kLong);
  EXPECT_EQ(round.writes.size(), 3u);
  EXPECT_FALSE(SplitOf(round).has_value());
}

TEST_F(ObserverTest, AccountsForEveryAcknowledgedWrite) {
  TwoEnsembles();
  ASSERT_TRUE(observer_.WriteSurely(1, Phase::kBefore, "/one").ok());
  observer_.MakeRound(Phase::kDuring, kLong);
  // The first ensemble joins the second, which has none of its writes; one
  // member is silent and knows nothing to tell.
  stage_.tree_of = {{1, 1}, {3, 1}, {4, 1}, {7, 1}};
  stage_.leaders = {7};
  stage_.silent = {4};
  stage_.tree_of.erase(3);
  ASSERT_TRUE(observer_.Account().ok());
  ASSERT_EQ(record_.fates.size(), 3u);
  EXPECT_EQ(record_.fates[0].path, "/one");
  EXPECT_EQ(record_.fates[0].acked_by, 1u);
  EXPECT_TRUE(record_.fates[0].lost());
  EXPECT_EQ(record_.fates[0].missing_at, std::vector<uint64_t>({1, 7}));
  EXPECT_EQ(record_.fates[1].acked_by, 3u);
  EXPECT_TRUE(record_.fates[1].lost());
  EXPECT_EQ(record_.fates[2].acked_by, 7u);
  EXPECT_TRUE(record_.fates[2].everywhere());
}

TEST_F(ObserverTest, StopsForCtrlC) {
  TwoEnsembles();
  stage_.silent = {1};
  std::raise(SIGINT);
  EXPECT_TRUE(
      absl::IsCancelled(observer_.WriteSurely(1, Phase::kBefore, "/never")));
  EXPECT_TRUE(absl::IsCancelled(observer_.Account()));
}

}  // namespace
}  // namespace quorate::tools
