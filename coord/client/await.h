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
#include "absl/time/time.h"

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
    std::optional<absl::StatusOr<T>> result;
  };
  const auto shared = std::make_shared<Shared>();
  start([shared](absl::StatusOr<T> result) {
    absl::MutexLock lock(&shared->mutex);
    shared->result = std::move(result);
  });
  absl::MutexLock lock(&shared->mutex);
  const auto is_done = [&shared] { return shared->result.has_value(); };
  if (!shared->mutex.AwaitWithTimeout(absl::Condition(&is_done),
                                      absl::Milliseconds(timeout_ms))) {
    return std::nullopt;
  }
  return std::move(shared->result);
}

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_AWAIT_H_
