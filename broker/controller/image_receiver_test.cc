#include "broker/controller/image_receiver.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "broker/controller/fence.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "coord/storage/testing/fault_file_system.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace quorate::broker {
namespace {

constexpr BrokerId kSelf = 7;
constexpr uint64_t kThisLife = 70;

std::shared_ptr<const ClusterImage> Image(int64_t epoch, uint64_t version,
                                          uint64_t life = kThisLife) {
  ClusterImage image;
  if (life != 0) image.brokers[kSelf] = {kSelf, "host:1", life};
  image.controller = {.token = {std::string(16, 'a'), 1},
                      .controller_epoch = epoch,
                      .broker_id = 1};
  image.version = version;
  return std::make_shared<const ClusterImage>(image);
}

class ImageReceiverTest : public testing::Test {
 protected:
  ImageReceiverTest() : files_(TestSeed()) {
    EXPECT_TRUE(files_.CreateDirectory("d").ok());
    fence_ = Fence::Open(files_, {"d", std::string(16, 'a'), false}).value();
  }

  absl::Status Receive(ImageReceiver& receiver,
                       std::shared_ptr<const ClusterImage> image) {
    absl::Notification told;
    absl::Status result;
    receiver.Receive(std::move(image), [&](const absl::Status& status) {
      result = status;
      told.Notify();
    });
    told.WaitForNotification();
    return result;
  }

  storage::FaultFileSystem files_;
  std::unique_ptr<Fence> fence_;
  std::vector<uint64_t> applied_;  // the receiver's thread's
};

TEST_F(ImageReceiverTest, AppliesNewerOnesOnly) {
  ImageReceiver receiver(kSelf, *fence_, [this](const auto& image) {
    applied_.push_back(image->version);
    return absl::OkStatus();
  });
  receiver.SetBrokerEpoch(kThisLife);
  EXPECT_EQ(receiver.newest(), nullptr);
  EXPECT_TRUE(Receive(receiver, Image(1, 2)).ok());
  EXPECT_TRUE(Receive(receiver, Image(1, 2)).ok());
  EXPECT_TRUE(Receive(receiver, Image(1, 1)).ok());
  EXPECT_EQ(receiver.newest()->version, 2);
  EXPECT_TRUE(Receive(receiver, Image(2, 1)).ok());
  EXPECT_EQ(receiver.newest()->controller.controller_epoch, 2);
  EXPECT_TRUE(Is(Receive(receiver, Image(1, 9)), ErrorKind::kStaleController));
  receiver.Stop();
  EXPECT_EQ(applied_, (std::vector<uint64_t>{2, 1}));
  EXPECT_TRUE(Is(Receive(receiver, Image(3, 1)), ErrorKind::kStopping));
}

// A command that was made before the broker came back, and waited for it.
TEST_F(ImageReceiverTest, RefusesImagesOfAnotherLife) {
  ImageReceiver receiver(kSelf, *fence_, [this](const auto& image) {
    applied_.push_back(image->version);
    return absl::OkStatus();
  });
  const auto is_stale = [&](std::shared_ptr<const ClusterImage> image) {
    return Is(Receive(receiver, std::move(image)), ErrorKind::kStaleVersion);
  };
  EXPECT_TRUE(is_stale(Image(1, 1)));  // not registered yet
  receiver.SetBrokerEpoch(kThisLife);
  EXPECT_TRUE(is_stale(Image(1, 1, kThisLife - 1)));
  EXPECT_TRUE(is_stale(Image(1, 2, 0)));
  EXPECT_EQ(receiver.newest(), nullptr);
  EXPECT_TRUE(Receive(receiver, Image(1, 3)).ok());
  receiver.SetBrokerEpoch(kThisLife + 1);
  EXPECT_TRUE(is_stale(Image(1, 4)));
  EXPECT_TRUE(Receive(receiver, Image(1, 5, kThisLife + 1)).ok());
  receiver.Stop();
  EXPECT_EQ(applied_, (std::vector<uint64_t>{3, 5}));
}

TEST_F(ImageReceiverTest, AFailureIsToldAndNotRemembered) {
  bool fails = true;
  ImageReceiver receiver(kSelf, *fence_, [&](const auto&) {
    return fails ? absl::InternalError("no") : absl::OkStatus();
  });
  receiver.SetBrokerEpoch(kThisLife);
  EXPECT_TRUE(absl::IsInternal(Receive(receiver, Image(1, 1))));
  EXPECT_EQ(receiver.newest(), nullptr);
  fails = false;
  EXPECT_TRUE(Receive(receiver, Image(1, 1)).ok());
}

// While one is being applied others wait; the newest of them is enough.
TEST_F(ImageReceiverTest, PassesOverWhatIsOvertaken) {
  absl::Notification begun;
  absl::Notification go_on;
  ImageReceiver receiver(kSelf, *fence_, [&](const auto& image) {
    applied_.push_back(image->version);
    if (image->version == 1) {
      begun.Notify();
      go_on.WaitForNotification();
    }
    return absl::OkStatus();
  });
  receiver.SetBrokerEpoch(kThisLife);
  absl::Mutex mutex;
  size_t told = 0;
  const auto count = [&](const absl::Status& status) {
    EXPECT_TRUE(status.ok()) << status;
    absl::MutexLock lock(&mutex);
    ++told;
  };
  receiver.Receive(Image(1, 1), count);
  begun.WaitForNotification();
  for (uint64_t version = 2; version <= ImageReceiver::kMaxWaiting + 1;
       ++version) {
    receiver.Receive(Image(1, version), count);
  }
  EXPECT_TRUE(Is(Receive(receiver, Image(1, 99)), ErrorKind::kOverloaded));
  go_on.Notify();
  {
    absl::MutexLock lock(&mutex);
    const auto all = [&] { return told == ImageReceiver::kMaxWaiting + 1; };
    mutex.Await(absl::Condition(&all));
  }
  receiver.Stop();
  EXPECT_EQ(applied_,
            (std::vector<uint64_t>{1, ImageReceiver::kMaxWaiting + 1}));
}

}  // namespace
}  // namespace quorate::broker
