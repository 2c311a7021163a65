#include "broker/data/fetcher.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/data/outside.h"
#include "broker/data/replica.h"
#include "broker/data/requests.h"
#include "broker/data/tasks.h"
#include "broker/image/cluster_image.h"

namespace quorate::broker {
namespace {

// How long the answer may take beyond the wait that was asked for.
constexpr int64_t kAnswerMs = 5'000;
// When a partition cannot be asked for yet, as its log is being synced.
constexpr int64_t kSyncingMs = 10;
constexpr int kMostDoublings = 5;

}  // namespace

Fetcher::Fetcher(const DataOptions& options, BrokerId leader,
                 const std::atomic<uint64_t>& broker_epoch)
    : options_(options),
      leader_(leader),
      broker_epoch_(broker_epoch),
      thread_([this] { Run(); }) {}

Fetcher::~Fetcher() { Stop(); }

void Fetcher::Follow(const std::string& address,
                     std::vector<std::shared_ptr<Replica>> replicas) {
  std::map<PartitionId, Partition> partitions;
  for (std::shared_ptr<Replica>& replica : replicas) {
    const PartitionId of = replica->of();
    partitions[of] = {std::move(replica)};
  }
  std::shared_ptr<Call> call;
  {
    const std::scoped_lock lock(mutex_);
    address_ = address;
    partitions_ = std::move(partitions);
    is_news_ = true;
    call = call_;
  }
  changed_.notify_all();
  if (call == nullptr) return;
  {
    const std::scoped_lock lock(call->mutex);
    call->given_up = true;
  }
  call->changed.notify_all();
}

void Fetcher::Stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  Follow("", {});
  if (thread_.joinable()) thread_.join();
}

bool Fetcher::Rest(int64_t wait_ms) {
  std::unique_lock lock(mutex_);
  const auto is_over = [this] { return stopping_ || is_news_; };
  if (wait_ms < 0) {
    changed_.wait(lock, is_over);
  } else {
    changed_.wait_for(lock, std::chrono::milliseconds(wait_ms), is_over);
  }
  return !stopping_;
}

FetchQuery Fetcher::Build(int64_t now_ms, int64_t* wait_ms) {
  FetchQuery query;
  query.replica_id = options_.id;
  query.broker_epoch = broker_epoch_.load();
  query.max_bytes = options_.fetch_bytes;
  query.max_wait_ms = options_.fetch_wait_ms;
  *wait_ms = -1;
  const auto no_later_than = [&](int64_t ms) {
    *wait_ms = *wait_ms < 0 ? ms : std::min(*wait_ms, ms);
    query.max_wait_ms = std::min(query.max_wait_ms, ms);
  };
  const std::scoped_lock lock(mutex_);
  is_news_ = false;
  for (const auto& [of, partition] : partitions_) {
    if (partition.retry_ms > now_ms) {
      no_later_than(partition.retry_ms - now_ms);
      continue;
    }
    std::optional<PartitionQuery> next = partition.replica->NextFetch(leader_);
    if (next) {
      query.partitions.push_back(*std::move(next));
    } else {
      no_later_than(kSyncingMs);
    }
  }
  return query;
}

absl::StatusOr<FetchReply> Fetcher::Ask(const FetchQuery& query) {
  const auto call = std::make_shared<Call>();
  std::string address;
  {
    const std::scoped_lock lock(mutex_);
    // Told something else since it was built.
    if (stopping_ || is_news_) return absl::CancelledError("given up");
    call_ = call;
    address = address_;
  }
  const std::function<void()> give_up =
      options_.fetch->Fetch(address, query, query.max_wait_ms + kAnswerMs,
                            [call](absl::StatusOr<FetchReply> answer) {
                              {
                                const std::scoped_lock lock(call->mutex);
                                call->answer = std::move(answer);
                              }
                              call->changed.notify_all();
                            });
  std::unique_lock lock(call->mutex);
  call->changed.wait(
      lock, [&] { return call->answer.has_value() || call->given_up; });
  if (call->answer.has_value()) return *std::move(call->answer);
  lock.unlock();
  give_up();
  return absl::CancelledError("given up");
}

void Fetcher::Pause(const PartitionId& of, const absl::Status& why) {
  const std::scoped_lock lock(mutex_);
  const auto found = partitions_.find(of);
  if (found == partitions_.end()) return;
  // Of a disk that is full, or of damaged data, only time can tell more.
  const bool is_ours = absl::IsResourceExhausted(why) ||
                       absl::IsInvalidArgument(why) || absl::IsDataLoss(why);
  found->second.retry_ms =
      MonotonicMs() + options_.fetch_backoff_ms * (is_ours ? 10 : 1);
}

void Fetcher::Take(const FetchQuery& query, const FetchReply& reply) {
  if (reply.results.size() != query.partitions.size()) return;
  const auto call = std::make_shared<Call>();
  {
    const std::scoped_lock lock(mutex_);
    call_ = call;
  }
  for (size_t i = 0; i < reply.results.size(); ++i) {
    const PartitionQuery& asked = query.partitions[i];
    std::shared_ptr<Replica> replica;
    {
      const std::scoped_lock lock(mutex_);
      const auto found = partitions_.find(asked.of);
      if (found == partitions_.end()) continue;
      replica = found->second.replica;
    }
    {
      const std::scoped_lock lock(call->mutex);
      ++call->syncing;
    }
    const auto durable = [call] {
      {
        const std::scoped_lock lock(call->mutex);
        --call->syncing;
      }
      call->changed.notify_all();
    };
    const absl::StatusOr<bool> appended =
        replica->TakeFetched(asked, reply.results[i], durable);
    if (!appended.ok()) Pause(asked.of, appended.status());
    if (!appended.ok() || !*appended) durable();
  }
  std::unique_lock lock(call->mutex);
  call->changed.wait(lock,
                     [&] { return call->syncing == 0 || call->given_up; });
}

void Fetcher::Run() {
  int failures = 0;
  int64_t rest_ms = 0;
  while (Rest(rest_ms)) {
    const FetchQuery query = Build(MonotonicMs(), &rest_ms);
    if (query.partitions.empty()) continue;
    rest_ms = 0;
    const absl::StatusOr<FetchReply> reply = Ask(query);
    if (reply.ok()) {
      failures = 0;
      Take(query, *reply);
    } else if (!absl::IsCancelled(reply.status())) {
      rest_ms = options_.fetch_backoff_ms << std::min(failures, kMostDoublings);
      ++failures;
    }
  }
}

}  // namespace quorate::broker
