#include "broker/client/cluster.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "broker/client/backoff.h"
#include "broker/client/call_status.h"
#include "broker/client/channels.h"
#include "broker/client/client_options.h"
#include "broker/client/clock.h"
#include "broker/client/cluster_view.h"
#include "broker/error/broker_error.h"
#include "broker/error/error_wire.h"
#include "broker/image/cluster_image.h"
#include "broker/image/image_codec.h"
#include "coord/client/error.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"
#include "proto/broker/v1/broker.grpc.pb.h"
#include "proto/broker/v1/broker.pb.h"
#include "proto/broker/v1/types.pb.h"

namespace quorate::broker {
namespace {

// How many brokers in a row may name another one as the controller before it
// counts as a failed attempt.
constexpr int kMaxHops = 3;

uint64_t RandomBits() {
  std::random_device random;
  return uint64_t{random()} << 32 | random();
}

absl::Status CheckAddress(absl::string_view address) {
  const size_t colon = address.rfind(':');
  uint32_t port = 0;
  if (colon == absl::string_view::npos || colon == 0 ||
      !absl::SimpleAtoi(address.substr(colon + 1), &port) || port == 0 ||
      port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected a broker as HOST:PORT, found \"", address, "\""));
  }
  return absl::OkStatus();
}

absl::Status Cancelled() {
  return absl::CancelledError("the client was closed");
}

// The error of the last attempt, when there is no time for another.
absl::Status TooLate(const absl::Status& last) {
  if (last.ok()) return absl::DeadlineExceededError("no broker was asked");
  return last;
}

}  // namespace

absl::StatusOr<std::shared_ptr<Cluster>> Cluster::Create(
    ClientOptions options) {
  if (options.bootstrap.empty()) {
    return absl::InvalidArgumentError(
        "expected the address of a broker, HOST:PORT; none is given");
  }
  for (const std::string& address : options.bootstrap) {
    const absl::Status status = CheckAddress(address);
    if (!status.ok()) return status;
  }
  if (options.client_id.size() > 200) {
    return absl::InvalidArgumentError(
        absl::StrCat("a client id has at most 200 bytes, this one has ",
                     options.client_id.size()));
  }
  if (!options.ensemble_id.empty() && options.ensemble_id.size() != 16) {
    return absl::InvalidArgumentError(
        absl::StrCat("an ensemble id has 16 bytes, this one has ",
                     options.ensemble_id.size()));
  }
  if (options.call_timeout_ms < 1 || options.call_timeout_ms > 600'000) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a call may take 1 to 600000 ms, not ", options.call_timeout_ms));
  }
  if (options.min_backoff_ms < 1 ||
      options.max_backoff_ms < options.min_backoff_ms) {
    return absl::InvalidArgumentError(
        "the bounds of back-off are above 0 ms, the lower one first");
  }
  return std::make_shared<Cluster>(std::move(options));
}

Cluster::Cluster(ClientOptions options)
    : options_(std::move(options)),
      view_(options_.bootstrap, options_.ensemble_id,
            options_.unsafe_no_ensemble_pin, RandomBits()),
      random_(RandomBits()) {}

std::shared_ptr<const ClusterImage> Cluster::image() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return view_.image();
}

std::string Cluster::ensemble_id() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return view_.ensemble_id();
}

bool Cluster::unsafe() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return view_.unsafe();
}

void Cluster::FillHeader(v1::RequestHeader& header) const {
  header.set_ensemble_id(ensemble_id());
  header.set_client_id(options_.client_id);
}

std::shared_ptr<grpc::Channel> Cluster::ChannelTo(const std::string& address) {
  return channels_.To(address);
}

absl::Status Cluster::CallOne(const std::string& address, int64_t deadline_ms,
                              const BrokerCall& call,
                              std::optional<int64_t> call_timeout_ms) {
  const int64_t left = deadline_ms - MonotonicMs();
  if (left <= 0) {
    return absl::DeadlineExceededError(
        absl::StrCat(address, " was not asked: the time was over"));
  }
  uint64_t interrupts = 0;
  grpc::ClientContext context;
  SetTimeout(
      context,
      std::min(left, call_timeout_ms.value_or(options_.call_timeout_ms)));
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (cancelled_) return Cancelled();
    interrupts = interrupts_;
    under_way_.insert(&context);
  }
  const grpc::Status answer = call(channels_.To(address), context);
  absl::Status status = CallStatus(answer);
  const std::lock_guard<std::mutex> lock(mutex_);
  under_way_.erase(&context);
  if (status.ok() || client::ErrorInfoOf(status)) return status;
  if (cancelled_ || interrupts_ != interrupts) return Cancelled();
  // No broker has said this: name the one that was asked.
  return absl::Status(status.code(),
                      absl::StrCat(address, ": ", status.message()));
}

