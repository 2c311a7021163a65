#include "tools/quorate/outage/feeder.h"

#include <atomic>
#include <cstdint>
#include <future>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "broker/client/delivery.h"
#include "broker/client/producer_core.h"
#include "gtest/gtest.h"
#include "tools/quorate/outage/facts.h"
#include "tools/quorate/outage/input.h"

namespace quorate::tools {
namespace {

using broker::Delivery;
using broker::DeliveryOutcome;

// Takes what it is given, and ends it at once as told; keeps keys and values.
class FakeProducer {
 public:
  explicit FakeProducer(std::vector<Delivery> deliveries, size_t until)
      : deliveries_(std::move(deliveries)), until_(until) {}

  absl::Status Send(broker::Message message, FeedOptions::Told told) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (refusals_ > 0) {
      --refusals_;
      return absl::ResourceExhaustedError("no memory");
    }
    sent_.emplace_back(*message.record.key, message.record.value);
    told(deliveries_[(sent_.size() - 1) % deliveries_.size()]);
    if (sent_.size() == until_) enough_.set_value();
    return absl::OkStatus();
  }
  void Refuse(int times) { refusals_ = times; }
  // Once `until` messages were sent.
  void Await() { enough_.get_future().wait(); }
  const std::vector<std::pair<std::string, std::string>>& sent() const {
    return sent_;
  }

 private:
  std::mutex mutex_;
  const std::vector<Delivery> deliveries_;
  const size_t until_;
  int refusals_ = 0;
  std::vector<std::pair<std::string, std::string>> sent_;
  std::promise<void> enough_;
};

Input Lines(std::vector<std::string> lines) {
  Input input;
  input.lines = std::move(lines);
  return input;
}

Delivery Ended(DeliveryOutcome outcome, int failures = 0,
               absl::Status cause = {}) {
  Delivery delivery;
  delivery.outcome = outcome;
  delivery.failures = failures;
  delivery.cause = std::move(cause);
  return delivery;
}

// A clock that leaps: every message is due.
FeedOptions Options(const Input& input, FakeProducer& producer,
                    std::atomic<int64_t>& clock) {
  return {.input = input,
          .act = 2,
          .topic = "lines",
          .per_second = 1,
          .producers = {[&](broker::Message message, FeedOptions::Told told) {
            return producer.Send(std::move(message), std::move(told));
          }},
          .now_ms = [&clock] { return clock += 1'000; }};
}

TEST(Feeder, GoesRoundAndNotesHowEachEnded) {
  const Input input = Lines({"one", "two"});
  FakeProducer producer({Ended(DeliveryOutcome::kAcknowledged),
                         Ended(DeliveryOutcome::kAcknowledged, 2),
                         Ended(DeliveryOutcome::kDeadLettered, 1,
                               absl::UnavailableError("nobody")),
                         Ended(DeliveryOutcome::kFailed)},
                        5);
  std::atomic<int64_t> clock = 0;
  Feeder feeder(Options(input, producer, clock));
  producer.Await();
  feeder.Stop();
  ASSERT_GE(producer.sent().size(), 5u);
  EXPECT_EQ(producer.sent()[4],
            (std::pair<std::string, std::string>("2/4", "one")));
  EXPECT_EQ(producer.sent()[1].second, "two");
  EXPECT_TRUE(feeder.HasSentAll());
  EXPECT_EQ(feeder.sent(), static_cast<int64_t>(producer.sent().size()));
  EXPECT_EQ(feeder.ended(), feeder.sent());
  const std::vector<WriteFact> writes = feeder.writes();
  EXPECT_EQ(writes[0].outcome, Outcome::kAtOnce);
  EXPECT_EQ(writes[1].outcome, Outcome::kByRetry);
  EXPECT_EQ(writes[2].outcome, Outcome::kDeadLettered);
  EXPECT_FALSE(writes[2].cause.empty());
  EXPECT_EQ(writes[3].outcome, Outcome::kFailed);
}

TEST(Feeder, OffersAgainWhatWasRefusedAndDoesNotCallThatAtOnce) {
  const Input input = Lines({"one"});
  FakeProducer producer({Ended(DeliveryOutcome::kAcknowledged)}, 2);
  producer.Refuse(2);
  std::atomic<int64_t> clock = 0;
  Feeder feeder(Options(input, producer, clock));
  producer.Await();
  feeder.Stop();
  EXPECT_EQ(producer.sent()[0].first, "2/0");
  EXPECT_EQ(producer.sent()[1].first, "2/1");
  EXPECT_EQ(feeder.writes()[0].outcome, Outcome::kByRetry);
  EXPECT_EQ(feeder.writes()[1].outcome, Outcome::kAtOnce);
}

TEST(Feeder, SendsNothingBeforeItsTime) {
  const Input input = Lines({"one", "two", "three"});
  FakeProducer producer({Ended(DeliveryOutcome::kAcknowledged)}, 3);
  FeedOptions options{
      .input = input,
      .act = 1,
      .topic = "lines",
      .per_second = 0.001,
      .producers = {[&](broker::Message message, FeedOptions::Told told) {
        return producer.Send(std::move(message), std::move(told));
      }},
      .now_ms = [] { return int64_t{0}; }};
  Feeder feeder(std::move(options));
  EXPECT_FALSE(feeder.HasSentAll());
  feeder.Finish();
  feeder.SetPace(1e9);  // all are due by now
  producer.Await();
  feeder.Stop();
  EXPECT_TRUE(feeder.HasSentAll());
  EXPECT_EQ(feeder.sent(), 3);  // each once
}

}  // namespace
}  // namespace quorate::tools
