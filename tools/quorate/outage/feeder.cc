#include "tools/quorate/outage/feeder.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "broker/client/delivery.h"
#include "broker/client/producer_core.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/outage/facts.h"
#include "tools/quorate/outage/message_key.h"

namespace quorate::tools {
namespace {

constexpr std::chrono::milliseconds kRefusedPause(50);

Outcome OutcomeOf(const broker::Delivery& delivery, bool refused) {
  switch (delivery.outcome) {
    case broker::DeliveryOutcome::kAcknowledged:
      return delivery.failures == 0 && !refused ? Outcome::kAtOnce
                                                : Outcome::kByRetry;
    case broker::DeliveryOutcome::kDeadLettered:
      return Outcome::kDeadLettered;
    case broker::DeliveryOutcome::kFailed:
      return Outcome::kFailed;
  }
  return Outcome::kFailed;
}

}  // namespace

Feeder::Feeder(FeedOptions options)
    : options_(std::move(options)),
      per_second_(options_.per_second),
      pace_since_ms_(options_.now_ms()) {
  thread_ = std::thread([this] { Run(); });
}

Feeder::~Feeder() { Stop(); }

void Feeder::Stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Feeder::Finish() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    finishing_ = true;
  }
  changed_.notify_all();
}

void Feeder::SetPace(double per_second) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    per_second_ = per_second;
    pace_since_ms_ = options_.now_ms();
    pace_from_ = sent_;
  }
  changed_.notify_all();
}

bool Feeder::HasSentAll() const {
  return sent() >= static_cast<int64_t>(options_.input.lines.size());
}

int64_t Feeder::sent() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return sent_;
}

int64_t Feeder::ended() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return static_cast<int64_t>(writes_.size());
}

std::vector<WriteFact> Feeder::writes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return writes_;
}

void Feeder::Run() {
  for (int64_t number = 0; AwaitTurn(number) && SendOne(number); ++number) {
  }
}

bool Feeder::AwaitTurn(int64_t number) {
  const int64_t lines = static_cast<int64_t>(options_.input.lines.size());
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_ && !(finishing_ && number >= lines)) {
    const double since = static_cast<double>(number - pace_from_);
    const int64_t due_ms =
        pace_since_ms_ + static_cast<int64_t>(1000.0 * since / per_second_);
    const int64_t wait_ms = due_ms - options_.now_ms();
    if (wait_ms <= 0) return true;
    changed_.wait_for(lock, std::chrono::milliseconds(wait_ms));
  }
  return false;
}

bool Feeder::SendOne(int64_t number) {
  const std::vector<std::string>& lines = options_.input.lines;
  const size_t index = static_cast<size_t>(number);
  const auto& send = options_.producers[index % options_.producers.size()];
  const int64_t sent_ms = options_.now_ms();
  bool refused = false;
  while (true) {
    broker::Message message{.topic = options_.topic};
    message.record.key = KeyOf(options_.act, number);
    message.record.value = lines[index % lines.size()];
    const absl::Status status =
        send(std::move(message),
             [this, sent_ms, refused](const broker::Delivery& delivery) {
               Note(sent_ms, refused, delivery);
             });
    std::unique_lock<std::mutex> lock(mutex_);
    if (status.ok()) {
      ++sent_;
      return true;
    }
    refused = true;
    changed_.wait_for(lock, kRefusedPause, [this] { return stopping_; });
    if (stopping_) return false;
  }
}

void Feeder::Note(int64_t sent_ms, bool refused,
                  const broker::Delivery& delivery) {
  WriteFact fact{.sent_ms = sent_ms,
                 .done_ms = options_.now_ms(),
                 .attempts = delivery.attempts,
                 .outcome = OutcomeOf(delivery, refused)};
  if (!delivery.cause.ok()) fact.cause = KindOf(delivery.cause);
  const std::lock_guard<std::mutex> lock(mutex_);
  writes_.push_back(std::move(fact));
}

}  // namespace quorate::tools
