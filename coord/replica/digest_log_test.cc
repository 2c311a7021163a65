#include "coord/replica/digest_log.h"

#include <cstdint>

#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"

namespace quorate::replica {
namespace {

using consensus::Zxid;

TEST(DigestLog, MarksTheFirstOfEachEpochAndOneInSoMany) {
  EXPECT_TRUE(DigestLog::IsMarked(Zxid(3, 0)));
  EXPECT_TRUE(DigestLog::IsMarked(Zxid(3, DigestLog::kInterval)));
  EXPECT_FALSE(DigestLog::IsMarked(Zxid(3, 1)));
}

TEST(DigestLog, FindsADifferenceWhicheverComesFirst) {
  DigestLog log;
  EXPECT_FALSE(log.Note(Zxid(1, 0), 10).has_value());
  EXPECT_FALSE(log.Told(Zxid(1, 0), 10).has_value());
  EXPECT_FALSE(log.Note(Zxid(1, 256), 11).has_value());
  const auto late = log.Told(Zxid(1, 256), 12);
  ASSERT_TRUE(late.has_value());
  EXPECT_EQ(late->zxid, Zxid(1, 256));
  EXPECT_EQ(late->ours, 11u);
  EXPECT_EQ(late->theirs, 12u);
  EXPECT_FALSE(log.Told(Zxid(1, 512), 13).has_value());
  EXPECT_TRUE(log.Note(Zxid(1, 512), 14).has_value());
}

TEST(DigestLog, DoesNotJudgeWhatItHasForgotten) {
  DigestLog log;
  for (uint32_t i = 0; i <= DigestLog::kKept; ++i) {
    log.Note(Zxid(1, i * DigestLog::kInterval), i);
  }
  EXPECT_FALSE(log.Told(Zxid(1, 0), 999).has_value());
  EXPECT_TRUE(log.Told(Zxid(1, DigestLog::kInterval), 999).has_value());
  EXPECT_EQ(log.Newest()->second, DigestLog::kKept);
  log.Clear();
  EXPECT_FALSE(log.Newest().has_value());
  EXPECT_FALSE(log.Told(Zxid(1, DigestLog::kInterval), 999).has_value());
}

}  // namespace
}  // namespace quorate::replica
