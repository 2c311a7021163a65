#include "broker/data/produce_call.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/data/replica.h"
#include "broker/data/requests.h"
#include "broker/data/tasks.h"
#include "broker/error/broker_error.h"
#include "broker/record/record_batch.h"

namespace quorate::broker {
namespace {

constexpr int64_t kDefaultTimeoutMs = 30'000;

}  // namespace

void ProduceCall::Start(ProduceQuery query, const Find& find) {
  const size_t count = query.batches.size();
  {
    const std::scoped_lock lock(mutex_);
    reply_.results.resize(count);
    open_ = count + 1;  // until all are handed out
  }
  for (size_t i = 0; i < count; ++i) {
    ProduceBatch& batch = query.batches[i];
    BatchReply refused;
    refused.of = batch.of;
    const absl::StatusOr<BatchHeader> header = ReadBatchHeader(batch.batch);
    const std::shared_ptr<Replica> replica = find(batch.of, &refused.status);
    if (!header.ok()) {
      refused.status =
          BrokerError(ErrorKind::kDamagedBatch, header.status().message());
    }
    if (replica == nullptr || !header.ok()) {
      Answer(i, std::move(refused));
      continue;
    }
    const uint64_t id =
        replica->Produce(std::move(batch.batch), *header, query.acks,
                         [self = shared_from_this(), i](BatchReply reply) {
                           self->Answer(i, std::move(reply));
                         });
    if (id == 0) continue;
    const std::scoped_lock lock(mutex_);
    asked_.emplace_back(replica, id);
  }
  {
    const std::scoped_lock lock(mutex_);
    if (open_ > 1) {
      has_timer_ = true;
      timer_ = tasks_.After(
          query.timeout_ms > 0 ? query.timeout_ms : kDefaultTimeoutMs,
          [self = shared_from_this()] { self->GiveUp(); });
    }
  }
  Answer(count, {});
}

void ProduceCall::Answer(size_t at, BatchReply reply) {
  Done done;
  ProduceReply all;
  std::vector<std::pair<std::shared_ptr<Replica>, uint64_t>> asked;
  {
    const std::scoped_lock lock(mutex_);
    if (at < reply_.results.size()) reply_.results[at] = std::move(reply);
    if (--open_ > 0) return;
    if (has_timer_) tasks_.Cancel(timer_);
    done = std::move(done_);
    all = std::move(reply_);
    asked.swap(asked_);
  }
  done(std::move(all));
}

void ProduceCall::GiveUp() {
  std::vector<std::pair<std::shared_ptr<Replica>, uint64_t>> asked;
  {
    const std::scoped_lock lock(mutex_);
    asked.swap(asked_);
  }
  for (const auto& [replica, id] : asked) replica->GiveUp(id);
}

}  // namespace quorate::broker
