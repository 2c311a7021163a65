// Errors of the broker: a Status with an ErrorInfo (coord/client/error.h) whose
// kind is one of those that BROKER.md lists.

#ifndef QUORATE_BROKER_ERROR_BROKER_ERROR_H_
#define QUORATE_BROKER_ERROR_BROKER_ERROR_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace quorate::broker {

enum class ErrorKind {
  kNotLeader,
  kNoLeader,
  kUnknownLeaderEpoch,
  kFencedLeaderEpoch,
  kNoTopic,
  kNotController,
  kNotReady,
  kStaleVersion,
  kNotEnoughReplicas,
  kRequestTimedOut,
  kOverloaded,
  kDiskFull,
  kStopping,
  kWrongEnsemble,
  kTooLarge,
  kBadRequest,
  kDamagedBatch,
  kOutOfOrderSequence,
  kFencedProducer,
  kStaleController,
  kStaleBroker,
  kTopicExists,
  kNotEnoughBrokers,
  kOffsetOutOfRange,
  kRebalanceInProgress,
  kFencedGeneration,
  kUnknownMember,
  kGroupNotEmpty,
  kNoGroup,
};

// "NotLeader" and so on: the kind as it stands on the wire.
absl::string_view NameOf(ErrorKind kind);

// `address`: whom to ask instead, "host:port"; empty: nobody is known.
absl::Status BrokerError(ErrorKind kind, absl::string_view message,
                         absl::string_view address = "");

// True if `status` is of this kind.
bool Is(const absl::Status& status, ErrorKind kind);

// Whether the same request may succeed later without anybody's doing; the
// connection's own troubles included. As to what was asked, it may have been
// done already.
bool IsWorthRetry(const absl::Status& status);
// Whether to look at fresh metadata before.
bool IsStaleMetadata(const absl::Status& status);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_ERROR_BROKER_ERROR_H_
