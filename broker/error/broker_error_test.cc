#include "broker/error/broker_error.h"

#include "absl/status/status.h"
#include "broker/error/error_wire.h"
#include "gtest/gtest.h"
#include "proto/coord/v1/error.pb.h"

namespace quorate::broker {
namespace {

TEST(BrokerErrorTest, EveryKindIsItself) {
  for (int i = 0; i <= static_cast<int>(ErrorKind::kNoGroup); ++i) {
    const auto kind = static_cast<ErrorKind>(i);
    const absl::Status status = BrokerError(kind, "why", "host:1");
    EXPECT_TRUE(Is(status, kind)) << i;
    EXPECT_FALSE(Is(status, static_cast<ErrorKind>((i + 1) % 29))) << i;
  }
  EXPECT_EQ(NameOf(ErrorKind::kNotLeader), "NotLeader");
  EXPECT_EQ(NameOf(ErrorKind::kTooLarge), "TooLarge");
  EXPECT_EQ(NameOf(ErrorKind::kNoGroup), "NoGroup");
}

TEST(BrokerErrorTest, TellsWhatIsWorthARetry) {
  EXPECT_TRUE(IsWorthRetry(BrokerError(ErrorKind::kNotLeader, "")));
  EXPECT_TRUE(IsStaleMetadata(BrokerError(ErrorKind::kNotLeader, "")));
  EXPECT_TRUE(IsWorthRetry(BrokerError(ErrorKind::kDiskFull, "")));
  EXPECT_FALSE(IsStaleMetadata(BrokerError(ErrorKind::kDiskFull, "")));
  EXPECT_FALSE(IsWorthRetry(BrokerError(ErrorKind::kTooLarge, "")));
  EXPECT_TRUE(IsWorthRetry(absl::UnavailableError("connection reset")));
  EXPECT_FALSE(IsWorthRetry(absl::InternalError("")));
}

TEST(ErrorWireTest, ComesBackAsItWas) {
  const absl::Status status =
      BrokerError(ErrorKind::kNotController, "ask another", "host:1");
  EXPECT_EQ(FromWire(ToWire(status)), status);
  EXPECT_EQ(FromGrpc(ToGrpc(status)), status);
  EXPECT_TRUE(FromGrpc(grpc::Status::OK).ok());
  EXPECT_TRUE(absl::IsUnavailable(
      FromGrpc(grpc::Status(grpc::StatusCode::UNAVAILABLE, "reset"))));
}

}  // namespace
}  // namespace quorate::broker
