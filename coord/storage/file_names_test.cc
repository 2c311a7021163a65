#include "coord/storage/file_names.h"

#include <cstdint>
#include <optional>

#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"

namespace quorate::storage {
namespace {

using consensus::Zxid;

TEST(FileNamesTest, SurviveTheRoundTripAndSortAsNumbersDo) {
  EXPECT_EQ(SegmentName(26), "log-000000000000001a");
  EXPECT_EQ(ParseSegmentName(SegmentName(UINT64_MAX)), UINT64_MAX);
  EXPECT_LT(SegmentName(9), SegmentName(10));
  EXPECT_LT(SegmentName(15), SegmentName(16));
  EXPECT_EQ(SnapshotName(Zxid(1, 2)), "snapshot-0000000100000002");
  EXPECT_EQ(ParseSnapshotName(SnapshotName(Zxid(7, 9))), Zxid(7, 9));
  EXPECT_EQ(ParseReceivedName(ReceivedName(Zxid(7, 9))), Zxid(7, 9));
}

TEST(FileNamesTest, OtherNamesAreNotTaken) {
  for (const char* name :
       {"", "log-", "log-1", "log-000000000000001A", "log-000000000000001g",
        "log-0000000000000001.tmp", "log-00000000000000001", "state"}) {
    EXPECT_EQ(ParseSegmentName(name), std::nullopt) << name;
  }
  EXPECT_EQ(ParseSnapshotName(ReceivedName(Zxid(1, 1))), std::nullopt);
  EXPECT_TRUE(IsTemporaryName(kSpareName));
  EXPECT_TRUE(IsTemporaryName(kIncomingName));
  EXPECT_FALSE(IsTemporaryName(SegmentName(1)));
}

}  // namespace
}  // namespace quorate::storage
