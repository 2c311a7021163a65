#include "coord/rpc/codec/error_codec.h"

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "coord/consensus/rule.h"
#include "coord/replica/error.h"
#include "coord/rpc/codec/error.h"
#include "coord/tree/error.h"
#include "gtest/gtest.h"
#include "proto/coord/v1/error.pb.h"

namespace quorate::rpc {
namespace {

namespace v1 = coord::v1;

void ExpectSame(const absl::Status& status) {
  const v1::ErrorDetail detail = ToErrorDetail(status);
  EXPECT_FALSE(detail.kind().empty()) << status;
  const absl::Status back = FromErrorDetail(detail);
  EXPECT_EQ(back.code(), status.code()) << status;
  EXPECT_EQ(back.message(), status.message());
  EXPECT_EQ(tree::ErrorCodeOf(back), tree::ErrorCodeOf(status)) << status;
  EXPECT_EQ(tree::ErrorPathOf(back), tree::ErrorPathOf(status));
  EXPECT_EQ(replica::ErrorKindOf(back), replica::ErrorKindOf(status));
  EXPECT_EQ(TransportErrorOf(back).kind, TransportErrorOf(status).kind);
  EXPECT_EQ(TransportErrorOf(back).leader_address,
            TransportErrorOf(status).leader_address);
  EXPECT_EQ(ToErrorDetail(back).SerializeAsString(), detail.SerializeAsString())
      << status;
}

TEST(ErrorCodecTest, EveryErrorOfTheTree) {
  for (int32_t number = -130; number < 0; ++number) {
    if (!tree::IsErrorCode(number)) continue;
    const auto code = static_cast<tree::ErrorCode>(number);
    const absl::Status status = tree::Error(code, "/a: b/c", "why: so");
    const v1::ErrorDetail detail = ToErrorDetail(status);
    EXPECT_EQ(detail.kind(), std::string(tree::ErrorName(code)));
    EXPECT_EQ(detail.zookeeper_code(), number);
    EXPECT_EQ(detail.path(), "/a: b/c");
    EXPECT_EQ(detail.code(), static_cast<int32_t>(status.code()));
    EXPECT_EQ(detail.message(), std::string(status.message()));
    ExpectSame(status);
  }
}

TEST(ErrorCodecTest, EveryErrorOfTheReplica) {
  for (uint8_t number = 1; number <= 10; ++number) {
    const auto kind = static_cast<replica::ErrorKind>(number);
    const absl::Status status = replica::Error(kind, "because");
    const v1::ErrorDetail detail = ToErrorDetail(status);
    EXPECT_EQ(detail.kind(), std::string(replica::ErrorKindName(kind)));
    EXPECT_EQ(detail.zookeeper_code(), 0);
    EXPECT_EQ(detail.rule(), kind == replica::ErrorKind::kPinned ? 22u : 0u);
    if (kind != replica::ErrorKind::kPinned) ExpectSame(status);
  }
}

TEST(ErrorCodecTest, Refusals) {
  const consensus::Refusal refusal = {
      .rule = consensus::Rule::kSeasonedMajority,
      .reason = "2 of 3 are needed",
      .numbers = {{"seasoned", 1}, {"needed", 2}},
      .retry_after_ms = 300};
  const v1::ErrorDetail detail = ToErrorDetail(refusal);
  EXPECT_EQ(detail.kind(), "Refused");
  EXPECT_EQ(detail.rule(), 14u);
  EXPECT_EQ(detail.rule_name(), "seasoned majority");
  EXPECT_EQ(detail.message(), "2 of 3 are needed");
  ExpectSame(replica::RefusalError(refusal));
  ASSERT_EQ(detail.numbers_size(), 2);
  EXPECT_EQ(detail.numbers(1).name(), "needed");
  EXPECT_EQ(detail.numbers(1).value(), 2);
  EXPECT_EQ(detail.retry_after_ms(), 300);
  const std::optional<consensus::Refusal> back =
      replica::RefusalOf(FromErrorDetail(detail));
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, refusal);

  EXPECT_EQ(ToErrorDetail(
                consensus::Refusal{.rule = consensus::Rule::kClientsRemember,
                                   .reason = "behind",
                                   .numbers = {},
                                   .retry_after_ms = {}})
                .kind(),
            "Pinned");
}

TEST(ErrorCodecTest, ErrorsOfTheTransport) {
  ExpectSame(MalformedError("x"));
  ExpectSame(NotLeaderError(""));
  ExpectSame(NotLeaderError("host:1"));
  ExpectSame(IncompatibleError("API", 1, 2));
  EXPECT_EQ(ToErrorDetail(NotLeaderError("host:1")).leader_address(), "host:1");
  EXPECT_EQ(MalformedWithin("op 3", MalformedError("is bad")).message(),
            "BadRequest: op 3: is bad");
}

TEST(ErrorCodecTest, PlainErrorsHaveAKind) {
  for (int code = 1; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), "text");
    if (absl::IsInvalidArgument(status)) {
      EXPECT_EQ(ToErrorDetail(status).kind(), "BadRequest");
    } else {
      ExpectSame(status);
    }
    EXPECT_EQ(ToErrorDetail(status).code(), code);
  }
  EXPECT_EQ(ToErrorDetail(absl::InternalError("x")).kind(), "Internal");
  EXPECT_EQ(ToErrorDetail(absl::InternalError("x")).zookeeper_code(), 0);
}

TEST(ErrorCodecTest, NothingIsTooLongOrNoText) {
  const v1::ErrorDetail detail = ToErrorDetail(
      tree::Error(tree::ErrorCode::kNoNode, std::string(5000, 'p') + "\xff",
                  std::string(5000, '\xfe')));
  EXPECT_LE(detail.message().size(), kMaxErrorMessageBytes);
  EXPECT_LE(detail.path().size(), kMaxErrorPathBytes);
  v1::ErrorDetail parsed;
  EXPECT_TRUE(parsed.ParseFromString(detail.SerializeAsString()));
  EXPECT_TRUE(parsed.ParseFromString(
      ToErrorDetail(absl::InternalError("\xff\xfe")).SerializeAsString()));
}

TEST(ErrorCodecTest, AnyDetailGivesAnError) {
  v1::ErrorDetail detail;
  EXPECT_EQ(FromErrorDetail(detail).code(), absl::StatusCode::kUnknown);
  detail.set_code(-5);
  EXPECT_EQ(FromErrorDetail(detail).code(), absl::StatusCode::kUnknown);
  detail.set_code(17);
  detail.set_kind("of a newer version");
  detail.set_rule(4'000'000);
  detail.set_zookeeper_code(-7777);
  const absl::Status status = FromErrorDetail(detail);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnknown);
  EXPECT_EQ(status.message(), "of a newer version");
}

// A leader's answer, or none, passes through a follower.
TEST(ErrorCodecTest, WhatIsPassedOnStaysAsItIs) {
  for (const char* kind : {"", "NoNode", "Unknown"}) {
    v1::ErrorDetail detail;
    detail.set_kind(kind);
    const v1::ErrorDetail once = ToErrorDetail(FromErrorDetail(detail));
    EXPECT_NE(once.message(), "");
    EXPECT_EQ(ToErrorDetail(FromErrorDetail(once)).SerializeAsString(),
              once.SerializeAsString());
  }
}

}  // namespace
}  // namespace quorate::rpc
