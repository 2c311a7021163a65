#include "tests/scenarios/script.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quorate::scenarios {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kGood[] =
    "# What it shows.\n"
    "\n"
    "one\n"
    "two 2\n"
    "----\n"
    "said\n"
    "\n"
    "# And then.\n"
    "three\n"
    "----\n";

TEST(Script, ParsesSteps) {
  const auto script = ParseScript(kGood);
  ASSERT_TRUE(script.ok()) << script.status();
  ASSERT_EQ(script->steps.size(), 2u);
  const Step& first = script->steps[0];
  ASSERT_EQ(first.commands.size(), 2u);
  EXPECT_EQ(first.commands[1].text, "two 2");
  EXPECT_EQ(first.commands[1].number, 4);
  EXPECT_THAT(first.expected, ElementsAre("said"));
  EXPECT_EQ(first.expected_line, 6);
  EXPECT_THAT(script->steps[1].comments, ElementsAre("# And then."));
  EXPECT_THAT(script->steps[1].expected, IsEmpty());
}

TEST(Script, FormatsAsItWas) {
  const auto script = ParseScript(kGood);
  ASSERT_TRUE(script.ok());
  EXPECT_EQ(FormatScript(*script), kGood);
}

std::string Mistake(const std::string& text) {
  return std::string(ParseScript(text).status().message());
}

TEST(Script, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(Mistake("one\n----\n"), HasSubstr("1: a scenario begins with"));
  EXPECT_THAT(Mistake("# x\n\none\n"), HasSubstr("4: a command without"));
  EXPECT_THAT(Mistake("# x\n\n----\n"), HasSubstr("3: ---- without"));
  EXPECT_THAT(Mistake("# x\n"), HasSubstr("there is no command"));
  EXPECT_THAT(Mistake(""), HasSubstr("begins with a comment"));
}

}  // namespace
}  // namespace quorate::scenarios
