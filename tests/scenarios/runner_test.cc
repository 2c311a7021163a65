#include "tests/scenarios/runner.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quorate::scenarios {
namespace {

using testing::HasSubstr;

constexpr char kEnd[] =
    "\nheal-and-converge\n"
    "----\n"
    "converges on v1 {1}\n";

ScenarioFile File(const std::string& commands, const std::string& expected) {
  return {"x.txt",
          absl::StrCat("# A test.\n\n", commands, "----\n", expected, kEnd)};
}

std::string Failure(const ScenarioFile& file) {
  const std::optional<ScenarioFailure> failure = PlayScenario(file);
  return failure.has_value() ? Describe(*failure) : "";
}

constexpr char kFounded[] = "1 leads epoch 1 with v1 {1}\n";

TEST(Runner, PlaysWhatHappensAsExpected) {
  EXPECT_EQ(Failure(File("ensemble 1\n", kFounded)), "");
}

TEST(Runner, NamesTheFirstLineThatDiffers) {
  EXPECT_THAT(Failure(File("ensemble 1\nwrite 1 x\n",
                           absl::StrCat(kFounded, "1:9 is committed\n"))),
              AllOf(HasSubstr("x.txt:7: "), HasSubstr("1:1 is committed")));
}

TEST(Runner, FailsOnWhatItDoesNotUnderstand) {
  EXPECT_THAT(Failure(File("ensemble 1\ndance\n", kFounded)),
              HasSubstr("x.txt:4: there is no command dance"));
  EXPECT_THAT(Failure(File("ensemble\n", "")),
              AllOf(HasSubstr("x.txt:3: "), HasSubstr("usage: ensemble")));
  EXPECT_THAT(Failure(File("ensemble 1\ncrash 7\n", "")),
              HasSubstr("x.txt:4: there is no member 7"));
}

TEST(Runner, FailsOnAnExpectationThatDoesNotHold) {
  EXPECT_THAT(Failure(File("ensemble 1\nexpect no-leader\n", kFounded)),
              HasSubstr("x.txt:4: not so: 1 leader"));
}

TEST(Runner, RequiresHealingAtTheEnd) {
  const ScenarioFile file = {
      "x.txt", "# A test.\n\nensemble 1\n----\n" + std::string(kFounded)};
  EXPECT_THAT(Failure(file), HasSubstr("the last command must be"));
}

TEST(Runner, RewritesWhatIsExpected) {
  const ScenarioFile wrong = File("ensemble 1\n", "nonsense\n");
  const auto right = RewriteScenario(wrong);
  ASSERT_TRUE(right.ok()) << right.status();
  EXPECT_EQ(*right, File("ensemble 1\n", kFounded).text);
  EXPECT_FALSE(
      RewriteScenario(File("ensemble 1\nexpect no-leader\n", "")).ok());
}

TEST(Runner, StopsAtTheFirstOfManyThatFails) {
  const ScenarioFile good = File("ensemble 1\n", kFounded);
  ScenarioFile bad = File("dance\n", "");
  bad.name = "bad.txt";
  EXPECT_FALSE(FirstFailure({good, good}).has_value());
  const auto failure = FirstFailure({good, bad});
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->file, "bad.txt");
}

}  // namespace
}  // namespace quorate::scenarios
