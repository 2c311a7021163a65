#include "broker/group/assignment.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "broker/group/group_types.h"
#include "coord/base/seeded_random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quorate::broker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Shares = std::map<std::string, std::vector<GroupPartition>>;

std::map<std::string, Subscriber> After(
    const std::map<std::string, Subscriber>& members, const Shares& shares) {
  std::map<std::string, Subscriber> after = members;
  for (auto& [id, member] : after) {
    const auto share = shares.find(id);
    if (share != shares.end()) member.had = share->second;
  }
  return after;
}

size_t Kept(const Shares& before, const Shares& now) {
  size_t kept = 0;
  for (const auto& [id, share] : now) {
    const auto old = before.find(id);
    if (old == before.end()) continue;
    for (const GroupPartition& partition : share) {
      kept += std::count(old->second.begin(), old->second.end(), partition);
    }
  }
  return kept;
}

TEST(AssignmentTest, SharesEvenlyInOrder) {
  const Shares shares = AssignPartitions(
      {{"a", {.topics = {"t"}}}, {"b", {.topics = {"t"}}}}, {{"t", {1, 3}}});
  EXPECT_THAT(shares.at("a"),
              ElementsAre(GroupPartition{"t", 0}, GroupPartition{"t", 2}));
  EXPECT_THAT(shares.at("b"), ElementsAre(GroupPartition{"t", 1}));
}

TEST(AssignmentTest, GivesOnlyToSubscribersAndOnlyWhatThereIs) {
  const Shares shares =
      AssignPartitions({{"a", {.topics = {"t", "t", "gone"}}},
                        {"b", {.topics = {"u"}, .had = {{"t", 0}, {"u", 9}}}},
                        {"c", {.topics = {}}}},
                       {{"t", {1, 2}}, {"u", {2, 1}}, {"v", {3, 5}}});
  EXPECT_THAT(shares.at("a"),
              ElementsAre(GroupPartition{"t", 0}, GroupPartition{"t", 1}));
  EXPECT_THAT(shares.at("b"), ElementsAre(GroupPartition{"u", 0}));
  EXPECT_THAT(shares.at("c"), IsEmpty());
  EXPECT_THAT(AssignPartitions({}, {{"t", {1, 2}}}), IsEmpty());
}

TEST(AssignmentTest, MovesNoMoreThanItMust) {
  const TopicTable topics = {{"t", {1, 12}}};
  std::map<std::string, Subscriber> members = {{"a", {.topics = {"t"}}},
                                               {"b", {.topics = {"t"}}},
                                               {"c", {.topics = {"t"}}}};
  const Shares first = AssignPartitions(members, topics);
  members = After(members, first);
  members["d"] = {.topics = {"t"}};
  const Shares second = AssignPartitions(members, topics);
  EXPECT_EQ(second.at("d").size(), 3u);
  EXPECT_EQ(Kept(first, second), 9u);
  members = After(members, second);
  members.erase("b");
  const Shares third = AssignPartitions(members, topics);
  EXPECT_EQ(Kept(second, third), 9u);
}

// Any groups: each partition once, evenly, and the same again changes nothing.
TEST(AssignmentTest, RandomGroups) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    SeededRandom random(seed);
    TopicTable topics;
    for (uint64_t i = random.Below(5) + 1; i > 0; --i) {
      topics[absl::StrCat("t", i)] = {
          i, static_cast<int32_t>(random.Below(9) + 1)};
    }
    std::map<std::string, Subscriber> members;
    for (uint64_t i = random.Below(6) + 1; i > 0; --i) {
      Subscriber& member = members[absl::StrCat("m", i)];
      for (const auto& [topic, facts] : topics) {
        if (random.Chance(700'000)) member.topics.push_back(topic);
        member.had.push_back({topic, static_cast<int32_t>(random.Below(10))});
      }
    }
    const Shares shares = AssignPartitions(members, topics);
    std::set<GroupPartition> given;
    for (const auto& [id, share] : shares) {
      EXPECT_TRUE(std::is_sorted(share.begin(), share.end()));
      for (const GroupPartition& partition : share) {
        EXPECT_TRUE(given.insert(partition).second);
        for (const auto& [other, member] : members) {
          const std::vector<std::string>& list = member.topics;
          if (std::count(list.begin(), list.end(), partition.topic) == 0) {
            EXPECT_NE(other, id);
          } else {
            EXPECT_LE(share.size(), shares.at(other).size() + 1);
          }
        }
      }
    }
    size_t wanted = 0;
    for (const auto& [topic, facts] : topics) {
      const bool has_subscriber = std::any_of(
          members.begin(), members.end(), [&t = topic](const auto& entry) {
            const std::vector<std::string>& list = entry.second.topics;
            return std::count(list.begin(), list.end(), t) != 0;
          });
      if (has_subscriber) wanted += static_cast<size_t>(facts.partitions);
    }
    EXPECT_EQ(given.size(), wanted);
    EXPECT_EQ(AssignPartitions(After(members, shares), topics), shares);
  }
}

}  // namespace
}  // namespace quorate::broker
