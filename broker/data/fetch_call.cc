#include "broker/data/fetch_call.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "absl/status/status.h"
#include "broker/data/replica.h"
#include "broker/data/requests.h"
#include "broker/data/tasks.h"
#include "broker/error/broker_error.h"
#include "broker/log/read_plan.h"
#include "coord/storage/file_system.h"
#include "coord/storage/storage_error.h"

namespace quorate::broker {
namespace {

constexpr int64_t kDefaultBytes = 1 << 20;
// With one batch beyond it, still less than a message may have.
constexpr int64_t kMaxBytes = 6 << 20;
// Retention may remove the file that is about to be read.
constexpr int kReadAttempts = 3;

int64_t BytesOf(const FetchQuery& query) {
  if (query.max_bytes <= 0) return kDefaultBytes;
  return std::min(query.max_bytes, kMaxBytes);
}

}  // namespace

FetchCall::FetchCall(FetchQuery query, uint64_t rotation,
                     storage::FileSystem& files, Tasks& tasks, Find find,
                     Done done)
    : query_(std::move(query)),
      rotation_(rotation),
      files_(files),
      tasks_(tasks),
      find_(std::move(find)),
      deadline_ms_(MonotonicMs() + query_.max_wait_ms),
      done_(std::move(done)) {}

void FetchCall::Start() { Look(); }

void FetchCall::Wake() {
  {
    const std::scoped_lock lock(mutex_);
    if (state_ != State::kWaiting) {
      is_news_ = true;
      return;
    }
    state_ = State::kLooking;
  }
  tasks_.Run([self = shared_from_this()] { self->Look(); });
}

void FetchCall::End(const absl::Status& status) {
  FetchReply reply;
  for (const PartitionQuery& asked : query_.partitions) {
    PartitionReply one;
    one.of = asked.of;
    one.status = status;
    reply.results.push_back(std::move(one));
  }
  Finish(std::move(reply));
}

bool FetchCall::Finish(FetchReply reply) {
  Done done;
  {
    const std::scoped_lock lock(mutex_);
    if (state_ == State::kEnded) return false;
    state_ = State::kEnded;
    done = std::move(done_);
    tasks_.Cancel(timer_);
  }
  done(std::move(reply));
  return true;
}

void FetchCall::Look() {
  while (true) {
    {
      const std::scoped_lock lock(mutex_);
      if (state_ == State::kEnded) return;
      is_news_ = false;
    }
    // Before reading, so that nothing is missed in between.
    if (query_.max_wait_ms > 0) WatchAll();
    FetchReply reply = Read();
    const bool has_something = std::any_of(
        reply.results.begin(), reply.results.end(),
        [](const PartitionReply& one) {
          return !one.status.ok() || one.divergence || !one.batches.empty();
        });
    const int64_t left_ms = deadline_ms_ - MonotonicMs();
    if (has_something || reply.results.empty() || left_ms <= 0) {
      Finish(std::move(reply));
      return;
    }
    const std::scoped_lock lock(mutex_);
    if (state_ == State::kEnded) return;
    if (is_news_) continue;
    state_ = State::kWaiting;
    if (timer_ == Tasks::Key()) {
      timer_ =
          tasks_.After(left_ms, [self = shared_from_this()] { self->Wake(); });
    }
    return;
  }
}

void FetchCall::WatchAll() {
  for (const PartitionQuery& asked : query_.partitions) {
    absl::Status why;
    if (const auto replica = find_(asked.of, &why)) {
      replica->Watch(weak_from_this());
    }
  }
}

FetchReply FetchCall::Read() {
  FetchReply reply;
  const size_t count = query_.partitions.size();
  reply.results.resize(count);
  int64_t left = BytesOf(query_);
  for (size_t i = 0; i < count; ++i) {
    const size_t at = (i + rotation_) % count;
    PartitionReply& one = reply.results[at];
    ReadInto(query_.partitions[at], left, &one);
    left -= static_cast<int64_t>(one.batches.size());
  }
  return reply;
}

void FetchCall::ReadInto(const PartitionQuery& asked, int64_t left,
                         PartitionReply* reply) {
  absl::Status why;
  const std::shared_ptr<Replica> replica = find_(asked.of, &why);
  if (replica == nullptr) {
    reply->of = asked.of;
    reply->status = why;
    return;
  }
  for (int attempt = 1;; ++attempt) {
    ReadPlan plan;
    *reply = replica->PlanFetch(query_, asked,
                                static_cast<size_t>(std::max<int64_t>(left, 0)),
                                MonotonicMs(), &plan);
    if (plan.empty() || left <= 0) return;
    const absl::Status read = CarryOut(plan, files_, &reply->batches);
    const bool counts = replica->StillCounts(plan);
    if (read.ok() && counts) return;
    reply->batches.clear();
    if (attempt < kReadAttempts) continue;
    if (!read.ok() && counts) replica->Fail(read);
    reply->status = BrokerError(ErrorKind::kNotReady,
                                "the log was changed while it was read");
    return;
  }
}

}  // namespace quorate::broker
