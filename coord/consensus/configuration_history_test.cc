#include "coord/consensus/configuration_history.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "coord/base/seeded_random.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/test_members.h"
#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace quorate::consensus {
namespace {

ConfigurationPtr WithVersion(uint64_t version) {
  Configuration::Parts parts = Founded({1, 2, 3}).parts();
  parts.version = version;
  return std::make_shared<const Configuration>(
      *Configuration::FromParts(parts));
}

TEST(ConfigurationHistoryTest, EmptyOneKnowsTheEmptyConfiguration) {
  const ConfigurationHistory history;
  EXPECT_EQ(history.Newest().zxid, Zxid());
  ASSERT_NE(history.Newest().configuration, nullptr);
  EXPECT_EQ(history.Newest().configuration->version(), 0u);
  EXPECT_EQ(history.At(Zxid(9, 9)).configuration->version(), 0u);
}

TEST(ConfigurationHistoryTest, NewestCountsUntilItIsTakenBack) {
  ConfigurationHistory history;
  history.Append(Zxid(0, 1), WithVersion(1));
  history.Append(Zxid(1, 4), WithVersion(2));
  EXPECT_EQ(history.Newest().configuration->version(), 2u);
  history.TruncateAfter(Zxid(1, 4));  // the record itself stays
  EXPECT_EQ(history.Newest().configuration->version(), 2u);
  history.TruncateAfter(Zxid(1, 3));
  EXPECT_EQ(history.Newest().configuration->version(), 1u);
  EXPECT_EQ(history.Newest().zxid, Zxid(0, 1));
}

TEST(ConfigurationHistoryTest, AtTellsTheOneInForce) {
  ConfigurationHistory history;
  history.Append(Zxid(0, 1), WithVersion(1));
  history.Append(Zxid(1, 4), WithVersion(2));
  EXPECT_EQ(history.At(Zxid()).configuration->version(), 0u);
  EXPECT_EQ(history.At(Zxid(0, 1)).configuration->version(), 1u);
  EXPECT_EQ(history.At(Zxid(1, 3)).configuration->version(), 1u);
  EXPECT_EQ(history.At(Zxid(1, 4)).configuration->version(), 2u);
  EXPECT_EQ(history.At(Zxid(7, 0)).configuration->version(), 2u);
}

TEST(ConfigurationHistoryTest, AFixedOneStays) {
  ConfigurationHistory history;
  history.Fix(WithVersion(5));
  history.Append(Zxid(0, 1), WithVersion(1));
  history.Reset(Zxid(1, 4), WithVersion(2));
  history.CompactTo(Zxid(1, 4));
  history.TruncateAfter(Zxid());
  EXPECT_EQ(history.Newest().configuration->version(), 5u);
  EXPECT_EQ(history.At(Zxid()).configuration->version(), 5u);
  EXPECT_EQ(history.At(Zxid(7, 0)).configuration->version(), 5u);
}

TEST(ConfigurationHistoryTest, CompactionKeepsTheOneInForce) {
  ConfigurationHistory history;
  history.Append(Zxid(0, 1), WithVersion(1));
  history.Append(Zxid(1, 4), WithVersion(2));
  history.Append(Zxid(1, 9), WithVersion(3));
  history.CompactTo(Zxid(1, 3));
  EXPECT_EQ(history.entries().size(), 3u);
  history.CompactTo(Zxid(1, 4));
  EXPECT_EQ(history.entries().size(), 2u);
  EXPECT_EQ(history.At(Zxid(1, 5)).configuration->version(), 2u);
  history.CompactTo(Zxid(5, 0));
  EXPECT_EQ(history.entries().size(), 1u);
  EXPECT_EQ(history.Newest().configuration->version(), 3u);
}

TEST(ConfigurationHistoryTest, SnapshotBringsItsOwn) {
  ConfigurationHistory history;
  history.Append(Zxid(0, 1), WithVersion(1));
  history.Append(Zxid(3, 3), WithVersion(9));
  history.Reset(Zxid(2, 2), WithVersion(5));
  EXPECT_EQ(history.entries().size(), 1u);
  EXPECT_EQ(history.Newest().zxid, Zxid(2, 2));
  EXPECT_EQ(history.Newest().configuration->version(), 5u);
}

TEST(ConfigurationHistoryTest, AgreesWithAMap) {
  SeededRandom random{TestSeed()};
  ConfigurationHistory history;
  std::map<Zxid, uint64_t> model;
  uint64_t next_version = 1;
  Zxid end;
  for (int step = 0; step < 5'000; ++step) {
    const Zxid some = Zxid::FromValue(random.Below(end.value() + 2));
    switch (random.Below(8)) {
      case 0:
        history.TruncateAfter(some);
        model.erase(model.upper_bound(some), model.end());
        end = std::min(end, some);
        break;
      case 1: {
        history.CompactTo(some);
        auto above = model.upper_bound(some);
        if (above != model.begin()) model.erase(model.begin(), --above);
        break;
      }
      case 2:
        if (random.Below(50) != 0) break;
        end = Zxid::FromValue(random.Below(100) + 1);
        history.Reset(end, WithVersion(next_version));
        model = {{end, next_version++}};
        break;
      default:
        end = Zxid::FromValue(end.value() + 1 + random.Below(3));
        history.Append(end, WithVersion(next_version));
        model[end] = next_version++;
    }
    ASSERT_EQ(history.entries().size(), model.size());
    const Zxid probe = Zxid::FromValue(random.Below(end.value() + 2));
    const auto above = model.upper_bound(probe);
    const uint64_t expected =
        above == model.begin() ? 0 : std::prev(above)->second;
    ASSERT_EQ(history.At(probe).configuration->version(), expected);
    ASSERT_EQ(history.Newest().configuration->version(),
              model.empty() ? 0 : model.rbegin()->second);
  }
}

TEST(ConfigurationHistoryDeathTest, RefusesDisorder) {
  ConfigurationHistory history;
  history.Append(Zxid(1, 4), WithVersion(1));
  EXPECT_DEATH(history.Append(Zxid(1, 4), WithVersion(2)), "check failed");
  EXPECT_DEATH(history.Append(Zxid(1, 5), nullptr), "check failed");
}

}  // namespace
}  // namespace quorate::consensus
