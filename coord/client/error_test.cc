#include "coord/client/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coord/client/error_detail.h"
#include "google/protobuf/any.pb.h"
#include "gtest/gtest.h"
#include "proto/coord/v1/error.pb.h"

namespace quorate::client {
namespace {

coord::v1::ErrorDetail Refusal() {
  coord::v1::ErrorDetail detail;
  detail.set_kind("Refused");
  detail.set_code(9);
  detail.set_message("too new");
  detail.set_rule(13);
  detail.set_rule_name("observed stability");
  detail.add_numbers()->set_name("proven_ms");
  detail.mutable_numbers(0)->set_value(-5);
  detail.set_retry_after_ms(0);
  detail.set_leader_address("host:1");
  detail.set_path("/a");
  detail.set_zookeeper_code(-101);
  return detail;
}

void ExpectRefusal(const absl::Status& status) {
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.message(), "too new");
  const std::optional<ErrorInfo> info = ErrorInfoOf(status);
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->kind, "Refused");
  EXPECT_EQ(info->rule, 13U);
  EXPECT_EQ(info->rule_name, "observed stability");
  ASSERT_EQ(info->numbers.size(), 1U);
  EXPECT_EQ(info->numbers[0].first, "proven_ms");
  EXPECT_EQ(info->numbers[0].second, -5);
  ASSERT_TRUE(info->retry_after_ms.has_value());
  EXPECT_EQ(*info->retry_after_ms, 0);
  EXPECT_EQ(info->leader_address, "host:1");
  EXPECT_EQ(info->path, "/a");
  EXPECT_EQ(info->zookeeper_code, -101);
}

// As a member writes grpc-status-details-bin.
std::string StatusBytes(const coord::v1::ErrorDetail& detail,
                        const std::string& type) {
  google::protobuf::Any any;
  any.set_type_url(type);
  any.set_value(detail.SerializeAsString());
  const std::string value = any.SerializeAsString();
  EXPECT_LT(value.size(), 1U << 14);
  std::string bytes = {'\x08', '\x09', '\x12', '\x02', 'h', 'i', '\x1a'};
  bytes.push_back(static_cast<char>((value.size() & 0x7f) | 0x80));
  bytes.push_back(static_cast<char>(value.size() >> 7));
  return absl::StrCat(bytes, value);
}

constexpr char kType[] = "type.googleapis.com/quorate.coord.v1.ErrorDetail";

TEST(Error, CarriesEveryFieldOfTheDetail) {
  ExpectRefusal(StatusOf(Refusal()));
}

TEST(Error, CarriesTheCodesOfOps) {
  const std::optional<ErrorInfo> info =
      ErrorInfoOf(StatusOf(Refusal(), {0, -101, -2}));
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->op_codes, (std::vector<int32_t>{0, -101, -2}));
}

TEST(Error, KindOfAStatusWithoutDetailIsNone) {
  EXPECT_FALSE(ErrorInfoOf(absl::OkStatus()).has_value());
  EXPECT_FALSE(ErrorInfoOf(absl::UnavailableError("gone")).has_value());
  EXPECT_FALSE(IsError(absl::UnavailableError("gone"), ""));
  EXPECT_TRUE(IsError(StatusOf(Refusal()), "Refused"));
  EXPECT_FALSE(IsError(StatusOf(Refusal()), "NoNode"));
}

TEST(Error, AnUnknownCodeBecomesUnknown) {
  coord::v1::ErrorDetail detail = Refusal();
  detail.set_code(0);
  EXPECT_EQ(StatusOf(detail).code(), absl::StatusCode::kUnknown);
  detail.set_code(99);
  EXPECT_EQ(StatusOf(detail).code(), absl::StatusCode::kUnknown);
}

TEST(Error, IsFoundInTheDetailsOfACall) {
  ExpectRefusal(StatusOfCall(9, "too new", StatusBytes(Refusal(), kType)));
}

TEST(Error, OtherDetailsArePassedOver) {
  const std::string other = StatusBytes(Refusal(), "x/google.rpc.DebugInfo");
  EXPECT_FALSE(ErrorInfoOf(StatusOfCall(9, "no", other)).has_value());
  ExpectRefusal(StatusOfCall(9, "", other + StatusBytes(Refusal(), kType)));
}

TEST(Error, MalformedDetailsLeaveAPlainStatus) {
  const std::string good = StatusBytes(Refusal(), kType);
  for (size_t size = 0; size < good.size(); ++size) {
    const absl::Status status = StatusOfCall(14, "plain", good.substr(0, size));
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(status.message(), "plain");
    EXPECT_FALSE(ErrorInfoOf(status).has_value()) << size;
  }
  EXPECT_TRUE(StatusOfCall(0, "", good).ok());
}

}  // namespace
}  // namespace quorate::client
