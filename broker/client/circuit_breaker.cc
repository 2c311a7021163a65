#include "broker/client/circuit_breaker.h"

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coord/client/error.h"

namespace quorate::broker {
namespace {

// The window moves on in so many steps.
constexpr int64_t kSlices = 20;

}  // namespace

const char* NameOf(CircuitBreaker::State state) {
  switch (state) {
    case CircuitBreaker::State::kClosed:
      return "closed";
    case CircuitBreaker::State::kOpen:
      return "open";
    case CircuitBreaker::State::kHalfOpen:
      break;
  }
  return "half-open";
}

CircuitBreaker::State CircuitBreaker::state(int64_t now_ms) const {
  if (state_ == State::kOpen && now_ms >= opened_ms_ + options_.open_ms) {
    return State::kHalfOpen;
  }
  return state_;
}

void CircuitBreaker::EnterHalfOpenIfDue(int64_t now_ms) {
  if (state_ != State::kOpen || state(now_ms) == State::kOpen) return;
  state_ = State::kHalfOpen;
  admitted_ = 0;
  delivered_ = 0;
}

absl::Status CircuitBreaker::Admit(int64_t now_ms) {
  EnterHalfOpenIfDue(now_ms);
  if (state_ == State::kClosed) return absl::OkStatus();
  if (state_ == State::kHalfOpen && admitted_ < options_.probes) {
    ++admitted_;
    return absl::OkStatus();
  }
  client::ErrorInfo info;
  info.kind = kBreakerOpenKind;
  if (state_ == State::kOpen) {
    info.retry_after_ms = opened_ms_ + options_.open_ms - now_ms;
  }
  return client::MakeError(
      absl::StatusCode::kUnavailable,
      state_ == State::kOpen
          ? absl::StrCat("no messages are taken: too many of them have become "
                         "dead letters (at least ",
                         options_.max_letters, " within ", options_.window_ms,
                         " ms); look for the cause, the next try is in ",
                         *info.retry_after_ms, " ms")
          : absl::StrCat("no more messages are taken until the first ",
                         options_.probes, " have been delivered"),
      info);
}

CircuitBreaker::Slice& CircuitBreaker::Now(int64_t now_ms) {
  const int64_t length_ms = std::max<int64_t>(1, options_.window_ms / kSlices);
  while (!slices_.empty() &&
         slices_.front().begin_ms + options_.window_ms <= now_ms) {
    slices_.pop_front();
  }
  if (slices_.empty() || slices_.back().begin_ms + length_ms <= now_ms) {
    slices_.push_back({.begin_ms = now_ms});
  }
  return slices_.back();
}

void CircuitBreaker::OnDelivered(int64_t now_ms) {
  ++Now(now_ms).delivered;
  // What was taken before it opened says as much about the cause as a probe.
  if (state_ == State::kHalfOpen && ++delivered_ >= options_.probes) {
    state_ = State::kClosed;
    slices_.clear();
  }
}

void CircuitBreaker::OnDeadLetter(int64_t now_ms) {
  ++Now(now_ms).letters;
  if (options_.max_letters <= 0) return;
  EnterHalfOpenIfDue(now_ms);
  if (state_ == State::kHalfOpen) return Open(now_ms);
  if (state_ == State::kOpen) return;
  int64_t letters = 0;
  int64_t all = 0;
  for (const Slice& slice : slices_) {
    letters += slice.letters;
    all += slice.letters + slice.delivered;
  }
  if (letters >= options_.max_letters &&
      letters * 100 >= all * options_.min_percent) {
    Open(now_ms);
  }
}

void CircuitBreaker::Open(int64_t now_ms) {
  state_ = State::kOpen;
  opened_ms_ = now_ms;
  ++trips_;
}

}  // namespace quorate::broker
