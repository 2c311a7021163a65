#include "tools/quorate/failure.h"

#include <sstream>
#include <string>

#include "absl/status/status.h"
#include "coord/client/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/quorate/console.h"
#include "tools/quorate/exit_code.h"

namespace quorate::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

absl::Status Answered(const std::string& kind, int rule = 0) {
  client::ErrorInfo info;
  info.kind = kind;
  if (rule != 0) {
    info.rule = rule;
    info.rule_name = "seasoned majority";
    info.numbers = {{"needed", 2}};
    info.retry_after_ms = 1500;
  }
  return client::MakeError(absl::StatusCode::kFailedPrecondition,
                           rule == 0 ? kind + " for /a"
                                     : "rule 14 (seasoned majority): wait a "
                                       "while [needed=2] retry in 1500 ms",
                           info);
}

std::string Printed(const absl::Status& status, bool json) {
  std::ostringstream out;
  std::ostringstream err;
  const Console console{.out = out, .err = err, .json = json};
  PrintFailure(console, status);
  EXPECT_EQ(out.str(), "");
  return err.str();
}

TEST(FailureTest, ExitCodes) {
  EXPECT_EQ(ExitCodeOf(absl::OkStatus()), ExitCode::kOk);
  EXPECT_EQ(ExitCodeOf(Answered("NoNode")), ExitCode::kAnswered);
  EXPECT_EQ(ExitCodeOf(Answered("SomethingNew")), ExitCode::kAnswered);
  EXPECT_EQ(ExitCodeOf(UsageError("x")), ExitCode::kUsage);
  EXPECT_EQ(ExitCodeOf(absl::UnavailableError("x")), ExitCode::kUnreachable);
  EXPECT_EQ(ExitCodeOf(absl::DeadlineExceededError("x")),
            ExitCode::kUnreachable);
  EXPECT_EQ(ExitCodeOf(Answered("UnknownOutcome")), ExitCode::kUnreachable);
  EXPECT_EQ(ExitCodeOf(Answered("NotLeader")), ExitCode::kUnreachable);
  EXPECT_EQ(ExitCodeOf(Answered("Pinned")), ExitCode::kRefused);
  EXPECT_EQ(ExitCodeOf(Answered("Refused", 14)), ExitCode::kRefused);
  EXPECT_EQ(ExitCodeOf(LocalError("x")), ExitCode::kLocal);
}

TEST(FailureTest, TheKindIsPrintedOnce) {
  EXPECT_THAT(Printed(Answered("NoNode"), false),
              StartsWith("quorate: NoNode for /a\n"));
  EXPECT_THAT(Printed(LocalError("no room"), false),
              StartsWith("quorate: Local: no room\n"));
}

TEST(FailureTest, TheKindOfARefusalIsPrintedOnce) {
  client::ErrorInfo info;
  info.kind = "Pinned";
  info.rule = 22;
  info.rule_name = "clients remember";
  const absl::Status status =
      client::MakeError(absl::StatusCode::kFailedPrecondition,
                        "Pinned: the client belongs to another one", info);
  EXPECT_THAT(Printed(status, false),
              StartsWith("quorate: Pinned: rule 22 (clients remember): the "
                         "client belongs to another one\n"));
}

TEST(FailureTest, ARefusalHasRuleNumbersAndTime) {
  EXPECT_EQ(Printed(Answered("Refused", 14), false),
            "quorate: Refused: rule 14 (seasoned majority): wait a while\n"
            "  number:  needed = 2\n"
            "  retry:   in 1.5 s at the earliest\n");
}

TEST(FailureTest, AChangeThatWasSentIsNamed) {
  const absl::Status status = WithChangeId(TimeoutError("late"), 0xabc);
  EXPECT_THAT(Printed(status, false),
              HasSubstr("  change:  0000000000000abc; where it stands: quorate "
                        "member change-state 0000000000000abc"));
  EXPECT_THAT(Printed(status, true),
              HasSubstr("\"change_id\":\"0000000000000abc\""));
  EXPECT_EQ(ExitCodeOf(status), ExitCode::kUnreachable);
  EXPECT_EQ(ExitCodeOf(WithChangeId(Answered("Refused", 14), 1)),
            ExitCode::kRefused);
}

TEST(FailureTest, RetryIsNeverTooEarly) {
  EXPECT_EQ(FormatRetry(1), "in 0.1 s");
  EXPECT_EQ(FormatRetry(100), "in 0.1 s");
  EXPECT_EQ(FormatRetry(101), "in 0.2 s");
  EXPECT_EQ(FormatRetry(950), "in 1.0 s");
  EXPECT_EQ(FormatRetry(7'123), "in 7.2 s");
}

TEST(FailureTest, Json) {
  const std::string text = Printed(Answered("Refused", 14), true);
  EXPECT_THAT(text, StartsWith("{\"error\":{\"kind\":\"Refused\""));
  EXPECT_THAT(text, HasSubstr("\"exit_code\":4"));
  EXPECT_THAT(text, HasSubstr("\"numbers\":{\"needed\":2}"));
  EXPECT_THAT(text, HasSubstr("\"retry_after_ms\":1500"));
}

TEST(FailureTest, NothingTwice) {
  const absl::Status told = AlreadyTold(UsageError("x"));
  EXPECT_EQ(Printed(told, false), "");
  EXPECT_EQ(ExitCodeOf(told), ExitCode::kUsage);
}

}  // namespace
}  // namespace quorate::tools
