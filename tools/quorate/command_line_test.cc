#include "tools/quorate/command_line.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/quorate/exit_code.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A verb with one of everything, and a group.
class CommandLineTest : public ::testing::Test {
 protected:
  CommandLineTest() {
    line_.global().Flag("--json", &json_, "");
    line_.AddVerb("put", "put something")
        .Positional("PATH", &path_, "")
        .OptionalPositional("DATA", &data_, "")
        .Option("--version", Number{&version_, -1, 9}, "N", "")
        .Option("--time", &time_, "TIME", "")
        .Option("--tag", &tags_, "TAG", "")
        .Option("--colour", Choice{&colour_, {"red", "blue"}}, "C", "")
        .Example("tool put /a")
        .Does([this] {
          ++runs_;
          return absl::OkStatus();
        });
    Verb group = line_.AddVerb("group", "");
    group.AddVerb("list", "").Positional("NAMES", &names_, "").Does([] {
      return absl::OkStatus();
    });
  }

  // The message of the error that `words` lead to.
  std::string ErrorOf(const std::vector<std::string>& words) {
    const absl::Status status = line_.Parse(words).status();
    EXPECT_EQ(ExitCodeOf(status), ExitCode::kUsage) << status;
    return std::string(status.message());
  }

  CommandLine line_{"tool", "A tool."};
  bool json_ = false;
  std::string path_;
  std::optional<std::string> data_;
  int64_t version_ = 0;
  absl::Duration time_;
  std::vector<std::string> tags_;
  std::vector<std::string> names_;
  std::string colour_;
  int runs_ = 0;
};

TEST_F(CommandLineTest, StoresAndRuns) {
  const absl::StatusOr<Action> action =
      line_.Parse({"put", "/a", "--version", "-1", "--time=1.5", "--tag", "x",
                   "--tag", "y", "text", "--json"});
  ASSERT_TRUE(action.ok()) << action.status();
  EXPECT_EQ(runs_, 0);
  EXPECT_TRUE((*action)().ok());
  EXPECT_EQ(runs_, 1);
  EXPECT_EQ(path_, "/a");
  EXPECT_EQ(data_, "text");
  EXPECT_EQ(version_, -1);
  EXPECT_EQ(time_, absl::Milliseconds(1500));
  EXPECT_THAT(tags_, ElementsAre("x", "y"));
  EXPECT_TRUE(json_);
}

TEST_F(CommandLineTest, WordsAreTakenLiterally) {
  ASSERT_TRUE(line_.Parse({"put", "group", "put"}).ok());
  EXPECT_EQ(path_, "group");
  EXPECT_EQ(data_, "put");
  ASSERT_TRUE(line_.Parse({"put", "", ""}).ok());
  EXPECT_EQ(path_, "");
  EXPECT_EQ(data_, "");
  ASSERT_TRUE(line_.Parse({"put", "[a,b]", "--", "--json"}).ok());
  EXPECT_EQ(path_, "[a,b]");
  EXPECT_EQ(data_, "--json");
  ASSERT_TRUE(line_.Parse({"put", "/a", "-5"}).ok());
  EXPECT_EQ(data_, "-5");
}

TEST_F(CommandLineTest, NoVerbIsNoAction) {
  const absl::StatusOr<Action> action = line_.Parse({"--json"});
  ASSERT_TRUE(action.ok()) << action.status();
  EXPECT_FALSE(*action);
}

TEST_F(CommandLineTest, ErrorsSayWhatIsWrong) {
  EXPECT_THAT(ErrorOf({"putt"}), HasSubstr("did you mean put?"));
  EXPECT_THAT(ErrorOf({"group"}), HasSubstr("which verb? One of list"));
  EXPECT_THAT(ErrorOf({"group", "lits"}), HasSubstr("did you mean list?"));
  EXPECT_THAT(ErrorOf({"put"}), HasSubstr("PATH is required"));
  EXPECT_THAT(ErrorOf({"put", "a", "b", "c"}),
              HasSubstr("one argument too many: \"c\""));
  EXPECT_THAT(ErrorOf({"put", "a", "--versoin", "1"}),
              HasSubstr("did you mean --version?"));
  EXPECT_THAT(ErrorOf({"put", "a", "--version", "10"}),
              HasSubstr("from -1 to 9, found \"10\""));
  EXPECT_THAT(ErrorOf({"put", "a", "--version", "1x"}), HasSubstr("\"1x\""));
  EXPECT_THAT(ErrorOf({"put", "a", "--version"}), HasSubstr("--version"));
  EXPECT_THAT(ErrorOf({"put", "a", "--time", "-1s"}), HasSubstr("a time"));
  EXPECT_THAT(ErrorOf({"put", "a", "--colour", "green"}),
              HasSubstr("one of red, blue"));
}

TEST_F(CommandLineTest, HelpHasExamples) {
  const absl::StatusOr<Action> action = line_.Parse({"put", "--help"});
  ASSERT_TRUE(action.ok()) << action.status();
  EXPECT_FALSE(*action);
  EXPECT_THAT(line_.help(), HasSubstr("Usage: tool put"));
  EXPECT_THAT(line_.help(), HasSubstr("Examples:\n  tool put /a"));
}

TEST_F(CommandLineTest, NamesForCompletion) {
  EXPECT_THAT(line_.VerbNames({}), ElementsAre("put", "group"));
  EXPECT_THAT(line_.VerbNames({"group"}), ElementsAre("list"));
  EXPECT_TRUE(line_.VerbNames({"nonsense"}).empty());
  EXPECT_THAT(line_.OptionNames({"put"}), testing::Contains("--version"));
}

TEST(ParseTimeTest, Forms) {
  EXPECT_EQ(ParseTime("2"), absl::Seconds(2));
  EXPECT_EQ(ParseTime("300ms"), absl::Milliseconds(300));
  EXPECT_EQ(ParseTime("1h30m"), absl::Minutes(90));
  for (const char* bad : {"", "0", "-1", "1x", "inf", "nan", "1e300"}) {
    EXPECT_FALSE(ParseTime(bad)) << bad;
  }
}

}  // namespace
}  // namespace quorate::tools
