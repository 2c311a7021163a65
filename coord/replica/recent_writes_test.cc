#include "coord/replica/recent_writes.h"

#include <cstdint>

#include "absl/status/status.h"
#include "coord/replica/pending_writes.h"
#include "coord/tree/session_id.h"
#include "gtest/gtest.h"

namespace quorate::replica {
namespace {

WriteKey Number(int64_t id) { return {tree::SessionId(), id, ""}; }

TEST(RecentWrites, RememberWhatWasDecided) {
  RecentWrites recent(1'000, 10);
  EXPECT_EQ(recent.Find(Number(1)), nullptr);
  ASSERT_TRUE(recent.HasRoom(0));
  recent.Remember(Number(1), absl::OkStatus(), 0);
  recent.Remember(Number(2), absl::ResourceExhaustedError("full"), 0);
  recent.Remember({tree::SessionId(), 0, "1"}, absl::OkStatus(), 0);
  EXPECT_TRUE(recent.Find(Number(1))->ok());
  EXPECT_TRUE(absl::IsResourceExhausted(*recent.Find(Number(2))));
  EXPECT_EQ(recent.size(), 3u);
}

TEST(RecentWrites, ForgetTheOldAndTakeNoMoreThanTheyHaveRoomFor) {
  RecentWrites recent(1'000, 2);
  recent.Remember(Number(1), absl::OkStatus(), 0);
  recent.Remember(Number(2), absl::OkStatus(), 500);
  EXPECT_FALSE(recent.HasRoom(1'000));
  EXPECT_NE(recent.Find(Number(1)), nullptr);
  EXPECT_TRUE(recent.HasRoom(1'001));
  EXPECT_EQ(recent.Find(Number(1)), nullptr);
  EXPECT_NE(recent.Find(Number(2)), nullptr);
}

}  // namespace
}  // namespace quorate::replica
