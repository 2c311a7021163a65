#include "tests/scenarios/arguments.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/simulation/event_queue.h"

namespace quorate::scenarios {
namespace {

using simulation::kMillisecond;
using simulation::kSecond;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

// Members 1, 2 and 3 are there, as indices 0, 1 and 2.
Arguments Of(const std::string& text) {
  std::vector<std::string> words = absl::StrSplit(text, ' ', absl::SkipEmpty());
  return Arguments(std::move(words), [](absl::string_view name) {
    return name.size() == 1 && name[0] >= '1' && name[0] <= '3' ? name[0] - '1'
                                                                : -1;
  });
}

TEST(Arguments, TakesWordsInTurn) {
  Arguments arguments = Of("2 at 7 500ms 3:17 and so on");
  EXPECT_EQ(arguments.Member(), 1);
  EXPECT_FALSE(arguments.Take("seeds"));
  EXPECT_TRUE(arguments.Take("at"));
  EXPECT_EQ(arguments.Number("a number"), 7u);
  EXPECT_EQ(arguments.Duration(), 500 * kMillisecond);
  EXPECT_EQ(arguments.Zxid(), consensus::Zxid(3, 17));
  EXPECT_EQ(arguments.Rest("words"), "and so on");
  EXPECT_TRUE(arguments.Finish().ok());
}

TEST(Arguments, TakesListsOfMembers) {
  Arguments members = Of("1 3 at 2");
  EXPECT_THAT(members.Members(), ElementsAre(0, 2));
  members.Expect("at");
  EXPECT_THAT(members.Members(), ElementsAre(1));
  EXPECT_TRUE(members.Finish().ok());
  Arguments groups = Of("{1} {2 3}");
  EXPECT_THAT(groups.Groups(), ElementsAre(ElementsAre(0), ElementsAre(1, 2)));
  EXPECT_TRUE(groups.Finish().ok());
}

TEST(Arguments, TakesSettings) {
  Arguments arguments = Of("a=1 b=-2");
  EXPECT_THAT(arguments.Settings(), ElementsAre(Pair("a", 1), Pair("b", -2)));
  EXPECT_TRUE(arguments.Finish().ok());
}

TEST(Arguments, KeepsTheFirstMistake) {
  Arguments arguments = Of("4 x");
  EXPECT_EQ(arguments.Member(), -1);
  EXPECT_EQ(arguments.Number("a number"), 0u);
  EXPECT_THAT(std::string(arguments.Finish().message()),
              HasSubstr("there is no member 4"));
}

std::string DurationMistake(const std::string& text) {
  Arguments arguments = Of(text);
  arguments.Duration();
  return std::string(arguments.Finish().message());
}

TEST(Arguments, RefusesWhatItDoesNotUnderstand) {
  EXPECT_THAT(DurationMistake("5"), HasSubstr("a duration"));
  EXPECT_THAT(DurationMistake("ms"), HasSubstr("a duration"));
  EXPECT_THAT(DurationMistake(""), HasSubstr("a duration"));
  EXPECT_THAT(DurationMistake("1s more"), HasSubstr("unexpected \"more\""));
  Arguments zxid = Of("3-1");
  zxid.Zxid();
  EXPECT_FALSE(zxid.Finish().ok());
  Arguments groups = Of("1 {2}");
  groups.Groups();
  EXPECT_FALSE(groups.Finish().ok());
  Arguments settings = Of("a=b");
  settings.Settings();
  EXPECT_FALSE(settings.Finish().ok());
}

TEST(Arguments, ReadsIdsOutOfNames) {
  EXPECT_EQ(Arguments::IdOf("3"), MemberId{3});
  EXPECT_EQ(Arguments::IdOf("12b"), MemberId{12});
  EXPECT_FALSE(Arguments::IdOf("at").has_value());
  EXPECT_FALSE(Arguments::IdOf("0").has_value());
  EXPECT_FALSE(Arguments::IdOf("").has_value());
}

}  // namespace
}  // namespace quorate::scenarios
