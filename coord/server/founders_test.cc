#include "coord/server/founders.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/options.h"
#include "gtest/gtest.h"

namespace quorate::server {
namespace {

TEST(FoundersTest, SortsById) {
  const auto founders = ParseFounders("3=c:1,1=a:1,2=[::1]:1");
  ASSERT_TRUE(founders.ok()) << founders.status();
  ASSERT_EQ(founders->size(), 3u);
  EXPECT_EQ((*founders)[0].id.value, 1u);
  EXPECT_EQ((*founders)[0].address, "a:1");
  EXPECT_EQ((*founders)[1].address, "[::1]:1");
  EXPECT_EQ((*founders)[2].id.value, 3u);
}

TEST(FoundersTest, RefusesWhatIsNoList) {
  for (const char* text :
       {"", "1", "1=", "=a:1", "0=a:1", "-1=a:1", "x=a:1", "1=a", "1=a:0",
        "1=0.0.0.0:1", "1=a:1,", "1=a:1,1=b:1", "1=a:1 2=b:1",
        "99999999999999999999=a:1"}) {
    EXPECT_EQ(ParseFounders(text).status().code(),
              absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST(SeedsTest, ReadsAndRefuses) {
  const auto seeds = ParseSeeds("a:1,b:2");
  ASSERT_TRUE(seeds.ok()) << seeds.status();
  EXPECT_EQ(*seeds, (std::vector<std::string>{"a:1", "b:2"}));
  for (const char* text : {"", "a", "a:1,", "a:1,a:1", "a:0", "[::]:1"}) {
    EXPECT_FALSE(ParseSeeds(text).ok()) << text;
  }
}

TEST(LimitTest, SetsEveryLimitByItsName) {
  // Every limit that the help names can be set, and each is another one.
  consensus::Limits limits;
  for (const char* name :
       {"stabilisation_ms", "promotion_distance_ms", "contact_ms", "dead_ms",
        "max_lag_records", "max_lag_bytes", "max_fsync_ms", "max_learners",
        "max_snapshot_transfers", "min_voters", "auto_promote",
        "auto_remove_dead"}) {
    const consensus::Limits before = limits;
    EXPECT_NE(DescribeLimits().find(absl::StrCat(name, "=")),
              std::string::npos);
    const bool is_switch = absl::StartsWith(name, "auto_");
    EXPECT_TRUE(
        SetLimit(absl::StrCat(name, is_switch ? "=1" : "=31"), limits).ok())
        << name;
    EXPECT_FALSE(limits == before) << name;
  }
}

TEST(LimitTest, RefusesUnknownNamesAndBadNumbers) {
  consensus::Limits limits;
  for (const char* text :
       {"", "contact", "contact_ms", "contact_ms=", "contact_ms=1x",
        "contact_ms=-1", "max_learners=4294967296",
        "contact_ms=9223372036854775808", "auto_promote=2",
        "auto_promote=on"}) {
    EXPECT_FALSE(SetLimit(text, limits).ok()) << text;
  }
  EXPECT_EQ(limits, consensus::Limits());
}

}  // namespace
}  // namespace quorate::server
