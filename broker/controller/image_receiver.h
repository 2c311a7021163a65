// ImageReceiver: a broker's side of ApplyImage: fences, then applies, on a
// thread of its own.
//
// It obeys images only that name this life of the broker. An older one, such as
// a command that waited for a broker to come back, knows less than what the
// broker may have acknowledged since: it would follow, and cut its log to that
// of, a leader that is none any more.
//
// Thread-safe.

#ifndef QUORATE_BROKER_CONTROLLER_IMAGE_RECEIVER_H_
#define QUORATE_BROKER_CONTROLLER_IMAGE_RECEIVER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "broker/controller/fence.h"
#include "broker/image/cluster_image.h"

namespace quorate::broker {

class ImageReceiver {
 public:
  using Apply =
      std::function<absl::Status(std::shared_ptr<const ClusterImage>)>;
  using Done = std::function<void(absl::Status)>;

  // More commands than these that wait are refused with Overloaded.
  static constexpr size_t kMaxWaiting = 32;

  // Of broker `id`. `apply` may block; it is called on the thread, once at a
  // time. `fence` must outlive this.
  ImageReceiver(BrokerId id, Fence& fence, Apply apply);
  // As Stop().
  ~ImageReceiver();
  ImageReceiver(const ImageReceiver&) = delete;
  ImageReceiver& operator=(const ImageReceiver&) = delete;

  // The epoch of the newest registration; 0: not registered yet.
  void SetBrokerEpoch(uint64_t broker_epoch) ABSL_LOCKS_EXCLUDED(mutex_);

  // `done` once it is applied, or a newer one of the same controller is; on
  // the thread, or before the call returns. Errors: of the fence, of `apply`;
  // StaleVersion: it is of another life; Overloaded; Stopping.
  void Receive(std::shared_ptr<const ClusterImage> image, Done done)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // The newest that was applied; nullptr: none yet.
  std::shared_ptr<const ClusterImage> newest() const
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Answers what waits with Stopping. May be called again; not in a callback.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Command {
    std::shared_ptr<const ClusterImage> image;
    Done done;
  };

  void Run();
  absl::Status Obey(const std::shared_ptr<const ClusterImage>& image);
  absl::Status CheckLife(const ClusterImage& image) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Whether the first is from the same controller, and no newer.
  static bool IsCoveredBy(const ClusterImage& image, const ClusterImage& by);

  const BrokerId id_;
  Fence& fence_;
  const Apply apply_;

  mutable absl::Mutex mutex_;
  std::deque<Command> waiting_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const ClusterImage> newest_ ABSL_GUARDED_BY(mutex_);
  uint64_t broker_epoch_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CONTROLLER_IMAGE_RECEIVER_H_