BrokerCall Cluster::MetadataCall(MetadataAnswer& answer) {
  return [this, &answer](const std::shared_ptr<grpc::Channel>& channel,
                         grpc::ClientContext& context) {
    v1::MetadataRequest request;
    v1::MetadataResponse response;
    FillHeader(*request.mutable_header());
    grpc::Status status =
        v1::Broker::NewStub(channel)->Metadata(&context, request, &response);
    if (!status.ok()) return status;
    absl::StatusOr<ClusterImage> image = FromProto(response.image());
    if (!image.ok()) return ToGrpc(image.status());
    answer = {.ensemble_id = response.ensemble_id(),
              .broker_id = response.broker_id(),
              .unsafe = response.unsafe(),
              .image = *std::move(image)};
    return status;
  };
}

absl::StatusOr<MetadataAnswer> Cluster::AskOne(const std::string& address,
                                               int64_t deadline_ms) {
  MetadataAnswer answer;
  const absl::Status status =
      CallOne(address, deadline_ms, MetadataCall(answer));
  if (!status.ok()) return status;
  return answer;
}

absl::Status Cluster::Learn(const std::string& address,
                            const MetadataAnswer& answer) {
  auto image = std::make_shared<const ClusterImage>(answer.image);
  const std::lock_guard<std::mutex> lock(mutex_);
  return view_
      .Offer(address, answer.ensemble_id, answer.unsafe, std::move(image))
      .status();
}

absl::StatusOr<std::shared_ptr<const ClusterImage>> Cluster::Refresh(
    int64_t deadline_ms) {
  size_t turns = 0;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    turns = view_.addresses();
  }
  std::optional<absl::Status> answered;
  bool all_wrong = true;
  std::string unreachable;
  for (size_t i = 0; i < turns && MonotonicMs() < deadline_ms; ++i) {
    std::string address;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (cancelled_) return Cancelled();
      address = view_.NextAddress();
    }
    absl::StatusOr<MetadataAnswer> answer = AskOne(address, deadline_ms);
    const absl::Status status =
        answer.ok() ? Learn(address, *answer) : answer.status();
    if (status.ok()) return image();
    if (absl::IsCancelled(status)) return status;
    if (client::ErrorInfoOf(status)) {
      if (!Is(status, ErrorKind::kWrongEnsemble)) all_wrong = false;
      if (!answered || Is(*answered, ErrorKind::kWrongEnsemble)) {
        answered = status;
      }
    } else {
      all_wrong = false;
      absl::StrAppend(&unreachable, unreachable.empty() ? "" : "; ",
                      status.message());
    }
  }
  if (answered && (all_wrong || !Is(*answered, ErrorKind::kWrongEnsemble))) {
    return *answered;
  }
  // Brokers of another ensemble, and silence of the others: those may be ours.
  return absl::UnavailableError(absl::StrCat(
      "no broker has answered: ", unreachable,
      answered ? absl::StrCat("; ", std::string(answered->message())) : ""));
}

absl::StatusOr<std::shared_ptr<const ClusterImage>> Cluster::RefreshUntil(
    int64_t deadline_ms) {
  for (int failures = 1;; ++failures) {
    absl::StatusOr<std::shared_ptr<const ClusterImage>> image =
        Refresh(deadline_ms);
    if (image.ok() || !IsWorthRetry(image.status())) return image;
    const absl::Status paused = Pause(failures, deadline_ms);
    if (absl::IsCancelled(paused)) return paused;
    if (!paused.ok()) return image;
  }
}

absl::StatusOr<MetadataAnswer> Cluster::AskAny(int64_t deadline_ms) {
  std::string address;
  const auto next = [this, &address]() -> absl::StatusOr<std::string> {
    const std::lock_guard<std::mutex> lock(mutex_);
    address = view_.NextAddress();
    return address;
  };
  MetadataAnswer answer;
  absl::Status status =
      CallUntil(deadline_ms, next, MetadataCall(answer), nullptr, {});
  if (status.ok()) status = Learn(address, answer);
  if (!status.ok()) return status;
  return answer;
}

