// Await: waits for the callback of an asynchronous call.

#ifndef QUORATE_COORD_CLIENT_AWAIT_H_
#define QUORATE_COORD_CLIENT_AWAIT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "coord/client/monotonic_wait.h"

namespace quorate::client {

// Calls `start` with a callback, and waits until that is called, on any thread.
// Nothing if that takes longer than `timeout_ms`; the callback may be called
// later all the same.
template <typename T>
std::optional<absl::StatusOr<T>> Await(
    int64_t timeout_ms,
    const std::function<void(std::function<void(absl::StatusOr<T>)>)>& start) {
  struct Shared {
    absl::Mutex mutex;
    MonotonicCondVar answered;
    std::optional<absl::StatusOr<T>> result;
  };
  const auto shared = std::make_shared<Shared>();
  start([shared](absl::StatusOr<T> result) {
    absl::MutexLock lock(&shared->mutex);
    shared->result = std::move(result);
    shared->answered.SignalAll();
  });
  const int64_t until_ms = MonotonicIn(timeout_ms);
  absl::MutexLock lock(&shared->mutex);
  while (!shared->result.has_value()) {
    const int64_t left_ms = until_ms - MonotonicMs();
    if (left_ms <= 0) return std::nullopt;
    shared->answered.WaitFor(&shared->mutex, left_ms);
  }
  return std::move(shared->result);
}

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_AWAIT_H_
