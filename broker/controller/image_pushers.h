// ImagePushers: sends the newest image to every broker that stands in it, again
// until it is acknowledged. Each broker has its own pace: one that is slow or
// away slows nobody, and misses images that are no longer the newest.
//
// Thread-safe.

#ifndef QUORATE_BROKER_CONTROLLER_IMAGE_PUSHERS_H_
#define QUORATE_BROKER_CONTROLLER_IMAGE_PUSHERS_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "broker/controller/broker_link.h"
#include "broker/image/cluster_image.h"
#include "coord/rpc/timer.h"

namespace quorate::broker {

class ImagePushers {
 public:
  // A broker has answered. On any thread; must not block, nor call this.
  using OnAnswer = std::function<void(BrokerId, const absl::Status&)>;

  static constexpr int64_t kMinBackoffMs = 20;
  static constexpr int64_t kMaxBackoffMs = 1'000;

  // `timer` must outlive this.
  ImagePushers(OpenBrokerLink open, rpc::Timer& timer, OnAnswer on_answer);
  // Gives up. No answer is told after it.
  ~ImagePushers();
  ImagePushers(const ImagePushers&) = delete;
  ImagePushers& operator=(const ImagePushers&) = delete;

  // REQUIRES: a newer version of the same controller.
  void Push(std::shared_ptr<const ClusterImage> image);

  // The highest version that this life of the broker has acknowledged; 0: none,
  // or it does not stand in the newest image.
  uint64_t Acknowledged(const BrokerInfo& broker) const;

 private:
  class Shared;
  const std::shared_ptr<Shared> shared_;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CONTROLLER_IMAGE_PUSHERS_H_
