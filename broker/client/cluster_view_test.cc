#include "broker/client/cluster_view.h"

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "gtest/gtest.h"

namespace quorate::broker {
namespace {

const std::string kOurs(16, 'a');
const std::string kTheirs(16, 'b');

std::shared_ptr<const ClusterImage> Image(int64_t epoch, uint64_t version,
                                          int brokers = 2) {
  ClusterImage image;
  image.controller = {.token = {.ensemble_id = kOurs, .czxid = 1},
                      .controller_epoch = epoch,
                      .broker_id = 1};
  image.version = version;
  for (BrokerId id = 1; id <= brokers; ++id) {
    image.brokers[id] = {.id = id, .address = "b" + std::to_string(id) + ":1"};
  }
  image.topics["t"].partitions.push_back({.replicas = {1}, .leader = 1});
  image.topics["t"].partitions.push_back({.replicas = {9}, .leader = 9});
  return std::make_shared<const ClusterImage>(image);
}

ClusterView NewView(bool unsafe = false) {
  return ClusterView({"boot:1", "b2:1"}, "", unsafe, 0);
}

TEST(ClusterViewTest, KnowsNothingAtFirst) {
  ClusterView view = NewView();
  EXPECT_EQ(view.image(), nullptr);
  EXPECT_EQ(view.ensemble_id(), "");
  EXPECT_EQ(view.NextAddress(), "b2:1");
  EXPECT_EQ(view.NextAddress(), "boot:1");
}

TEST(ClusterViewTest, TakesOnlyNewerImages) {
  ClusterView view = NewView();
  EXPECT_TRUE(*view.Offer("b1:1", kOurs, false, Image(2, 5)));
  EXPECT_FALSE(*view.Offer("b1:1", kOurs, false, Image(2, 5)));
  EXPECT_FALSE(*view.Offer("b1:1", kOurs, false, Image(2, 4)));
  // An older controller may have counted further; it stays an older one.
  EXPECT_FALSE(*view.Offer("b1:1", kOurs, false, Image(1, 900)));
  EXPECT_EQ(view.image()->version, 5u);
  EXPECT_TRUE(*view.Offer("b1:1", kOurs, false, Image(3, 1)));
  EXPECT_EQ(view.image()->controller.controller_epoch, 3);
}

TEST(ClusterViewTest, PinsTheEnsemble) {
  ClusterView view = NewView();
  ASSERT_TRUE(view.Offer("b1:1", kOurs, false, Image(1, 1)).ok());
  EXPECT_EQ(view.ensemble_id(), kOurs);
  const auto refused = view.Offer("stray:1", kTheirs, false, Image(9, 9));
  EXPECT_TRUE(Is(refused.status(), ErrorKind::kWrongEnsemble))
      << refused.status();
  EXPECT_EQ(view.image()->version, 1u);
  EXPECT_TRUE(Is(view.Offer("b:1", "short", false, Image(9, 9)).status(),
                 ErrorKind::kBadRequest));
}

TEST(ClusterViewTest, BelievesEverybodyWithoutThePin) {
  ClusterView view = NewView(/*unsafe=*/true);
  ASSERT_TRUE(*view.Offer("b1:1", kOurs, false, Image(5, 1)));
  EXPECT_TRUE(*view.Offer("stray:1", kTheirs, true, Image(1, 1)));
  EXPECT_EQ(view.image()->controller.controller_epoch, 1);
  EXPECT_TRUE(view.unsafe());
}

TEST(ClusterViewTest, AsksEverybodyInTurns) {
  ClusterView view = NewView();
  ASSERT_TRUE(view.Offer("boot:1", kOurs, false, Image(1, 1, 3)).ok());
  std::set<std::string> asked;
  for (int i = 0; i < 4; ++i) asked.insert(view.NextAddress());
  EXPECT_EQ(asked, (std::set<std::string>{"b1:1", "b2:1", "b3:1", "boot:1"}));
}

TEST(ClusterViewTest, FindsLeaders) {
  const auto image = Image(1, 1);
  EXPECT_EQ(*LeaderAddress(*image, "t", 0), "b1:1");
  // A leader that is not registered is none.
  EXPECT_TRUE(Is(LeaderAddress(*image, "t", 1).status(), ErrorKind::kNoLeader));
  EXPECT_TRUE(
      Is(LeaderAddress(*image, "t", 2).status(), ErrorKind::kBadRequest));
  EXPECT_TRUE(Is(LeaderAddress(*image, "u", 0).status(), ErrorKind::kNoTopic));
  EXPECT_EQ(ControllerAddress(*image), "b1:1");
}

}  // namespace
}  // namespace quorate::broker
