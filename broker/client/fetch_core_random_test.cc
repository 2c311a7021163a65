// FetchCore against leaders that move, answers that are lost, late or in
// another order, and a user who seeks, in many small runs from seeds.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/client/consumed_record.h"
#include "broker/client/fetch_core.h"
#include "broker/client/topic_partition.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "broker/record/record_batch.h"
#include "coord/base/check.h"
#include "coord/base/seeded_random.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace quorate::broker {
namespace {

constexpr int kPartitions = 4;
constexpr int kBrokers = 3;

// What is read of one partition: from each position on without gap or double.
class Reader {
 public:
  void Seek(int64_t offset) { next_ = offset; }
  // Empty: it is the one that had to come.
  std::string OnRecord(const ConsumedRecord& record) {
    const std::string expected = "v" + std::to_string(record.offset);
    if (record.record.value != expected) return "another record";
    if (record.offset != next_) {
      return "expected " + std::to_string(next_) + ", found " +
             std::to_string(record.offset);
    }
    ++next_;
    return "";
  }
  int64_t next() const { return next_; }

 private:
  int64_t next_ = 0;
};

class Trial {
 public:
  explicit Trial(uint64_t seed)
      : random_(seed),
        lose_(random_.Chance(500'000) ? random_.Below(300'000) : 0),
        seek_(random_.Chance(500'000) ? random_.Below(20'000) : 0),
        core_({.max_bytes = 4'000,
               .max_buffered_bytes =
                   static_cast<size_t>(random_.Between(1, 2'000)),
               .min_backoff_ms = 5,
               .max_backoff_ms = 100},
              random_.Next()) {
    image_.controller.controller_epoch = 1;
    image_.version = 1;
    for (BrokerId id = 1; id <= kBrokers; ++id) {
      image_.brokers[id] = {.id = id, .address = Address(id)};
    }
    std::map<TopicPartition, std::optional<int64_t>> assigned;
    for (int p = 0; p < kPartitions; ++p) {
      const BrokerId leader = 1 + p % kBrokers;
      image_.topics["t"].partitions.push_back(
          {.replicas = {leader}, .leader = leader, .isr = {leader}});
      // Some from the beginning, some from a place.
      std::optional<int64_t> position;
      if (random_.Chance(500'000)) position = 0;
      assigned[{"t", p}] = position;
      logs_.emplace_back();
      ends_.push_back(0);
    }
    core_.Assign(assigned);
  }

  void Play() {
    while (now_ < 5'000 || !IsDone()) {
      if (now_ < 5'000) {
        Append();
        Disturb();
      } else {
        lose_ = 0;
        for (PartitionState& state : image_.topics["t"].partitions) {
          if (state.leader == kNoBroker) {
            state.leader = 1;
            ++image_.version;
          }
        }
      }
      Pump();
      for (const ConsumedRecord& record :
           core_.TakeRecords(static_cast<size_t>(random_.Between(1, 50)))) {
        const auto p = static_cast<size_t>(record.partition.partition);
        fault_ = readers_[p].OnRecord(record);
        if (!fault_.empty()) return;
        ++taken;
      }
      now_ += random_.Between(1, 10);
      if (now_ > 300'000) {
        fault_ = "it does not end";
        return;
      }
    }
  }

  const std::string& fault() const { return fault_; }
  int64_t taken = 0;

 private:
  struct Event {
    int64_t at_ms = 0;
    uint64_t number = 0;
    std::function<void()> happens;
    bool operator<(const Event& other) const {
      return std::pair(at_ms, number) > std::pair(other.at_ms, other.number);
    }
  };

  static std::string Address(BrokerId id) {
    return "b" + std::to_string(id) + ":1";
  }
  bool IsDone() const {
    for (size_t p = 0; p < kPartitions; ++p) {
      if (readers_[p].next() != ends_[p]) return false;
    }
    return true;
  }

  void Append() {
    if (!random_.Chance(300'000)) return;
    const auto p = static_cast<size_t>(random_.Below(kPartitions));
    std::vector<Record> records;
    const int64_t count = random_.Between(1, 8);
    for (int64_t i = 0; i < count; ++i) {
      records.push_back({.value = "v" + std::to_string(ends_[p] + i)});
    }
    absl::StatusOr<std::string> batch = EncodeBatch({}, records);
    QUORATE_CHECK(batch.ok());
    StampBatch(&*batch, ends_[p], 1);
    logs_[p].push_back(*std::move(batch));
    ends_[p] += count;
  }

  void Disturb() {
    for (int p = 0; p < kPartitions; ++p) {
      const auto i = static_cast<size_t>(p);
      if (random_.Chance(10'000)) {
        const auto leader = static_cast<BrokerId>(random_.Between(0, kBrokers));
        image_.topics["t"].partitions[i].leader =
            leader == 0 ? kNoBroker : leader;
        ++image_.topics["t"].partitions[i].leader_epoch;
        ++image_.version;
      }
      if (random_.Chance(seek_)) {
        const int64_t offset = random_.Between(0, ends_[i]);
        ASSERT_TRUE(core_.Seek({"t", p}, offset));
        readers_[i].Seek(offset);
      }
    }
  }

  void At(int64_t delay_ms, std::function<void()> happens) {
    events_.push({.at_ms = now_ + delay_ms,
                  .number = ++last_event_,
                  .happens = std::move(happens)});
  }

  void Pump() {
    while (!events_.empty() && events_.top().at_ms <= now_) {
      const std::function<void()> happens = events_.top().happens;
      events_.pop();
      happens();
    }
    FetchOutput output = core_.TakeOutput(now_);
    if (output.refresh_metadata) {
      const auto image = std::make_shared<const ClusterImage>(image_);
      At(random_.Between(0, 50), [this, image] { core_.OnImage(image, now_); });
    }
    for (const OffsetQuestion& question : output.questions) {
      At(random_.Between(0, 50), [this, turn = question.turn] {
        if (random_.Chance(lose_)) {
          core_.OnOffset(turn, absl::UnavailableError("lost"), now_);
        } else {
          core_.OnOffset(turn, int64_t{0}, now_);
        }
      });
    }
    for (FetchCall& call : output.calls) {
      At(random_.Between(0, 100), [this, call = std::move(call)] {
        if (random_.Chance(lose_)) {
          core_.OnFetched(call.id, absl::UnavailableError("lost"), {}, now_);
          return;
        }
        std::vector<FetchAnswer> answers = Answers(call);
        At(random_.Between(0, 100), [this, id = call.id, answers] {
          core_.OnFetched(id, absl::OkStatus(), answers, now_);
        });
      });
    }
  }

  std::vector<FetchAnswer> Answers(const FetchCall& call) {
    std::vector<FetchAnswer> answers;
    for (const FetchCall::Wanted& wanted : call.partitions) {
      const auto p = static_cast<size_t>(wanted.partition.partition);
      const PartitionState& state = image_.topics["t"].partitions[p];
      if (Address(state.leader) != call.address) {
        answers.push_back(
            {.status = BrokerError(ErrorKind::kNotLeader, "another leads")});
        continue;
      }
      FetchAnswer answer = {.high_watermark = ends_[p]};
      // Whole batches; the first may begin below what was asked for.
      for (const std::string& batch : logs_[p]) {
        if (ReadBatchHeader(batch)->next_offset() <= wanted.offset) continue;
        if (answer.batches.size() > 1'000) break;
        answer.batches += batch;
      }
      answers.push_back(std::move(answer));
    }
    return answers;
  }

  SeededRandom random_;
  uint64_t lose_;
  const uint64_t seek_;
  FetchCore core_;
  ClusterImage image_;
  std::vector<std::vector<std::string>> logs_;
  std::vector<int64_t> ends_;
  std::vector<Reader> readers_ = std::vector<Reader>(kPartitions);
  std::priority_queue<Event> events_;
  uint64_t last_event_ = 0;
  int64_t now_ = 0;
  std::string fault_;
};

TEST(FetchCoreRandomTest, ReadsEachPartitionWithoutGapOrDouble) {
  SeededRandom seeds(TestSeed());
  int64_t taken = 0;
  for (int i = 0; i < 200; ++i) {
    const uint64_t seed = seeds.Next();
    Trial trial(seed);
    trial.Play();
    ASSERT_EQ(trial.fault(), "") << "run " << i << " of seed " << seed;
    taken += trial.taken;
  }
  EXPECT_GT(taken, 100'000);
}

TEST(FetchCoreRandomTest, TheReaderSeesFaults) {
  const auto record = [](int64_t offset, const std::string& value) {
    ConsumedRecord consumed = {.partition = {"t", 0}, .offset = offset};
    consumed.record.value = value;
    return consumed;
  };
  Reader reader;
  EXPECT_EQ(reader.OnRecord(record(0, "v0")), "");
  EXPECT_EQ(reader.OnRecord(record(0, "v0")), "expected 1, found 0");
  EXPECT_EQ(reader.OnRecord(record(2, "v2")), "expected 1, found 2");
  EXPECT_EQ(reader.OnRecord(record(1, "v7")), "another record");
}

TEST(FetchCoreTest, ADamagedBatchIsToldAndTriedAgain) {
  FetchCore core({.min_backoff_ms = 5, .max_backoff_ms = 5}, 1);
  ClusterImage image;
  image.brokers[1] = {.id = 1, .address = "b1:1"};
  image.topics["t"].partitions = {{.replicas = {1}, .leader = 1, .isr = {1}}};
  core.Assign({{{"t", 0}, 0}});
  core.OnImage(std::make_shared<const ClusterImage>(image), 0);
  absl::StatusOr<std::string> batch = EncodeBatch({}, {{.value = "v0"}});
  std::string damaged = *batch;
  damaged.back() ^= 1;
  FetchOutput output = core.TakeOutput(0);
  ASSERT_EQ(output.calls.size(), 1u);
  core.OnFetched(output.calls[0].id, absl::OkStatus(), {{.batches = damaged}},
                 1);
  EXPECT_TRUE(Is(core.error(), ErrorKind::kDamagedBatch)) << core.error();
  EXPECT_FALSE(core.HasRecords());
  output = core.TakeOutput(100);
  ASSERT_EQ(output.calls.size(), 1u);
  EXPECT_EQ(output.calls[0].partitions[0].offset, 0);
  core.OnFetched(output.calls[0].id, absl::OkStatus(), {{.batches = *batch}},
                 101);
  EXPECT_TRUE(core.error().ok());
  EXPECT_EQ(core.TakeRecords(10).size(), 1u);
}

}  // namespace
}  // namespace quorate::broker
