#include "broker/client/producer_driver.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "broker/client/call_status.h"
#include "broker/client/channels.h"
#include "broker/client/clock.h"
#include "broker/client/cluster.h"
#include "broker/client/delivery.h"
#include "broker/client/producer.h"
#include "broker/client/producer_core.h"
#include "broker/error/broker_error.h"
#include "broker/error/error_wire.h"
#include "broker/image/cluster_image.h"
#include "coord/base/check.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"
#include "proto/broker/v1/broker.grpc.pb.h"
#include "proto/broker/v1/broker.pb.h"

namespace quorate::broker {
namespace {

// The leader says that time is over before the call itself is.
constexpr int64_t kAnswerMs = 250;
// Letters that are put at once.
constexpr size_t kMaxBurials = 1'000;

uint64_t RandomBits() {
  std::random_device random;
  return uint64_t{random()} << 32 | random();
}

std::string NewName() {
  return absl::StrFormat("%016x%016x", RandomBits(), RandomBits());
}

// Whose worker this thread is.
thread_local const ProducerDriver* own_driver = nullptr;

std::vector<ProduceAnswer> AnswersOf(const v1::ProduceResponse& response) {
  std::vector<ProduceAnswer> answers;
  for (const v1::ProduceResult& result : response.results()) {
    answers.push_back({.status = result.has_error() ? FromWire(result.error())
                                                    : absl::OkStatus(),
                       .base_offset = result.base_offset(),
                       .duplicate = result.duplicate()});
  }
  return answers;
}

}  // namespace

struct ProducerDriver::Call {
  uint64_t id = 0;
  grpc::ClientContext context;
  std::unique_ptr<v1::Broker::Stub> stub;
  v1::ProduceRequest request;
  v1::ProduceResponse response;
};

ProducerDriver::ProducerDriver(ProducerOptions options,
                               std::shared_ptr<Cluster> cluster)
    : options_(std::move(options)),
      cluster_(std::move(cluster)),
      core_(options_.limits, NewName(), options_.dead_letters != nullptr,
            RandomBits(), MonotonicMs()) {
  worker_ = std::thread([this] { Work(); });
  asker_ = std::thread([this] { Ask(); });
  burier_ = std::thread([this] { Bury(); });
}

ProducerDriver::~ProducerDriver() { QUORATE_CHECK(!worker_.joinable()); }

absl::Status ProducerDriver::Send(Message message, Producer::Callback done) {
  Lock lock(mutex_);
  const auto until = std::chrono::steady_clock::now() +
                     std::chrono::milliseconds(options_.max_block_ms);
  for (;;) {
    if (closed_) {
      return absl::FailedPreconditionError("the producer is closed");
    }
    const absl::StatusOr<uint64_t> ticket =
        core_.Send(std::move(message), MonotonicMs(), WallMs());
    if (ticket.ok()) {
      last_ticket_ = *ticket;
      callbacks_.emplace(*ticket, std::move(done));
      if (core_.NextTick() <= MonotonicMs() + options_.limits.linger_ms) {
        work_.notify_one();
      }
      return absl::OkStatus();
    }
    if (!Is(ticket.status(), ErrorKind::kOverloaded) || own_driver == this ||
        ended_.wait_until(lock, until) == std::cv_status::timeout) {
      return ticket.status();
    }
  }
}

bool ProducerDriver::WaitUntilEnded(Lock& lock, uint64_t last_ticket,
                                    int64_t timeout_ms) {
  ++flushing_;
  core_.SetFlushing(true);
  work_.notify_one();
  const bool done = ended_.wait_for(
      lock, std::chrono::milliseconds(timeout_ms), [this, last_ticket] {
        return callbacks_.empty() || callbacks_.begin()->first > last_ticket;
      });
  core_.SetFlushing(--flushing_ > 0);
  return done;
}

absl::Status ProducerDriver::Flush(int64_t timeout_ms) {
  QUORATE_CHECK(own_driver != this);
  Lock lock(mutex_);
  if (WaitUntilEnded(lock, last_ticket_, timeout_ms)) return absl::OkStatus();
  return absl::DeadlineExceededError(
      absl::StrCat(callbacks_.size(), " messages have not ended within ",
                   timeout_ms, " ms"));
}

absl::Status ProducerDriver::Close(int64_t timeout_ms) {
  QUORATE_CHECK(own_driver != this);
  absl::Status status;
  {
    Lock lock(mutex_);
    if (stopping_) return status;
    closed_ = true;
    ended_.notify_all();  // who waits for memory waits no more
    if (!WaitUntilEnded(lock, last_ticket_, std::max<int64_t>(0, timeout_ms))) {
      status = absl::DeadlineExceededError(absl::StrCat(
          callbacks_.size(), " messages had not ended within ", timeout_ms,
          " ms when the producer was closed, and were given up"));
      core_.GiveUpAll(
          BrokerError(ErrorKind::kRequestTimedOut, "the producer was closed"),
          MonotonicMs(), WallMs());
      work_.notify_one();
      ended_.wait(lock, [this] { return callbacks_.empty(); });
    }
    stopping_ = true;
    for (auto& [id, call] : calls_) call->context.TryCancel();
  }
  // Of this producer's own; nobody else uses it.
  cluster_->Cancel();
  work_.notify_all();
  ask_.notify_all();
  bury_.notify_all();
  worker_.join();
  asker_.join();
  burier_.join();
  Lock lock(mutex_);
  ended_.wait(lock, [this] { return calls_.empty(); });
  return status;
}

ProducerStats ProducerDriver::stats() const {
  const Lock lock(mutex_);
  ProducerStats stats = stats_;
  stats.unsettled = core_.unsettled();
  stats.buffered_bytes = core_.buffered_bytes();
  stats.breaker = core_.breaker(MonotonicMs());
  stats.breaker_trips = core_.breaker_trips();
  return stats;
}

// --- The worker --------------------------------------------------------------

void ProducerDriver::Work() {
  own_driver = this;
  Lock lock(mutex_);
  while (!stopping_) {
    if (Pump(lock)) continue;
    const int64_t next_ms = core_.NextTick();
    const int64_t now_ms = MonotonicMs();
    if (next_ms <= now_ms) continue;
    if (next_ms == std::numeric_limits<int64_t>::max()) {
      work_.wait(lock);
    } else {
      work_.wait_for(lock, std::chrono::milliseconds(next_ms - now_ms));
    }
  }
}

void ProducerDriver::Count(const Delivery& delivery) {
  switch (delivery.outcome) {
    case DeliveryOutcome::kAcknowledged:
      ++stats_.acknowledged;
      if (delivery.failures > 0) ++stats_.saved_by_retry;
      if (delivery.duplicate) ++stats_.duplicates;
      return;
    case DeliveryOutcome::kDeadLettered:
      ++stats_.dead_lettered;
      return;
    case DeliveryOutcome::kFailed:
      ++stats_.failed;
  }
}

bool ProducerDriver::Pump(Lock& lock) {
  ProducerOutput output = core_.TakeOutput(MonotonicMs(), WallMs());
  if (output.refresh_metadata) refresh_ = true;
  if (output.init_producer) init_producer_ = true;
  if (output.refresh_metadata || output.init_producer) ask_.notify_one();
  if (!output.burials.empty()) {
    for (Burial& burial : output.burials) to_bury_.push_back(std::move(burial));
    bury_.notify_one();
  }
  if (output.calls.empty() && output.deliveries.empty()) return false;
  std::vector<std::pair<Producer::Callback, const Delivery*>> told;
  for (const ToldDelivery& tell : output.deliveries) {
    Count(tell.delivery);
    told.push_back({std::move(callbacks_.at(tell.ticket)), &tell.delivery});
  }
  lock.unlock();
  for (const ProduceCall& call : output.calls) StartCall(call);
  for (const auto& [callback, delivery] : told) {
    if (callback) callback(*delivery);
  }
  lock.lock();
  // Only now have they ended for whoever flushes.
  for (const ToldDelivery& tell : output.deliveries) {
    callbacks_.erase(tell.ticket);
  }
  if (!output.deliveries.empty()) ended_.notify_all();
  return true;
}

void ProducerDriver::StartCall(const ProduceCall& order) {
  auto owned = std::make_unique<Call>();
  Call* call = owned.get();
  call->id = order.id;
  SetTimeout(call->context, order.timeout_ms + kAnswerMs);
  cluster_->FillHeader(*call->request.mutable_header());
  call->request.set_acks(v1::ACKS_ALL);
  call->request.set_timeout_ms(static_cast<uint32_t>(order.timeout_ms));
  for (const ProduceCall::Batch& batch : order.batches) {
    v1::PartitionBatch& wire = *call->request.add_batches();
    wire.set_topic(batch.partition.topic);
    wire.set_partition(batch.partition.partition);
    wire.set_batch(*batch.bytes);
  }
  call->stub = v1::Broker::NewStub(cluster_->ChannelTo(order.address));
  {
    const Lock lock(mutex_);
    calls_.emplace(call->id, std::move(owned));
  }
  call->stub->async()->Produce(&call->context, &call->request, &call->response,
                               [this, call](const grpc::Status& status) {
                                 OnAnswered(call, CallStatus(status));
                               });
}

void ProducerDriver::OnAnswered(Call* call, const absl::Status& status) {
  const std::vector<ProduceAnswer> answers = AnswersOf(call->response);
  std::unique_ptr<Call> owned;
  const Lock lock(mutex_);
  core_.OnProduced(call->id, status, answers, MonotonicMs(), WallMs());
  const auto it = calls_.find(call->id);
  owned = std::move(it->second);
  calls_.erase(it);
  work_.notify_one();
  ended_.notify_all();
}

// --- Metadata and producer ids -----------------------------------------------

void ProducerDriver::Ask() {
  Lock lock(mutex_);
  for (;;) {
    ask_.wait(lock, [this] { return stopping_ || refresh_ || init_producer_; });
    if (stopping_) return;
    const bool refresh = std::exchange(refresh_, false);
    const bool init_producer = std::exchange(init_producer_, false);
    const int64_t timeout_ms = options_.client.call_timeout_ms;
    lock.unlock();
    absl::StatusOr<std::shared_ptr<const ClusterImage>> image =
        absl::UnavailableError("not asked");
    if (refresh) image = cluster_->Refresh(MonotonicMs() + timeout_ms);
    v1::InitProducerResponse response;
    absl::Status inited;
    if (init_producer) {
      inited =
          cluster_->CallAny(MonotonicMs() + timeout_ms,
                            [&](const std::shared_ptr<grpc::Channel>& channel,
                                grpc::ClientContext& context) {
                              v1::InitProducerRequest request;
                              cluster_->FillHeader(*request.mutable_header());
                              return v1::Broker::NewStub(channel)->InitProducer(
                                  &context, request, &response);
                            });
    }
    lock.lock();
    if (refresh && image.ok()) {
      core_.OnImage(*std::move(image), MonotonicMs());
    } else if (refresh) {
      core_.OnMetadataFailed(image.status(), MonotonicMs(), WallMs());
    }
    if (init_producer && inited.ok()) {
      core_.OnProducerId(response.producer_id(), response.producer_epoch(),
                         MonotonicMs());
    } else if (init_producer) {
      core_.OnProducerIdFailed(inited, MonotonicMs(), WallMs());
    }
    work_.notify_one();
  }
}

// --- Dead letters ------------------------------------------------------------

void ProducerDriver::Bury() {
  Lock lock(mutex_);
  for (;;) {
    bury_.wait(lock, [this] { return stopping_ || !to_bury_.empty(); });
    if (to_bury_.empty()) return;
    std::vector<uint64_t> tickets;
    std::vector<DeadLetter> letters;
    const size_t count = std::min(to_bury_.size(), kMaxBurials);
    for (size_t i = 0; i < count; ++i) {
      tickets.push_back(to_bury_[i].ticket);
      letters.push_back(std::move(to_bury_[i].letter));
    }
    to_bury_.erase(to_bury_.begin(),
                   to_bury_.begin() + static_cast<ptrdiff_t>(count));
    lock.unlock();
    const absl::Status status = options_.dead_letters->Put(letters);
    lock.lock();
    core_.OnBuried(tickets, status, MonotonicMs());
    work_.notify_one();
  }
}

}  // namespace quorate::broker
