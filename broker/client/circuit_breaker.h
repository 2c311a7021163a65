// CircuitBreaker: stops taking messages when too many of them end as dead
// letters, so that a fault that lasts is seen, and does not fill the disk.
//
//   kClosed    all is well. Opens when `max_letters` have come within
//              `window_ms`, and they are at least `min_percent` of all messages
//              that ended in that time.
//   kOpen      nothing is taken. After `open_ms`: half-open.
//   kHalfOpen  `probes` messages are taken. All delivered: closed. One of them
//              a dead letter: open again.
//
// Pure; times are milliseconds of one clock that never goes back. Not
// thread-safe.

#ifndef QUORATE_BROKER_CLIENT_CIRCUIT_BREAKER_H_
#define QUORATE_BROKER_CLIENT_CIRCUIT_BREAKER_H_

#include <cstdint>
#include <deque>

#include "absl/status/status.h"

namespace quorate::broker {

struct CircuitBreakerOptions {
  int64_t max_letters = 10'000;  // 0: never opens
  int64_t window_ms = 60'000;
  int64_t min_percent = 20;  // 0: the count alone decides
  int64_t open_ms = 10'000;
  int64_t probes = 10;
};

// The kind of error that Admit() gives while it is open.
inline constexpr char kBreakerOpenKind[] = "TooManyDeadLetters";

class CircuitBreaker {
 public:
  enum class State { kClosed, kOpen, kHalfOpen };

  explicit CircuitBreaker(const CircuitBreakerOptions& options)
      : options_(options) {}

  // Whether to take one more message. Of kind kBreakerOpenKind if not, with
  // the time after which it may.
  absl::Status Admit(int64_t now_ms);
  // How messages that were taken have ended.
  void OnDelivered(int64_t now_ms);
  void OnDeadLetter(int64_t now_ms);

  State state(int64_t now_ms) const;
  // How often it has opened.
  int64_t trips() const { return trips_; }

 private:
  // What ended within one slice of the window.
  struct Slice {
    int64_t begin_ms = 0;
    int64_t delivered = 0;
    int64_t letters = 0;
  };

  Slice& Now(int64_t now_ms);
  void Open(int64_t now_ms);
  void EnterHalfOpenIfDue(int64_t now_ms);

  const CircuitBreakerOptions options_;
  State state_ = State::kClosed;
  std::deque<Slice> slices_;
  int64_t opened_ms_ = 0;
  int64_t admitted_ = 0;   // half-open: probes that were taken
  int64_t delivered_ = 0;  // half-open: of them
  int64_t trips_ = 0;
};

// "closed", "open", "half-open".
const char* NameOf(CircuitBreaker::State state);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CLIENT_CIRCUIT_BREAKER_H_
