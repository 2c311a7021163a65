#include "coord/replica/recent_sessions.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "coord/tree/session_id.h"
#include "gtest/gtest.h"

namespace quorate::replica {
namespace {

using tree::SessionId;

TEST(RecentSessions, AreFoundByTheirPassword) {
  RecentSessions sessions(10);
  EXPECT_TRUE(sessions.Find("a").IsNone());
  sessions.Add("a", SessionId{1});
  sessions.Add("b", SessionId{2});
  EXPECT_EQ(sessions.Find("a"), SessionId{1});
  sessions.Add("a", SessionId{3});
  EXPECT_EQ(sessions.Find("a"), SessionId{3});
  EXPECT_EQ(sessions.size(), 2u);
}

TEST(RecentSessions, ForgetTheOldest) {
  RecentSessions sessions(3);
  for (int64_t i = 1; i <= 5; ++i) {
    sessions.Add(absl::StrCat(i), SessionId{i});
  }
  EXPECT_EQ(sessions.size(), 3u);
  EXPECT_TRUE(sessions.Find("2").IsNone());
  EXPECT_EQ(sessions.Find("3"), SessionId{3});
}

}  // namespace
}  // namespace quorate::replica
