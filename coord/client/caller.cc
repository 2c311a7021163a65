#include "coord/client/caller.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coord/client/channel.h"
#include "coord/client/error.h"
#include "grpc/impl/codegen/connectivity_state.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"

namespace quorate::client {
namespace {

// Between two rounds over all endpoints.
constexpr absl::Duration kPause = absl::Milliseconds(100);
constexpr absl::Duration kLongestPause = absl::Seconds(1);
// How many members may pass a call on to the leader that they believe in.
constexpr int kMaxHops = 3;

// A member has answered that nothing was done, and that it, or another one, may
// do it later.
bool MayHelpLater(const absl::Status& status) {
  const std::optional<ErrorInfo> info = ErrorInfoOf(status);
  if (!info) return false;
  return info->kind == "NoLeader" || info->kind == "NotLeader" ||
         info->kind == "NotServing" || info->kind == "Overloaded" ||
         (info->kind == "Pinned" && info->retry_after_ms.has_value());
}

// Another member may do what this one has not done.
bool MayHelpElsewhere(const absl::Status& status) {
  if (MayHelpLater(status) || IsError(status, "Stopped")) return true;
  return !ErrorInfoOf(status) &&
         (absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status));
}

}  // namespace

absl::Status UnknownOutcomeError(absl::string_view why) {
  ErrorInfo info;
  info.kind = "UnknownOutcome";
  return MakeError(
      absl::StatusCode::kUnavailable,
      absl::StrCat("the write may or may not have been applied, as its answer "
                   "was lost (",
                   why, "); look at the state before you repeat it"),
      info);
}

absl::Status Caller::Connect(const std::string& endpoint, absl::Time deadline,
                             std::shared_ptr<grpc::Channel>& channel) {
  {
    absl::MutexLock lock(&mutex_);
    std::shared_ptr<grpc::Channel>& kept = channels_[endpoint];
    if (kept == nullptr) kept = NewChannel(endpoint);
    channel = kept;
  }
  grpc_connectivity_state state = channel->GetState(/*try_to_connect=*/true);
  while (state != GRPC_CHANNEL_READY) {
    const bool failed = state == GRPC_CHANNEL_TRANSIENT_FAILURE ||
                        state == GRPC_CHANNEL_SHUTDOWN;
    if (failed ||
        !channel->WaitForStateChange(state, absl::ToChronoTime(deadline))) {
      // The next call makes a new one, which need not wait before it tries.
      absl::MutexLock lock(&mutex_);
      const auto kept = channels_.find(endpoint);
      if (kept != channels_.end() && kept->second == channel) {
        channels_.erase(kept);
      }
      return absl::UnavailableError(
          absl::StrCat(endpoint, failed ? ": cannot be connected to"
                                        : ": no connection in time"));
    }
    state = channel->GetState(/*try_to_connect=*/true);
  }
  return absl::OkStatus();
}

absl::Status Caller::CallOne(const std::string& endpoint, absl::Time deadline,
                             CallKind kind, const OneCall& call) {
  std::shared_ptr<grpc::Channel> channel;
  const absl::Status connected = Connect(endpoint, deadline, channel);
  if (!connected.ok()) return connected;
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(deadline));
  const absl::Status status = FromGrpc(call(channel, context));
  if (status.ok() || ErrorInfoOf(status)) return status;
  // No member has answered this: the connection broke, or time ran out.
  const std::string why = absl::StrCat(endpoint, ": ", status.message());
  if (kind == CallKind::kOnce) return UnknownOutcomeError(why);
  return absl::Status(status.code(), why);
}

absl::Status Caller::CallAny(absl::Time deadline, CallKind kind,
                             const OneCall& call) {
  absl::Duration pause = kPause;
  for (;;) {
    std::optional<absl::Status> answered;
    std::string unreachable;
    for (size_t i = 0; i < endpoints_.size(); ++i) {
      // A member that does not answer leaves time for those after it.
      const absl::Time now = absl::Now();
      const absl::Time until =
          now + (deadline - now) / static_cast<int64_t>(endpoints_.size() - i);
      std::string endpoint = endpoints_[i];
      absl::Status status = CallOne(endpoint, until, kind, call);
      for (int hop = 0; hop < kMaxHops; ++hop) {
        const std::optional<ErrorInfo> info = ErrorInfoOf(status);
        if (!info || info->kind != "NotLeader" ||
            info->leader_address.empty() || info->leader_address == endpoint) {
          break;
        }
        endpoint = info->leader_address;
        status = CallOne(endpoint, until, kind, call);
      }
      if (status.ok() || !MayHelpElsewhere(status)) return status;
      if (ErrorInfoOf(status)) {
        answered = status;
      } else {
        absl::StrAppend(&unreachable, unreachable.empty() ? "" : "; ",
                        status.message());
      }
    }
    if (!answered) {
      return absl::UnavailableError(
          absl::StrCat("no endpoint answered: ", unreachable));
    }
    if (!MayHelpLater(*answered) || absl::Now() + pause >= deadline) {
      return *answered;
    }
    absl::SleepFor(pause);
    pause = std::min(pause * 2, kLongestPause);
  }
}

}  // namespace quorate::client
