#include "coord/replica/session_clock.h"

#include <cstdint>
#include <map>
#include <vector>

#include "coord/base/seeded_random.h"
#include "coord/tree/session_id.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace quorate::replica {
namespace {

using tree::SessionId;
using Ids = std::vector<SessionId>;

TEST(SessionClock, ExpiresWhoIsSilent) {
  SessionClock clock;
  clock.Add(SessionId{2}, 1'000);
  clock.Add(SessionId{1}, 1'000);
  EXPECT_EQ(clock.Advance(999), Ids());
  EXPECT_EQ(clock.Advance(SessionClock::kBucketMs + 1),
            (Ids{SessionId{1}, SessionId{2}}));
}

TEST(SessionClock, ATouchGivesAFullTimeout) {
  SessionClock clock;
  clock.Add(SessionId{1}, 1'000);
  clock.Advance(900);
  clock.Touch(SessionId{1});
  EXPECT_EQ(clock.Advance(900), Ids());
  EXPECT_EQ(clock.Advance(200), Ids{SessionId{1}});
}

TEST(SessionClock, NamesTheExpiredUntilTheyAreRemoved) {
  SessionClock clock;
  clock.Add(SessionId{1}, 1'000);
  EXPECT_EQ(clock.Advance(1'100), Ids{SessionId{1}});
  EXPECT_EQ(clock.Advance(SessionClock::kBucketMs), Ids{SessionId{1}});
  clock.Remove(SessionId{1});
  EXPECT_EQ(clock.Advance(5'000), Ids());
  EXPECT_EQ(clock.size(), 0u);
  clock.Touch(SessionId{1});  // not known: nothing happens
  EXPECT_EQ(clock.size(), 0u);
}

// Against a clock that looks at every session every time.
TEST(SessionClock, AgreesWithThePlainOne) {
  SeededRandom chance(TestSeed());
  SessionClock clock;
  struct Plain {
    int64_t timeout_ms;
    int64_t deadline_ms;
  };
  std::map<SessionId, Plain> plain;
  int64_t now_ms = 0;
  for (int step = 0; step < 20'000; ++step) {
    const SessionId id{chance.Between(1, 30)};
    switch (chance.Below(4)) {
      case 0:
        if (!plain.contains(id)) {
          const int64_t timeout_ms = chance.Between(1, 3'000);
          clock.Add(id, static_cast<int32_t>(timeout_ms));
          plain[id] = {timeout_ms, now_ms + timeout_ms};
        }
        break;
      case 1:
        clock.Touch(id);
        if (plain.contains(id)) {
          plain[id].deadline_ms = now_ms + plain[id].timeout_ms;
        }
        break;
      case 2: {
        const int64_t elapsed_ms = chance.Between(0, 120);
        now_ms += elapsed_ms;
        for (const SessionId expired : clock.Advance(elapsed_ms)) {
          ASSERT_TRUE(plain.contains(expired));
          EXPECT_LE(plain[expired].deadline_ms, now_ms);  // never early
          clock.Remove(expired);
          plain.erase(expired);
        }
        for (const auto& [session, entry] : plain) {
          EXPECT_GT(entry.deadline_ms + SessionClock::kBucketMs, now_ms);
        }
        break;
      }
      default:
        if (chance.Below(10) == 0) {
          clock.Remove(id);
          plain.erase(id);
        }
    }
    ASSERT_EQ(clock.size(), plain.size());
  }
}

}  // namespace
}  // namespace quorate::replica
