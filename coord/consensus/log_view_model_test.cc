// LogView against models: random operations against a plain vector, and
// LastCommon() against brute force over histories as real ensembles grow them.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coord/base/bytes.h"
#include "coord/base/seeded_random.h"
#include "coord/consensus/log_view.h"
#include "coord/consensus/message.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace quorate::consensus {
namespace {

// A log as a vector; element 0 stands for the base.
class NaiveLog {
 public:
  struct Entry {
    Zxid zxid;
    uint64_t bytes;
  };

  explicit NaiveLog(Zxid base) : entries_{{base, 0}} {}

  void Append(const Record& record) {
    entries_.push_back({record.zxid, record.SizeBytes()});
  }
  void TruncateAfter(Zxid zxid) {
    while (entries_.back().zxid != zxid) entries_.pop_back();
  }
  void CompactTo(Zxid zxid) {
    while (entries_.front().zxid != zxid) entries_.erase(entries_.begin());
  }
  std::optional<size_t> Find(Zxid zxid) const {
    for (size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].zxid == zxid) return i;
    }
    return std::nullopt;
  }
  uint64_t BytesAfter(size_t index) const {
    uint64_t bytes = 0;
    for (size_t i = index + 1; i < entries_.size(); ++i) {
      bytes += entries_[i].bytes;
    }
    return bytes;
  }
  Zxid CompactionPoint(Zxid limit, uint64_t keep_bytes) const {
    for (size_t i = entries_.size() - 1; i > 0; --i) {
      if (entries_[i].zxid <= limit && BytesAfter(i) >= keep_bytes) {
        return entries_[i].zxid;
      }
    }
    return entries_[0].zxid;
  }
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
};

Zxid AnyOf(const NaiveLog& log, SeededRandom& random) {
  return log.entries()[random.Below(log.entries().size())].zxid;
}

void ExpectSame(const LogView& log, const NaiveLog& model) {
  const auto& entries = model.entries();
  ASSERT_EQ(log.base(), entries.front().zxid);
  ASSERT_EQ(log.last(), entries.back().zxid);
  ASSERT_EQ(log.size(), entries.size() - 1);
  ASSERT_EQ(log.size_bytes(), model.BytesAfter(0));
  std::vector<Zxid> in_runs;
  for (const EpochRun& run : log.Runs()) {
    for (uint64_t counter = run.first; counter <= run.last; ++counter) {
      in_runs.push_back(Zxid(run.epoch, static_cast<uint32_t>(counter)));
    }
  }
  ASSERT_EQ(in_runs.size(), entries.size() - 1);
  for (size_t i = 0; i < entries.size(); ++i) {
    const Zxid zxid = entries[i].zxid;
    if (i > 0) {
      ASSERT_EQ(in_runs[i - 1], zxid);
      ASSERT_EQ(log.Get(zxid).zxid, zxid);
    }
    ASSERT_TRUE(log.Contains(zxid));
    ASSERT_EQ(log.RecordsAfter(zxid), entries.size() - 1 - i);
    ASSERT_EQ(log.BytesAfter(zxid), model.BytesAfter(i));
    const Record* after = log.After(zxid);
    ASSERT_EQ(after != nullptr, i + 1 < entries.size());
    if (after != nullptr) {
      ASSERT_EQ(after->zxid, entries[i + 1].zxid);
    }
  }
}

void ExpectSameQuestions(const LogView& log, const NaiveLog& model,
                         SeededRandom& random) {
  const Zxid probe(static_cast<Epoch>(random.Below(log.last().epoch() + 2)),
                   static_cast<uint32_t>(random.Below(6)));
  ASSERT_EQ(log.Contains(probe), model.Find(probe).has_value())
      << ToString(probe);
  const uint64_t keep = random.Below(400);
  ASSERT_EQ(log.CompactionPoint(probe, keep),
            model.CompactionPoint(probe, keep));
  const Zxid from = AnyOf(model, random);
  const uint64_t most = random.Below(400);
  std::vector<Record> out;
  const uint64_t bytes = log.CopyAfter(from, most, out);
  uint64_t expected_bytes = 0;
  for (size_t i = 0; i < out.size(); ++i) {
    const NaiveLog::Entry& entry = model.entries()[*model.Find(from) + 1 + i];
    ASSERT_EQ(out[i].zxid, entry.zxid);
    expected_bytes += entry.bytes;
  }
  ASSERT_EQ(bytes, expected_bytes);
  ASSERT_TRUE(bytes <= most || out.size() <= 1);
  const size_t end = *model.Find(from) + 1 + out.size();
  if (end < model.entries().size()) {  // one more would have been too much
    ASSERT_FALSE(out.empty());
    ASSERT_GT(bytes + model.entries()[end].bytes, most);
  }
}

