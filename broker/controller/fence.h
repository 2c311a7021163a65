// Fence: what a broker remembers of controllers, so that it obeys no old one
// (rule 22).
//
// The newest token is durable in the data directory before anything is done in
// its name. Thread-safe.

#ifndef QUORATE_BROKER_CONTROLLER_FENCE_H_
#define QUORATE_BROKER_CONTROLLER_FENCE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "broker/image/cluster_image.h"
#include "coord/storage/file_system.h"

namespace quorate::broker {

struct FenceOptions {
  std::string directory = {};
  std::string ensemble_id = {};  // 16 bytes: the broker's own
  // --unsafe-no-ensemble-pin: whichever controller speaks is obeyed. Halves of
  // an ensemble without rules have one id, so that nothing tells its
  // controllers apart.
  bool any_ensemble = false;
};

class Fence {
 public:
  static constexpr char kFileName[] = "controller-token";

  // DataLoss: the file is there and is not as it was written. `files` must
  // outlive the result.
  static absl::StatusOr<std::unique_ptr<Fence>> Open(storage::FileSystem& files,
                                                     FenceOptions options);

  // OK: the command may be obeyed; its token is durable. WrongEnsemble;
  // StaleController: a newer one has been heard of. Errors of the disk: not
  // obeyed, as it cannot be remembered.
  absl::Status Admit(const ControllerToken& token) ABSL_LOCKS_EXCLUDED(mutex_);

  // The newest one; epoch 0: none yet.
  ControllerToken newest() const ABSL_LOCKS_EXCLUDED(mutex_);
  uint64_t stale_count() const ABSL_LOCKS_EXCLUDED(mutex_);
  uint64_t wrong_ensemble_count() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  Fence(storage::FileSystem& files, FenceOptions options,
        ControllerToken newest)
      : files_(files),
        options_(std::move(options)),
        newest_(std::move(newest)) {}

  absl::Status Judge(const ControllerToken& token)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  storage::FileSystem& files_;
  const FenceOptions options_;
  mutable absl::Mutex mutex_;
  ControllerToken newest_ ABSL_GUARDED_BY(mutex_);
  uint64_t stale_count_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t wrong_ensemble_count_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CONTROLLER_FENCE_H_
