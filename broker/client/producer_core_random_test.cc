// ProducerCore against brokers that fail in every way that a network and a
// cluster have, in many small runs from seeds.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/client/delivery.h"
#include "broker/client/producer_core.h"
#include "broker/client/testing/model_cluster.h"
#include "broker/client/testing/producer_history.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "broker/record/record_batch.h"
#include "coord/base/seeded_random.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace quorate::broker {
namespace {

constexpr int kPartitions = 3;
constexpr int kBrokers = 3;
constexpr int64_t kEnd = 8'000;      // faults until then
constexpr int64_t kCallEndMs = 250;  // a call ends so long after its time-out

struct Weather {
  uint64_t lose_request = 0;  // in a million
  uint64_t lose_reply = 0;
  uint64_t refuse = 0;         // with an error that is worth a retry
  uint64_t change_leader = 0;  // at each step
  uint64_t fall_behind = 0;
  int64_t max_delay_ms = 0;
  int64_t delivery_timeout_ms = 0;
};

class Trial {
 public:
  explicit Trial(uint64_t seed)
      : random_(seed),
        weather_(Draw()),
        cluster_(kBrokers, kPartitions, random_.Next()),
        core_(Limits(), "0123456789abcdef0123456789abcdef", true,
              random_.Next(), 0) {}

