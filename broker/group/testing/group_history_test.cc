// Each check finds what it is there for.

#include "broker/group/testing/group_history.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quorate::broker {
namespace {

using ::testing::HasSubstr;

const GroupPartition kP = {"t", 0};

GroupHistory Good() {
  GroupHistory history;
  history.durable = {
      {1, {}, {}}, {1, {{kP, 5}}, {}}, {2, {{kP, 5}}, {}}, {2, {{kP, 8}}, {}}};
  history.commits = {{1, "a", 1, kP, 5, false}, {3, "b", 2, kP, 8, false}};
  history.joins = {{1, {"a", 1, {kP}}}, {2, {"b", 2, {kP}}}};
  return history;
}

std::string CheckAll(const GroupHistory& history) {
  return CheckExclusive(history) + CheckNeverBack(history) +
         CheckCommitsDurable(history) + CheckGenerations(history);
}

TEST(GroupHistoryTest, FindsNothingWhereAllIsWell) {
  EXPECT_EQ(CheckAll(Good()), "");
}

TEST(GroupHistoryTest, FindsTwoCommitters) {
  GroupHistory history = Good();
  history.commits[1].generation = 1;
  history.durable[2].generation = 1;
  EXPECT_THAT(CheckExclusive(history), HasSubstr("b committed"));
  // Of a generation that is not durable yet.
  history = Good();
  history.durable[2].generation = 1;
  EXPECT_THAT(CheckExclusive(history), HasSubstr("when 1 was durable"));
  // Of an older generation, afterwards.
  history = Good();
  history.commits.push_back({3, "a", 1, kP, 8, false});
  EXPECT_THAT(CheckExclusive(history), HasSubstr("a committed"));
}

TEST(GroupHistoryTest, FindsAnOffsetThatGoesBack) {
  GroupHistory history = Good();
  history.durable[3].offsets[kP] = 4;
  EXPECT_THAT(CheckNeverBack(history), HasSubstr("went back from 5 to 4"));
  history.durable[3].rewinds.insert({kP, 5});
  EXPECT_THAT(CheckNeverBack(history), HasSubstr("went back from 5 to 4"));
  history.durable[3].rewinds.insert({kP, 4});
  EXPECT_EQ(CheckNeverBack(history), "");
  history.durable[3].offsets.clear();
  EXPECT_THAT(CheckNeverBack(history), HasSubstr("lost"));
}

TEST(GroupHistoryTest, FindsAnAnswerThatIsNotDurable) {
  GroupHistory history = Good();
  history.commits[1].offset = 9;
  EXPECT_THAT(CheckCommitsDurable(history), HasSubstr("9 was answered"));
  history.commits[1].index = 0;
  EXPECT_THAT(CheckCommitsDurable(history), HasSubstr("nothing"));
}

TEST(GroupHistoryTest, FindsWrongGenerations) {
  GroupHistory history = Good();
  history.durable[3].generation = 1;
  EXPECT_THAT(CheckGenerations(history), HasSubstr("1 after 2"));
  history = Good();
  history.joins[1].durable_generation = 1;
  EXPECT_THAT(CheckGenerations(history), HasSubstr("only 1 is durable"));
  history = Good();
  history.joins.push_back({2, {"a", 2, {kP}}});
  EXPECT_THAT(CheckGenerations(history), HasSubstr("belongs to"));
  history = Good();
  history.joins.push_back({2, {"b", 2, {}}});
  EXPECT_THAT(CheckGenerations(history), HasSubstr("two different"));
}

}  // namespace
}  // namespace quorate::broker
