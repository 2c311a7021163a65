#include "broker/error/broker_error.h"

#include <array>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "coord/client/error.h"

namespace quorate::broker {
namespace {

enum class Retry { kNever, kLater, kAfterMetadata };

struct Row {
  ErrorKind kind;
  absl::string_view name;
  absl::StatusCode code;
  Retry retry;
};

constexpr auto kRows = std::to_array<Row>({
    {ErrorKind::kNotLeader, "NotLeader", absl::StatusCode::kUnavailable,
     Retry::kAfterMetadata},
    {ErrorKind::kNoLeader, "NoLeader", absl::StatusCode::kUnavailable,
     Retry::kAfterMetadata},
    {ErrorKind::kUnknownLeaderEpoch, "UnknownLeaderEpoch",
     absl::StatusCode::kUnavailable, Retry::kAfterMetadata},
    {ErrorKind::kFencedLeaderEpoch, "FencedLeaderEpoch",
     absl::StatusCode::kUnavailable, Retry::kAfterMetadata},
    {ErrorKind::kNoTopic, "NoTopic", absl::StatusCode::kNotFound,
     Retry::kAfterMetadata},
    {ErrorKind::kNotController, "NotController", absl::StatusCode::kUnavailable,
     Retry::kAfterMetadata},
    {ErrorKind::kNotReady, "NotReady", absl::StatusCode::kUnavailable,
     Retry::kAfterMetadata},
    {ErrorKind::kStaleVersion, "StaleVersion", absl::StatusCode::kAborted,
     Retry::kAfterMetadata},
    {ErrorKind::kNotEnoughReplicas, "NotEnoughReplicas",
     absl::StatusCode::kUnavailable, Retry::kLater},
    {ErrorKind::kRequestTimedOut, "RequestTimedOut",
     absl::StatusCode::kDeadlineExceeded, Retry::kLater},
    {ErrorKind::kOverloaded, "Overloaded", absl::StatusCode::kResourceExhausted,
     Retry::kLater},
    {ErrorKind::kDiskFull, "DiskFull", absl::StatusCode::kResourceExhausted,
     Retry::kLater},
    {ErrorKind::kStopping, "Stopping", absl::StatusCode::kUnavailable,
     Retry::kAfterMetadata},
    {ErrorKind::kWrongEnsemble, "WrongEnsemble",
     absl::StatusCode::kFailedPrecondition, Retry::kNever},
    {ErrorKind::kTooLarge, "TooLarge", absl::StatusCode::kInvalidArgument,
     Retry::kNever},
    {ErrorKind::kBadRequest, "BadRequest", absl::StatusCode::kInvalidArgument,
     Retry::kNever},
    {ErrorKind::kDamagedBatch, "DamagedBatch", absl::StatusCode::kDataLoss,
     Retry::kNever},
    {ErrorKind::kOutOfOrderSequence, "OutOfOrderSequence",
     absl::StatusCode::kFailedPrecondition, Retry::kNever},
    {ErrorKind::kFencedProducer, "FencedProducer",
     absl::StatusCode::kFailedPrecondition, Retry::kNever},
    {ErrorKind::kStaleController, "StaleController",
     absl::StatusCode::kFailedPrecondition, Retry::kNever},
    {ErrorKind::kStaleBroker, "StaleBroker",
     absl::StatusCode::kFailedPrecondition, Retry::kNever},
    {ErrorKind::kTopicExists, "TopicExists", absl::StatusCode::kAlreadyExists,
     Retry::kNever},
    {ErrorKind::kNotEnoughBrokers, "NotEnoughBrokers",
     absl::StatusCode::kFailedPrecondition, Retry::kNever},
    {ErrorKind::kOffsetOutOfRange, "OffsetOutOfRange",
     absl::StatusCode::kOutOfRange, Retry::kNever},
    {ErrorKind::kRebalanceInProgress, "RebalanceInProgress",
     absl::StatusCode::kAborted, Retry::kNever},
    {ErrorKind::kFencedGeneration, "FencedGeneration",
     absl::StatusCode::kFailedPrecondition, Retry::kNever},
    {ErrorKind::kUnknownMember, "UnknownMember", absl::StatusCode::kNotFound,
     Retry::kNever},
    {ErrorKind::kGroupNotEmpty, "GroupNotEmpty",
     absl::StatusCode::kFailedPrecondition, Retry::kNever},
    {ErrorKind::kNoGroup, "NoGroup", absl::StatusCode::kNotFound,
     Retry::kNever},
});

const Row& RowOf(ErrorKind kind) {
  // The table is in the order of the enumeration; a test holds it to that.
  return kRows.at(static_cast<size_t>(kind));
}

const Row* FindRow(const absl::Status& status) {
  const std::optional<client::ErrorInfo> info = client::ErrorInfoOf(status);
  if (!info) return nullptr;
  for (const Row& row : kRows) {
    if (row.name == info->kind) return &row;
  }
  return nullptr;
}

}  // namespace

absl::string_view NameOf(ErrorKind kind) { return RowOf(kind).name; }

absl::Status BrokerError(ErrorKind kind, absl::string_view message,
                         absl::string_view address) {
  const Row& row = RowOf(kind);
  client::ErrorInfo info;
  info.kind = std::string(row.name);
  info.leader_address = std::string(address);
  return client::MakeError(row.code, message, info);
}

bool Is(const absl::Status& status, ErrorKind kind) {
  return client::IsError(status, NameOf(kind));
}

bool IsWorthRetry(const absl::Status& status) {
  if (const Row* row = FindRow(status)) return row->retry != Retry::kNever;
  // gRPC's own.
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

bool IsStaleMetadata(const absl::Status& status) {
  if (const Row* row = FindRow(status)) {
    return row->retry == Retry::kAfterMetadata;
  }
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

}  // namespace quorate::broker
