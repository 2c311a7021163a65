#include "coord/consensus/progress.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "coord/base/bytes.h"
#include "coord/base/ids.h"
#include "coord/base/seeded_random.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/log_view.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace quorate::consensus {
namespace {

constexpr MemberKey kPeer = {{2}, {102}};
constexpr int64_t kRecordBytes = 100;

// 1:0 to 1:`last`, each of kRecordBytes.
LogView LogTo(uint32_t last) {
  LogView log;
  for (uint32_t counter = 0; counter <= last; ++counter) {
    Record record;
    record.zxid = Zxid(1, counter);
    record.payload =
        MakeBytes(std::string(kRecordBytes - Record::kOverheadBytes, 'x'));
    log.Append(record);
  }
  return log;
}

TEST(ProgressTest, StartsAsAStranger) {
  const Progress peer(kPeer, "host:2", 500);
  EXPECT_EQ(peer.state, Progress::State::kAsking);
  EXPECT_EQ(peer.key, kPeer);
  EXPECT_EQ(peer.address, "host:2");
  const MemberFacts facts = peer.Facts(LogTo(9));
  EXPECT_EQ(facts.key, kPeer);
  EXPECT_FALSE(facts.last_heard_ms.has_value());
  EXPECT_FALSE(facts.proven_since_ms.has_value());
  EXPECT_EQ(facts.lag_records, 10u);
  EXPECT_EQ(facts.lag_bytes, 1'000u);
}

TEST(ProgressTest, GapStartsTheClocksAnew) {
  const Limits limits;
  Progress peer(kPeer, "host:2", 0);
  peer.Heard(1'000, limits);
  EXPECT_EQ(peer.heard_since_ms, 1'000) << "not heard before";
  peer.Heard(1'000 + limits.contact_ms, limits);
  EXPECT_EQ(peer.heard_since_ms, 1'000) << "just no gap";
  peer.proven_since_ms = 1'000;
  peer.Heard(1'001 + 2 * limits.contact_ms, limits);
  EXPECT_EQ(peer.heard_since_ms, 1'001 + 2 * limits.contact_ms);
  EXPECT_FALSE(peer.proven_since_ms.has_value());
  EXPECT_EQ(peer.last_heard_ms, 1'001 + 2 * limits.contact_ms);
}

TEST(ProgressTest, LagIsWhatIsNotDurableThere) {
  Progress peer(kPeer, "host:2", 0);
  peer.match = Zxid(1, 6);
  peer.received = Zxid(1, 8);
  const MemberFacts facts = peer.Facts(LogTo(9));
  EXPECT_EQ(facts.lag_records, 3u);
  EXPECT_EQ(facts.lag_bytes, 300u);
}

TEST(ProgressTest, LagBehindTheBaseIsBeyondEveryBound) {
  Limits limits;
  limits.max_lag_records = 1'000'000;
  limits.max_lag_bytes = uint64_t{1} << 30;
  ASSERT_TRUE(ValidateLimits(limits).ok());
  LogView log = LogTo(9);
  log.CompactTo(Zxid(1, 9));  // so that nothing at all is held behind it
  Progress peer(kPeer, "host:2", 0);
  peer.match = Zxid(1, 8);
  peer.Heard(0, limits);
  EXPECT_TRUE(CheckProven(peer.Facts(log), limits, 0).has_value());
  peer.match = Zxid(1, 9);
  EXPECT_FALSE(CheckProven(peer.Facts(log), limits, 0).has_value());
}

TEST(ProgressTest, InflightIsSentAndNotAcknowledged) {
  const LogView log = LogTo(9);
  Progress peer(kPeer, "host:2", 0);
  peer.sent = Zxid(1, 7);
  peer.match = Zxid(1, 2);
  peer.received = Zxid(1, 2);
  EXPECT_EQ(peer.InflightBytes(log), 500u);
  peer.received = Zxid(1, 5);  // holds it, though not durably
  EXPECT_EQ(peer.InflightBytes(log), 200u);
  peer.received = peer.match = Zxid(1, 7);
  EXPECT_EQ(peer.InflightBytes(log), 0u);
  peer.received = peer.match = Zxid(1, 9);  // sent by a leader before
  EXPECT_EQ(peer.InflightBytes(log), 0u);
}

TEST(ProgressTest, InflightSurvivesCompaction) {
  LogView log = LogTo(9);
  Progress peer(kPeer, "host:2", 0);
  peer.sent = Zxid(1, 7);
  peer.match = peer.received = Zxid(1, 2);
  log.CompactTo(Zxid(1, 4));
  EXPECT_EQ(peer.InflightBytes(log), 300u);
  log.CompactTo(Zxid(1, 8));
  EXPECT_EQ(peer.InflightBytes(log), 0u);
}

TEST(ProgressTest, InflightNeverExceedsTheLog) {
  SeededRandom random{TestSeed()};
  for (int round = 0; round < 2'000; ++round) {
    LogView log = LogTo(static_cast<uint32_t>(random.Below(10)));
    Progress peer(kPeer, "host:2", 0);
    const auto any = [&] {
      return random.Below(8) == 0 ? Zxid()
                                  : Zxid(1, static_cast<uint32_t>(random.Below(
                                                log.last().counter() + 1)));
    };
    peer.sent = any();
    peer.received = any();
    peer.match = std::min(peer.received, any());
    if (random.Below(2) == 0) {
      const Zxid zxid = any();
      log.CompactTo(zxid);
    }
    EXPECT_LE(peer.InflightBytes(log), log.size_bytes());
  }
}

TEST(ProgressTest, FitnessIsObservedFromTickToTick) {
  const Limits limits;
  const LogView log = LogTo(9);
  Progress peer(kPeer, "host:2", 0);
  peer.ObserveFitness(log, limits, 100);
  EXPECT_FALSE(peer.proven_since_ms.has_value()) << "never heard";
  peer.match = Zxid(1, 9);
  peer.Heard(200, limits);
  peer.ObserveFitness(log, limits, 200);
  EXPECT_EQ(peer.proven_since_ms, 200);
  peer.Heard(300, limits);
  peer.ObserveFitness(log, limits, 300);
  EXPECT_EQ(peer.proven_since_ms, 200) << "still since then";
  peer.fsync_ms = limits.max_fsync_ms + 1;
  peer.ObserveFitness(log, limits, 350);
  EXPECT_FALSE(peer.proven_since_ms.has_value());
  peer.fsync_ms = 0;
  peer.ObserveFitness(log, limits, 400);
  EXPECT_EQ(peer.proven_since_ms, 400);
  peer.ObserveFitness(log, limits, 301 + limits.contact_ms);
  EXPECT_FALSE(peer.proven_since_ms.has_value()) << "silent for too long";
}

}  // namespace
}  // namespace quorate::consensus
