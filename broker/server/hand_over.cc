#include "broker/server/hand_over.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/error/broker_error.h"
#include "broker/rpc/control_client.h"

namespace quorate::broker {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kPause = std::chrono::milliseconds(50);

struct Answer {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<absl::StatusOr<int32_t>> value;  // guarded by mutex
};

// Nothing: not until then.
std::optional<absl::StatusOr<int32_t>> Ask(ControllerClient& controller,
                                           Clock::time_point until) {
  const auto answer = std::make_shared<Answer>();
  controller.Resign([answer](absl::StatusOr<int32_t> value) {
    const std::scoped_lock lock(answer->mutex);
    answer->value = std::move(value);
    answer->changed.notify_one();
  });
  std::unique_lock lock(answer->mutex);
  answer->changed.wait_until(lock, until,
                             [&answer] { return answer->value.has_value(); });
  return answer->value;
}

}  // namespace

HandedOver HandOver(ControllerClient& controller) {
  const Clock::time_point until =
      Clock::now() + std::chrono::milliseconds(kHandOverMs);
  HandedOver result;
  result.remaining = -1;
  result.last = absl::DeadlineExceededError("the controller does not answer");
  std::mutex mutex;
  std::condition_variable pause;
  while (Clock::now() < until) {
    const std::optional<absl::StatusOr<int32_t>> answer =
        Ask(controller, until);
    if (!answer) break;
    result.last = answer->status();
    if (answer->ok()) result.remaining = **answer;
    if (result.remaining == 0) break;
    // The controller may be another one by now, and its image on the way.
    if (!answer->ok() && !IsWorthRetry(answer->status()) &&
        !Is(answer->status(), ErrorKind::kStaleBroker)) {
      break;
    }
    std::unique_lock lock(mutex);
    pause.wait_for(lock, kPause);
  }
  return result;
}

}  // namespace quorate::broker