  ProducerHistory Play() {
    while (now_ < kEnd || core_.unsettled() > 0) {
      if (now_ < kEnd) {
        Disturb();
        SendSome();
      } else {
        Calm();
      }
      Pump();
      const int64_t step = now_ < kEnd ? random_.Between(1, 10) : 1'000;
      now_ = std::min(now_ + step, std::max(now_ + 1, NextEvent()));
      if (now_ > kEnd + 600'000) break;  // the history tells what is missing
    }
    for (int p = 0; p < kPartitions; ++p) history_.logs[p] = cluster_.Log(p);
    EXPECT_EQ(core_.buffered_bytes(), 0u);
    return std::move(history_);
  }

  int64_t acknowledged = 0;
  int64_t retried = 0;
  int64_t duplicates = 0;
  int64_t dead = 0;

 private:
  struct Event {
    int64_t at_ms = 0;
    uint64_t number = 0;
    std::function<void()> happens;
    bool operator<(const Event& other) const {
      return std::pair(at_ms, number) > std::pair(other.at_ms, other.number);
    }
  };

  Weather Draw() {
    const auto upto = [this](uint64_t most) {
      return random_.Chance(500'000) ? random_.Below(most) : 0;
    };
    return {.lose_request = upto(200'000),
            .lose_reply = upto(200'000),
            .refuse = upto(200'000),
            .change_leader = upto(20'000),
            .fall_behind = upto(20'000),
            .max_delay_ms = random_.Between(0, 300),
            .delivery_timeout_ms = random_.Between(100, 5'000)};
  }

  ProducerLimits Limits() {
    return {.delivery_timeout_ms = weather_.delivery_timeout_ms,
            .request_timeout_ms = random_.Between(50, 1'000),
            .linger_ms = random_.Between(0, 20),
            .batch_bytes = static_cast<size_t>(random_.Between(100, 2'000)),
            .max_in_flight = static_cast<int>(random_.Between(1, 5)),
            .max_buffered_bytes = 1 << 20,
            .min_backoff_ms = 5,
            .max_backoff_ms = 200,
            .breaker = {.max_letters = 0}};
  }

  void At(int64_t delay_ms, std::function<void()> happens) {
    events_.push({.at_ms = now_ + delay_ms,
                  .number = ++last_event_,
                  .happens = std::move(happens)});
  }
  int64_t NextEvent() const {
    const int64_t event = events_.empty() ? std::numeric_limits<int64_t>::max()
                                          : events_.top().at_ms;
    return std::min(event, core_.NextTick());
  }

  void Disturb() {
    for (int p = 0; p < kPartitions; ++p) {
      if (random_.Chance(weather_.change_leader)) {
        const auto leader = static_cast<BrokerId>(random_.Between(0, kBrokers));
        cluster_.ChangeLeader(p, leader == 0 ? kNoBroker : leader);
      }
      if (random_.Chance(weather_.fall_behind)) {
        cluster_.SetInSync(p, !cluster_.in_sync(p));
      }
    }
  }
  void Calm() {
    weather_ = {};
    for (int p = 0; p < kPartitions; ++p) {
      cluster_.ChangeLeader(p, 1);
      cluster_.SetInSync(p, true);
    }
  }

  void SendSome() {
    for (int64_t i = random_.Between(-2, 3); i > 0; --i) {
      Message message = {.topic = "t"};
      const std::string value = "m" + std::to_string(++last_value_);
      std::string key;
      if (random_.Chance(700'000)) {
        key = "k" + std::to_string(random_.Below(6));
        message.record.key = key;
      }
      message.record.value = value;
      if (random_.Chance(100'000)) {
        message.partition = static_cast<int32_t>(random_.Below(kPartitions));
        // Keys of its own: another partition is another order.
        key = "p" + std::to_string(*message.partition);
        message.record.key = key;
      }
      const absl::StatusOr<uint64_t> ticket =
          core_.Send(std::move(message), now_, 1'000'000 + now_);
      if (ticket.ok()) history_.sent[*ticket] = {.key = key, .value = value};
    }
  }

  void Pump() {
    for (;;) {
      while (!events_.empty() && events_.top().at_ms <= now_) {
        const std::function<void()> happens = events_.top().happens;
        events_.pop();
        happens();
      }
      ProducerOutput output = core_.TakeOutput(now_, 1'000'000 + now_);
      const bool idle = output.calls.empty() && output.burials.empty() &&
                        output.deliveries.empty() && !output.refresh_metadata &&
                        !output.init_producer;
      for (const ToldDelivery& told : output.deliveries) Tell(told);
      for (Burial& burial : output.burials) Bury(std::move(burial));
      for (ProduceCall& call : output.calls) Make(std::move(call));
      if (output.refresh_metadata) Refresh();
      if (output.init_producer) InitProducer();
      if (idle && (events_.empty() || events_.top().at_ms > now_) &&
          core_.NextTick() > now_) {
        return;
      }
    }
  }

  void Tell(const ToldDelivery& told) {
    history_.told.emplace(told.ticket, told.delivery);
    if (told.delivery.outcome != DeliveryOutcome::kAcknowledged) {
      ++dead;
      return;
    }
    ++acknowledged;
    retried += told.delivery.failures > 0;
    duplicates += told.delivery.duplicate;
  }

  void Bury(Burial burial) {
    const uint64_t ticket = burial.ticket;
    history_.letters.push_back(std::move(burial.letter));
    At(random_.Between(0, 20),
       [this, ticket] { core_.OnBuried({ticket}, absl::OkStatus(), now_); });
  }

  void Refresh() {
    if (random_.Chance(weather_.lose_reply)) {
      At(random_.Between(0, 500), [this] {
        core_.OnMetadataFailed(absl::UnavailableError("nobody"), now_,
                               1'000'000 + now_);
      });
      return;
    }
    // What it sees may be old when it arrives.
    At(random_.Between(0, weather_.max_delay_ms), [this] {
      const auto image = cluster_.Image();
      At(random_.Between(0, weather_.max_delay_ms),
         [this, image] { core_.OnImage(image, now_); });
    });
  }

  void InitProducer() {
    At(random_.Between(0, weather_.max_delay_ms), [this] {
      if (random_.Chance(weather_.lose_reply)) {
        core_.OnProducerIdFailed(absl::UnavailableError("nobody"), now_,
                                 1'000'000 + now_);
      } else {
        core_.OnProducerId(++last_producer_, 0, now_);
      }
    });
  }

  void Make(ProduceCall call) {
    // However long it takes, the call ends in time, and is ignored by brokers
    // from then on.
    const int64_t end_ms = now_ + call.timeout_ms + kCallEndMs;
    const auto fail = [this, id = call.id, end_ms] {
      At(end_ms - now_, [this, id] {
        core_.OnProduced(id, absl::DeadlineExceededError("no answer"), {}, now_,
                         1'000'000 + now_);
      });
    };
    if (random_.Chance(weather_.refuse)) {
      At(random_.Between(0, weather_.max_delay_ms), [this, id = call.id] {
        core_.OnProduced(id, BrokerError(ErrorKind::kOverloaded, "later"), {},
                         now_, 1'000'000 + now_);
      });
      return;
    }
    if (random_.Chance(weather_.lose_request)) return fail();
    const bool lose_reply = random_.Chance(weather_.lose_reply);
    if (lose_reply) fail();
    At(random_.Between(0, weather_.max_delay_ms), [this, call = std::move(call),
                                                   lose_reply, end_ms] {
      if (now_ >= end_ms) {
        if (!lose_reply) {
          core_.OnProduced(call.id, absl::DeadlineExceededError("late"), {},
                           now_, 1'000'000 + now_);
        }
        return;
      }
      std::vector<ProduceAnswer> answers;
      for (const ProduceCall::Batch& batch : call.batches) {
        answers.push_back(cluster_.Take(call.address, batch));
      }
      if (lose_reply) return;
      const int64_t delay =
          std::min(random_.Between(0, weather_.max_delay_ms), end_ms - now_);
      At(delay, [this, id = call.id, answers] {
        core_.OnProduced(id, absl::OkStatus(), answers, now_, 1'000'000 + now_);
      });
    });
  }

  SeededRandom random_;
  Weather weather_;
  ModelCluster cluster_;
  ProducerCore core_;
  ProducerHistory history_;
  std::priority_queue<Event> events_;
  uint64_t last_event_ = 0;
  uint64_t last_producer_ = 0;
  int last_value_ = 0;
  int64_t now_ = 0;
};

TEST(ProducerCoreRandomTest, NothingIsLostOrDoubledAndKeysKeepTheirOrder) {
  SeededRandom seeds(TestSeed());
  int64_t acknowledged = 0;
  int64_t retried = 0;
  int64_t duplicates = 0;
  int64_t dead = 0;
  for (int i = 0; i < 150; ++i) {
    const uint64_t seed = seeds.Next();
    Trial run(seed);
    const ProducerHistory history = run.Play();
    ASSERT_EQ(FindFault(history), "") << "run " << i << " of seed " << seed;
    acknowledged += run.acknowledged;
    retried += run.retried;
    duplicates += run.duplicates;
    dead += run.dead;
  }
  // The weather was bad enough, and not too bad.
  EXPECT_GT(acknowledged, 20'000);
  EXPECT_GT(retried, 500);
  EXPECT_GT(duplicates, 100);
  EXPECT_GT(dead, 100);
  RecordProperty("acknowledged", std::to_string(acknowledged));
  RecordProperty("retried", std::to_string(retried));
  RecordProperty("dead", std::to_string(dead));
}

// --- The checks can fail -----------------------------------------------------

class FindFaultTest : public testing::Test {
 protected:
  FindFaultTest() {
    for (uint64_t i = 0; i < 3; ++i) {
      const std::string id = "id" + std::to_string(i);
      const std::string value = "m" + std::to_string(i);
      history_.sent[i] = {.key = "k", .value = value};
      Delivery delivery = {.outcome = DeliveryOutcome::kAcknowledged,
                           .message_id = id,
                           .topic = "t",
                           .partition = 0,
                           .offset = static_cast<int64_t>(i)};
      const Record record = {
          .key = "k", .value = value, .headers = {{"quorate-message-id", id}}};
      if (i == 2) {
        delivery.outcome = DeliveryOutcome::kDeadLettered;
        history_.letters.push_back(
            {.message_id = id, .topic = "t", .record = record, .cause = "x"});
      } else {
        history_.logs[0].push_back(record);
      }
      history_.told.emplace(i, delivery);
    }
  }
  ProducerHistory history_;
};

TEST_F(FindFaultTest, GoodHistory) { EXPECT_EQ(FindFault(history_), ""); }

TEST_F(FindFaultTest, Lost) {
  history_.logs[0].pop_back();
  EXPECT_EQ(FindFault(history_), "acknowledged and lost: m1");
}

TEST_F(FindFaultTest, Twice) {
  history_.logs[1].push_back(history_.logs[0][0]);
  EXPECT_EQ(FindFault(history_), "twice in the logs: m0");
}

TEST_F(FindFaultTest, OutOfOrder) {
  std::swap(history_.logs[0][0], history_.logs[0][1]);
  history_.told.clear();
  for (uint64_t i = 0; i < 3; ++i) {
    history_.told.emplace(
        i, Delivery{.outcome = i == 2 ? DeliveryOutcome::kDeadLettered
                                      : DeliveryOutcome::kAcknowledged,
                    .message_id = "id" + std::to_string(i),
                    .partition = 0,
                    .offset = i == 0 ? 1 : 0});
  }
  EXPECT_EQ(FindFault(history_), "out of order: m0 of key k");
}

TEST_F(FindFaultTest, NeverEnded) {
  history_.told.erase(1);
  EXPECT_EQ(FindFault(history_), "has ended 0 times: m1");
}

TEST_F(FindFaultTest, NotAmongTheDead) {
  history_.letters.clear();
  EXPECT_EQ(FindFault(history_), "neither acknowledged nor a dead letter: m2");
}

TEST_F(FindFaultTest, TwoDeadLetters) {
  history_.letters.push_back(history_.letters[0]);
  EXPECT_EQ(FindFault(history_), "two dead letters: id2");
}

}  // namespace
}  // namespace quorate::broker
