#include "coord/replica/error.h"

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "coord/consensus/rule.h"
#include "gtest/gtest.h"

namespace quorate::replica {
namespace {

TEST(Error, KeepsItsKind) {
  for (int number = 1; number <= static_cast<int>(ErrorKind::kNotServing);
       ++number) {
    const auto kind = static_cast<ErrorKind>(number);
    const absl::Status status = Error(kind, "why");
    EXPECT_FALSE(status.ok());
    EXPECT_EQ(ErrorKindOf(status), kind);
    EXPECT_EQ(status.message(), std::string(ErrorKindName(kind)) + ": why");
  }
}

TEST(Error, HasTheCanonicalCodesOfTheHeader) {
  EXPECT_TRUE(absl::IsUnavailable(Error(ErrorKind::kNoLeader, "")));
  EXPECT_TRUE(absl::IsResourceExhausted(Error(ErrorKind::kDiskFull, "")));
  EXPECT_TRUE(absl::IsAborted(Error(ErrorKind::kOutOfOrder, "")));
  EXPECT_TRUE(absl::IsInvalidArgument(Error(ErrorKind::kBadRequest, "")));
  EXPECT_TRUE(absl::IsFailedPrecondition(Error(ErrorKind::kPinned, "")));
  EXPECT_TRUE(absl::IsPermissionDenied(Error(ErrorKind::kWrongPassword, "")));
}

TEST(Error, OtherStatusesHaveNoKind) {
  EXPECT_EQ(ErrorKindOf(absl::OkStatus()), ErrorKind::kNone);
  EXPECT_EQ(ErrorKindOf(absl::UnavailableError("x")), ErrorKind::kNone);
  EXPECT_EQ(ErrorKindName(ErrorKind::kNone), "None");
}

TEST(RefusalError, GivesTheRefusalBack) {
  consensus::Refusal refusal;
  refusal.rule = consensus::Rule::kSeasonedMajority;
  refusal.reason = "two lines:\nwait";
  refusal.numbers = {{"seasoned", 2}, {"lag_bytes", -1}};
  refusal.retry_after_ms = 300;
  const absl::Status status = RefusalError(refusal);
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_EQ(RefusalOf(status), refusal);
}

TEST(RefusalError, IsFinalIfWaitingDoesNotHelp) {
  consensus::Refusal refusal;
  refusal.rule = consensus::Rule::kNoResurrection;
  refusal.reason = "was removed";
  const absl::Status status = RefusalError(refusal);
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_EQ(RefusalOf(status), refusal);
  EXPECT_EQ(RefusalOf(absl::UnavailableError("x")), std::nullopt);
}

}  // namespace
}  // namespace quorate::replica
