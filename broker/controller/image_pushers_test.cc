#include "broker/controller/image_pushers.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "broker/controller/test_links.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "coord/rpc/timer.h"
#include "gtest/gtest.h"

namespace quorate::broker {
namespace {

BrokerInfo Info(BrokerId id, uint64_t epoch = 1) {
  return {id, "host:" + std::to_string(id), epoch};
}

std::shared_ptr<const ClusterImage> Image(
    uint64_t version, const std::vector<BrokerInfo>& brokers) {
  ClusterImage image;
  image.version = version;
  for (const BrokerInfo& broker : brokers) image.brokers[broker.id] = broker;
  return std::make_shared<const ClusterImage>(image);
}

class ImagePushersTest : public testing::Test {
 protected:
  TestLinks links_;
  rpc::Timer timer_;
  std::atomic<int> answers_ = 0;
  std::atomic<int> refusals_ = 0;
  ImagePushers pushers_{links_.Opener(), timer_,
                        [this](BrokerId, const absl::Status& status) {
                          ++answers_;
                          if (Is(status, ErrorKind::kStaleController))
                            ++refusals_;
                        }};
};

TEST_F(ImagePushersTest, ASlowBrokerSlowsNobody) {
  pushers_.Push(Image(1, {Info(1), Info(2)}));
  TestLinks::Told slow = links_.Take("host:1");
  for (uint64_t version = 2; version <= 5; ++version) {
    links_.Take("host:2").done(absl::OkStatus());
    EXPECT_EQ(pushers_.Acknowledged(Info(2)), version - 1);
    pushers_.Push(Image(version, {Info(1), Info(2)}));
  }
  EXPECT_FALSE(links_.HasTold("host:1"));
  EXPECT_EQ(pushers_.Acknowledged(Info(1)), 0);
  // Then it is told the newest alone.
  slow.done(absl::OkStatus());
  EXPECT_EQ(pushers_.Acknowledged(Info(1)), 1);
  slow = links_.Take("host:1");
  EXPECT_EQ(slow.image.version, 5);
  slow.done(absl::OkStatus());
  EXPECT_EQ(pushers_.Acknowledged(Info(1)), 5);
  EXPECT_FALSE(links_.HasTold("host:1"));
}

TEST_F(ImagePushersTest, TellsAgainUntilItIsAcknowledged) {
  pushers_.Push(Image(1, {Info(1)}));
  for (int i = 0; i < 4; ++i) {
    TestLinks::Told told = links_.Take("host:1");
    EXPECT_EQ(told.image.version, 1);
    told.done(absl::UnavailableError("not there"));
  }
  EXPECT_EQ(pushers_.Acknowledged(Info(1)), 0);
  links_.Take("host:1").done(absl::OkStatus());
  EXPECT_EQ(pushers_.Acknowledged(Info(1)), 1);
  EXPECT_EQ(answers_.load(), 5);
}

TEST_F(ImagePushersTest, AnotherLifeIsToldAnew) {
  pushers_.Push(Image(1, {Info(1)}));
  TestLinks::Told late = links_.Take("host:1");
  pushers_.Push(Image(2, {Info(1, 7)}));
  TestLinks::Told told = links_.Take("host:1");
  EXPECT_EQ(told.image.version, 2);
  // The answer of the life before counts for nobody.
  late.done(absl::OkStatus());
  EXPECT_EQ(pushers_.Acknowledged(Info(1)), 0);
  EXPECT_EQ(pushers_.Acknowledged(Info(1, 7)), 0);
  told.done(absl::OkStatus());
  EXPECT_EQ(pushers_.Acknowledged(Info(1, 7)), 2);
  // Gone: nobody is told, and nothing is known of it.
  pushers_.Push(Image(3, {}));
  EXPECT_EQ(pushers_.Acknowledged(Info(1, 7)), 0);
  EXPECT_FALSE(links_.HasTold("host:1"));
}

TEST_F(ImagePushersTest, SaysWhoObeysSomebodyElse) {
  pushers_.Push(Image(1, {Info(1)}));
  links_.Take("host:1").done(BrokerError(ErrorKind::kStaleController, "no"));
  EXPECT_EQ(refusals_.load(), 1);
}

TEST(ImagePushers, TellsNothingAfterItsEnd) {
  TestLinks links;
  rpc::Timer timer;
  int answers = 0;
  TestLinks::Told told;
  {
    ImagePushers pushers(links.Opener(), timer,
                         [&](BrokerId, const absl::Status&) { ++answers; });
    pushers.Push(Image(1, {Info(1)}));
    told = links.Take("host:1");
  }
  told.done(absl::OkStatus());
  EXPECT_EQ(answers, 0);
}

}  // namespace
}  // namespace quorate::broker