absl::Status Cluster::CallAny(int64_t deadline_ms, const BrokerCall& call) {
  const auto next = [this]() -> absl::StatusOr<std::string> {
    const std::lock_guard<std::mutex> lock(mutex_);
    return view_.NextAddress();
  };
  return CallUntil(deadline_ms, next, call, nullptr, {});
}

absl::Status Cluster::CallController(int64_t deadline_ms,
                                     const BrokerCall& call, bool* repeated,
                                     std::optional<int64_t> call_timeout_ms) {
  // Any broker knows whom to ask instead.
  const auto controller = [this]() -> absl::StatusOr<std::string> {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::string address;
    if (view_.image() != nullptr) address = ControllerAddress(*view_.image());
    return address.empty() ? view_.NextAddress() : address;
  };
  return CallUntil(deadline_ms, controller, call, repeated, call_timeout_ms);
}

absl::Status Cluster::CallLeader(const std::string& topic, int32_t partition,
                                 int64_t deadline_ms, const BrokerCall& call) {
  const auto leader = [&]() -> absl::StatusOr<std::string> {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (view_.image() == nullptr) {
      return BrokerError(ErrorKind::kNotReady, "no metadata was read yet");
    }
    return LeaderAddress(*view_.image(), topic, partition);
  };
  return CallUntil(deadline_ms, leader, call, nullptr, {});
}

absl::Status Cluster::CallUntil(int64_t deadline_ms, const Target& target,
                                const BrokerCall& call, bool* repeated,
                                std::optional<int64_t> call_timeout_ms) {
  if (repeated != nullptr) *repeated = false;
  absl::Status last;
  for (int failures = 1;; ++failures) {
    absl::StatusOr<std::string> address = target();
    absl::Status status = address.status();
    for (int hop = 0; address.ok() && hop <= kMaxHops; ++hop) {
      status = CallOne(*address, deadline_ms, call, call_timeout_ms);
      const std::optional<client::ErrorInfo> info = client::ErrorInfoOf(status);
      if (!info || info->leader_address.empty() ||
          info->leader_address == *address || !IsStaleMetadata(status)) {
        break;
      }
      address = info->leader_address;
    }
    if (status.ok() || absl::IsCancelled(status)) return status;
    // That the time is over says less than what had been found before.
    if (last.ok() || MonotonicMs() < deadline_ms) last = status;
    if (!IsWorthRetry(status)) return status;
    if (repeated != nullptr && !Is(status, ErrorKind::kNotController) &&
        !Is(status, ErrorKind::kNotReady)) {
      *repeated = true;
    }
    const absl::Status paused = Pause(failures, deadline_ms);
    if (absl::IsCancelled(paused)) return paused;
    if (!paused.ok()) return TooLate(last);
    if (IsStaleMetadata(status)) {
      const absl::Status refreshed = Refresh(deadline_ms).status();
      if (!refreshed.ok() && !IsWorthRetry(refreshed)) return refreshed;
    }
  }
}

absl::Status Cluster::Pause(int failures, int64_t deadline_ms) {
  std::unique_lock<std::mutex> lock(mutex_);
  const int64_t pause_ms = BackoffMs(failures, options_.min_backoff_ms,
                                     options_.max_backoff_ms, random_);
  if (cancelled_) return Cancelled();
  if (MonotonicMs() + pause_ms >= deadline_ms) {
    return absl::DeadlineExceededError("there is no time for another attempt");
  }
  cancelled_cv_.wait_for(lock, std::chrono::milliseconds(pause_ms),
                         [this] { return cancelled_; });
  return cancelled_ ? Cancelled() : absl::OkStatus();
}

void Cluster::Interrupt() {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++interrupts_;
  for (grpc::ClientContext* context : under_way_) context->TryCancel();
}

void Cluster::Cancel() {
  const std::lock_guard<std::mutex> lock(mutex_);
  cancelled_ = true;
  for (grpc::ClientContext* context : under_way_) context->TryCancel();
  cancelled_cv_.notify_all();
}

}  // namespace quorate::broker