TEST(LogViewModelTest, RandomOperationsAgreeWithAVector) {
  SeededRandom random{TestSeed()};
  LogView log;
  NaiveLog model((Zxid()));
  for (int step = 0; step < 20'000; ++step) {
    switch (random.Below(16)) {
      case 0: {
        const Zxid zxid = AnyOf(model, random);
        log.TruncateAfter(zxid);
        model.TruncateAfter(zxid);
        break;
      }
      case 1: {
        const Zxid zxid = AnyOf(model, random);
        log.CompactTo(zxid);
        model.CompactTo(zxid);
        break;
      }
      case 2: {
        if (random.Below(20) != 0) break;
        const Zxid base(static_cast<Epoch>(random.Below(20)),
                        static_cast<uint32_t>(random.Below(4)));
        log.Reset(base);
        model = NaiveLog(base);
        break;
      }
      default: {
        Record record;
        record.zxid = random.Below(4) == 0
                          ? Zxid(log.last().epoch() + 1 +
                                     static_cast<Epoch>(random.Below(2)),
                                 0)
                          : log.last().Next();
        record.payload = MakeBytes(std::string(random.Below(80), 'x'));
        ASSERT_TRUE(log.Follows(record.zxid));
        log.Append(record);
        model.Append(record);
      }
    }
    ASSERT_NO_FATAL_FAILURE(ExpectSameQuestions(log, model, random));
    if (step % 16 == 0) {
      ASSERT_NO_FATAL_FAILURE(ExpectSame(log, model));
    }
  }
}

// A whole history, from its first record.
using History = std::vector<Zxid>;

// Histories as elections grow them: each epoch has one leader, who begins from
// some history and appends; everyone holds some beginning of such a history.
std::vector<History> GrowTree(SeededRandom& random) {
  std::vector<History> histories = {{kFoundingZxid}};
  Epoch epoch = 0;
  const uint64_t reigns = 1 + random.Below(8);
  for (uint64_t reign = 0; reign < reigns; ++reign) {
    epoch += static_cast<Epoch>(1 + random.Below(2));
    History history = histories[random.Below(histories.size())];
    history.resize(random.Below(history.size() + 1));
    if (history.empty()) history.push_back(kFoundingZxid);
    const uint64_t records = 1 + random.Below(5);
    for (uint32_t counter = 0; counter < records; ++counter) {
      history.push_back(Zxid(epoch, counter));
    }
    histories.push_back(history);
    // Followers that got only some of it.
    history.resize(1 + random.Below(history.size()));
    histories.push_back(std::move(history));
  }
  return histories;
}

// The log of someone who has `history` and has forgotten its first `forgotten`
// records.
LogView LogOf(const History& history, size_t forgotten) {
  LogView log;
  for (Zxid zxid : history) {
    Record record;
    record.zxid = zxid;
    log.Append(record);
  }
  if (forgotten > 0) log.CompactTo(history[forgotten - 1]);
  return log;
}

TEST(LogViewModelTest, LastCommonAgreesWithBruteForce) {
  SeededRandom random{TestSeed()};
  int found = 0;
  int lost = 0;
  for (int round = 0; round < 20'000; ++round) {
    const std::vector<History> histories = GrowTree(random);
    const History& ours = histories[random.Below(histories.size())];
    const History& theirs = histories[random.Below(histories.size())];
    size_t common = 0;
    while (common < std::min(ours.size(), theirs.size()) &&
           ours[common] == theirs[common]) {
      ++common;
    }
    // Often nothing is forgotten, to see the whole tree.
    const size_t our_base =
        random.Below(3) == 0 ? 0 : random.Below(ours.size() + 1);
    const size_t their_base =
        random.Below(3) == 0 ? 0 : random.Below(theirs.size() + 1);
    const LogView log = LogOf(ours, our_base);
    const LogView other = LogOf(theirs, their_base);
    std::optional<Zxid> expected;
    if (common >= our_base && common >= their_base) {
      expected = common == 0 ? Zxid() : ours[common - 1];
      ++found;
    } else {
      ++lost;
    }
    ASSERT_EQ(log.LastCommon(other.base(), other.Runs()), expected)
        << "round " << round;
    ASSERT_EQ(other.LastCommon(log.base(), log.Runs()), expected)
        << "round " << round;
  }
  EXPECT_GT(found, 5'000);
  EXPECT_GT(lost, 1'000);
}

// What comes from a peer may be anything.
TEST(LogViewModelTest, LastCommonTrustsNobody) {
  SeededRandom random{TestSeed()};
  for (int round = 0; round < 20'000; ++round) {
    const std::vector<History> histories = GrowTree(random);
    const History& ours = histories.back();
    const LogView log = LogOf(ours, random.Below(ours.size() + 1));
    std::vector<EpochRun> runs(random.Below(4));
    for (EpochRun& run : runs) {
      run.epoch = static_cast<Epoch>(random.Below(10));
      run.first = static_cast<uint32_t>(random.Below(6));
      run.last = random.Below(8) == 0 ? UINT32_MAX
                                      : static_cast<uint32_t>(random.Below(6));
    }
    const Zxid base(static_cast<Epoch>(random.Below(10)),
                    static_cast<uint32_t>(random.Below(6)));
    const std::optional<Zxid> common = log.LastCommon(base, runs);
    if (common.has_value()) {
      EXPECT_TRUE(log.Contains(*common));
    }
  }
}

}  // namespace
}  // namespace quorate::consensus
