#include "broker/controller/image_pushers.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "broker/controller/broker_link.h"
#include "broker/image/cluster_image.h"
#include "coord/base/check.h"
#include "coord/rpc/timer.h"

namespace quorate::broker {

// Outlives the ImagePushers while calls or timers are under way.
class ImagePushers::Shared : public std::enable_shared_from_this<Shared> {
 public:
  Shared(OpenBrokerLink open, rpc::Timer& timer, OnAnswer on_answer)
      : open_(std::move(open)),
        timer_(timer),
        on_answer_(std::move(on_answer)) {}

  void Stop() {
    std::map<BrokerId, Target> targets;
    absl::MutexLock lock(&mutex_);
    targets.swap(targets_);
  }

  void Push(std::shared_ptr<const ClusterImage> image) {
    absl::MutexLock lock(&mutex_);
    QUORATE_CHECK(image_ == nullptr || image->version > image_->version);
    image_ = std::move(image);
    for (auto it = targets_.begin(); it != targets_.end();) {
      const auto broker = image_->brokers.find(it->first);
      const bool same = broker != image_->brokers.end() &&
                        broker->second == it->second.broker;
      it = same ? std::next(it) : targets_.erase(it);
    }
    for (const auto& [id, broker] : image_->brokers) {
      const auto [it, is_new] = targets_.try_emplace(id);
      if (is_new) {
        it->second.broker = broker;
        it->second.generation = ++generations_;
        it->second.link = open_(broker.address);
      }
      SendIfDue(it->second);
    }
  }

  uint64_t Acknowledged(const BrokerInfo& broker) const {
    absl::MutexLock lock(&mutex_);
    const auto it = targets_.find(broker.id);
    if (it == targets_.end() || it->second.broker != broker) return 0;
    return it->second.acknowledged;
  }

 private:
  struct Target {
    BrokerInfo broker;
    uint64_t generation = 0;  // tells it from others of the same id
    std::unique_ptr<BrokerLink> link;
    uint64_t acknowledged = 0;
    bool is_busy = false;  // a call or a pause is under way
    int64_t backoff_ms = 0;
  };

  // nullptr: it is there no more.
  Target* Find(BrokerId id, uint64_t generation)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const auto it = targets_.find(id);
    return it != targets_.end() && it->second.generation == generation
               ? &it->second
               : nullptr;
  }

  void SendIfDue(Target& target) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (target.is_busy || target.acknowledged >= image_->version) return;
    target.is_busy = true;
    target.link->ApplyImage(
        *image_, [self = shared_from_this(), id = target.broker.id,
                  generation = target.generation,
                  version = image_->version](const absl::Status& status) {
          self->Answered(id, generation, version, status);
        });
  }

  void Answered(BrokerId id, uint64_t generation, uint64_t version,
                const absl::Status& status) {
    absl::MutexLock lock(&mutex_);
    Target* target = Find(id, generation);
    if (target == nullptr) return;
    if (status.ok()) {
      target->acknowledged = std::max(target->acknowledged, version);
      target->backoff_ms = 0;
      target->is_busy = false;
      SendIfDue(*target);
    } else {
      target->backoff_ms =
          std::clamp(2 * target->backoff_ms, kMinBackoffMs, kMaxBackoffMs);
      timer_.After(target->backoff_ms,
                   [self = shared_from_this(), id, generation] {
                     self->PauseOver(id, generation);
                   });
    }
    // With the mutex: none comes after Stop().
    on_answer_(id, status);
  }

  void PauseOver(BrokerId id, uint64_t generation) {
    absl::MutexLock lock(&mutex_);
    Target* target = Find(id, generation);
    if (target == nullptr) return;
    target->is_busy = false;
    SendIfDue(*target);
  }

  const OpenBrokerLink open_;
  rpc::Timer& timer_;
  const OnAnswer on_answer_;
  mutable absl::Mutex mutex_;
  uint64_t generations_ ABSL_GUARDED_BY(mutex_) = 0;
  std::shared_ptr<const ClusterImage> image_ ABSL_GUARDED_BY(mutex_);
  std::map<BrokerId, Target> targets_ ABSL_GUARDED_BY(mutex_);
};

ImagePushers::ImagePushers(OpenBrokerLink open, rpc::Timer& timer,
                           OnAnswer on_answer)
    : shared_(std::make_shared<Shared>(std::move(open), timer,
                                       std::move(on_answer))) {}
ImagePushers::~ImagePushers() { shared_->Stop(); }

void ImagePushers::Push(std::shared_ptr<const ClusterImage> image) {
  shared_->Push(std::move(image));
}
uint64_t ImagePushers::Acknowledged(const BrokerInfo& broker) const {
  return shared_->Acknowledged(broker);
}

}  // namespace quorate::broker
