#include "broker/data/replica.h"

#include <algorithm>
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
#include "absl/strings/str_cat.h"
#include "broker/data/outside.h"
#include "broker/data/requests.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "broker/log/epoch_table.h"
#include "broker/log/partition_log.h"
#include "broker/log/read_plan.h"
#include "broker/partition/partition_replica.h"
#include "broker/partition/producer_table.h"
#include "broker/record/record_batch.h"
#include "coord/storage/file_system.h"
#include "coord/storage/storage_error.h"

namespace quorate::broker {
namespace {

// So many watchers may have gone before they are looked for.
constexpr size_t kWatchersBetweenSweeps = 64;

std::string LogName(const PartitionId& of) {
  return absl::StrCat(of.topic, "-", of.partition);
}

}  // namespace

Replica::Replica(std::shared_ptr<const Owner> owner, const PartitionId& of)
    : owner_(std::move(owner)), of_(of) {}

std::shared_ptr<Replica> Replica::Open(std::shared_ptr<const Owner> owner,
                                       const PartitionId& of) {
  const std::shared_ptr<Replica> replica(new Replica(owner, of));
  const std::string name = LogName(of);
  const absl::StatusOr<uint64_t> id =
      PartitionLog::TopicIdOf(*owner->files, owner->directory, name);
  if (id.ok()) replica->topic_id_ = *id;
  absl::StatusOr<std::unique_ptr<PartitionLog>> log = PartitionLog::Open(
      *owner->files, owner->directory, name,
      [&](const BatchHeader& header) { replica->producers_.Add(header); });
  if (!log.ok()) {
    replica->Fail(log.status());
    return replica;
  }
  replica->log_ = *std::move(log);
  replica->state_ = std::make_unique<PartitionReplica>(
      owner->id, owner->replica_lag_ms, replica->log_->high_watermark(),
      replica->log_->durable_end());
  return replica;
}

absl::StatusOr<std::shared_ptr<Replica>> Replica::Create(
    std::shared_ptr<const Owner> owner, const PartitionId& of,
    uint64_t topic_id) {
  absl::StatusOr<std::unique_ptr<PartitionLog>> log = PartitionLog::Create(
      *owner->files, owner->directory, LogName(of), topic_id);
  if (!log.ok()) return log.status();
  const std::shared_ptr<Replica> replica(new Replica(owner, of));
  replica->topic_id_ = topic_id;
  replica->log_ = *std::move(log);
  replica->state_ = std::make_unique<PartitionReplica>(
      owner->id, owner->replica_lag_ms, 0, 0);
  return replica;
}

// --- What becomes ready -----------------------------------------------------

template <typename Work>
auto Replica::Do(Work work) -> decltype(work()) {
  Ready ready;
  auto result = [&] {
    const std::scoped_lock lock(mutex_);
    auto value = work();
    ready = Collect();
    return value;
  }();
  CallAll(std::move(ready));
  return result;
}

Replica::Ready Replica::Collect() {
  Ready ready;
  if (log_ != nullptr && failed_.ok()) failed_ = log_->failed();
  const bool is_over = !failed_.ok() || !retired_.ok();
  if (state_ != nullptr) {
    for (const PartitionReplica::Answer& answer : state_->TakeAnswers()) {
      auto waiting = waiting_.extract(answer.id);
      if (waiting.empty()) continue;
      waiting.mapped().answer.status = answer.status;
      ready.replies.emplace_back(std::move(waiting.mapped().reply),
                                 std::move(waiting.mapped().answer));
    }
  }
  if (is_over) {
    for (auto& [id, waiting] : waiting_) {
      waiting.answer.status = CheckUsable();
      ready.replies.emplace_back(std::move(waiting.reply),
                                 std::move(waiting.answer));
    }
    waiting_.clear();
  } else {
    log_->SetHighWatermark(state_->high_watermark());
    ready.grown = !is_queued_ && log_->durable_end() < log_->end_offset();
    is_queued_ = is_queued_ || ready.grown;
  }
  if (is_over || log_->durable_end() == log_->end_offset()) {
    ready.durable.swap(durable_);
  }
  const bool is_news = is_over || state_->high_watermark() != seen_watermark_ ||
                       state_->durable_end() != seen_durable_ ||
                       state_->state().version != seen_version_;
  if (is_news) {
    ready.watchers.swap(watchers_);
    if (!is_over) {
      seen_watermark_ = state_->high_watermark();
      seen_durable_ = state_->durable_end();
      seen_version_ = state_->state().version;
    }
  }
  if (!failed_.ok() && !told_failed_ && retired_.ok()) {
    told_failed_ = true;
    ready.failed = failed_;
  }
  return ready;
}

void Replica::CallAll(Ready ready) {
  if (ready.grown) owner_->grown(shared_from_this());
  for (auto& [reply, answer] : ready.replies) reply(std::move(answer));
  for (const std::weak_ptr<Watcher>& watcher : ready.watchers) {
    if (const auto alive = watcher.lock()) alive->Wake();
  }
  for (const std::function<void()>& durable : ready.durable) durable();
  if (!ready.failed.ok() && owner_->failed) owner_->failed(of_, ready.failed);
}

absl::Status Replica::CheckUsable() const {
  if (!retired_.ok()) return retired_;
  if (failed_.ok()) return absl::OkStatus();
  return BrokerError(ErrorKind::kNoLeader,
                     absl::StrCat("the replica of broker ", owner_->id,
                                  " has stopped: ", failed_.message()));
}

void Replica::StopFor(const absl::Status& cause) {
  if (failed_.ok()) failed_ = cause;
}

void Replica::Fail(const absl::Status& status) {
  Do([&] {
    StopFor(status);
    return true;
  });
}

void Replica::Retire(const absl::Status& status) {
  Do([&] {
    if (retired_.ok()) retired_ = status;
    return true;
  });
}

ReplicaInfo Replica::Info() const {
  const std::scoped_lock lock(mutex_);
  ReplicaInfo info;
  info.of = of_;
  info.topic_id = topic_id_;
  info.failed = failed_;
  if (log_ == nullptr) return info;
  info.is_leader = state_->role() == PartitionReplica::Role::kLeader;
  info.leader_epoch = state_->leader_epoch();
  info.log_start_offset = log_->start_offset();
  info.high_watermark = state_->high_watermark();
  info.durable_end = log_->durable_end();
  info.size_bytes = log_->size_bytes();
  info.isr = state_->state().isr;
  return info;
}

// --- Image ------------------------------------------------------------------

void Replica::Apply(const Assignment& assignment, const TopicConfig& config,
                    int64_t now_ms) {
  Do([&] {
    if (log_ == nullptr) return false;
    config_ = config;
    assignment_ = assignment;
    log_->SetSegmentBytes(config.segment_bytes);
    return state_->Apply(assignment, log_->end_offset(), now_ms);
  });
}

// --- Leader -----------------------------------------------------------------

absl::Status Replica::AppendBatch(std::string* batch, const BatchHeader& header,
                                  BatchReply* answer, int64_t* end_offset,
                                  Acks acks) {
  absl::Status may = CheckUsable();
  if (may.ok()) may = state_->CheckProduce(acks == Acks::kAll);
  if (!may.ok()) return may;
  if (config_.max_batch_bytes > 0 &&
      batch->size() > static_cast<size_t>(config_.max_batch_bytes)) {
    return BrokerError(
        ErrorKind::kTooLarge,
        absl::StrCat("a batch of ", batch->size(), " bytes; the topic allows ",
                     config_.max_batch_bytes));
  }
  const absl::StatusOr<std::optional<ProducerTable::Held>> held =
      producers_.Check(header);
  if (!held.ok()) return held.status();
  if (held->has_value()) {
    answer->is_duplicate = true;
    answer->base_offset = (*held)->base_offset;
    *end_offset = (*held)->end_offset;
    return absl::OkStatus();
  }
  if (state_->leader_epoch() < log_->epochs().last_epoch()) {
    return BrokerError(
        ErrorKind::kNotReady,
        absl::StrCat("the image says epoch ", state_->leader_epoch(),
                     ", the log already has ", log_->epochs().last_epoch()));
  }
  absl::Status appended = log_->AppendAsLeader(batch, state_->leader_epoch());
  if (storage::IsDiskFull(appended)) {
    return BrokerError(ErrorKind::kDiskFull, appended.message());
  }
  if (!appended.ok()) {
    StopFor(appended);
    return CheckUsable();
  }
  BatchHeader taken = header;
  taken.base_offset = log_->end_offset() - header.record_count;
  producers_.Add(taken);
  answer->base_offset = taken.base_offset;
  *end_offset = log_->end_offset();
  return absl::OkStatus();
}

uint64_t Replica::Produce(std::string batch, const BatchHeader& header,
                          Acks acks, Reply reply) {
  BatchReply refused;
  const uint64_t id = Do([&]() -> uint64_t {
    BatchReply answer;
    answer.of = of_;
    int64_t end_offset = 0;
    answer.status = AppendBatch(&batch, header, &answer, &end_offset, acks);
    if (!answer.status.ok()) {
      refused = std::move(answer);
      return 0;
    }
    const uint64_t next = next_id_++;
    waiting_[next] = {std::move(reply), std::move(answer)};
    state_->Await(next, end_offset, acks == Acks::kAll);
    return next;
  });
  if (id == 0) reply(std::move(refused));
  return id;
}

void Replica::GiveUp(uint64_t id) {
  Waiting given_up;
  {
    const std::scoped_lock lock(mutex_);
    auto waiting = waiting_.extract(id);
    if (waiting.empty()) return;
    state_->GiveUp(id);
    given_up = std::move(waiting.mapped());
  }
  given_up.answer.status =
      BrokerError(ErrorKind::kRequestTimedOut,
                  "the in-sync replicas did not all have it in time; it may "
                  "have been taken");
  given_up.reply(std::move(given_up.answer));
}

absl::StatusOr<int64_t> Replica::ListOffset(OffsetKind at,
                                            int64_t timestamp_ms) {
  const std::scoped_lock lock(mutex_);
  absl::Status may = CheckUsable();
  if (may.ok()) may = state_->CheckLeader(-1);
  if (!may.ok()) return may;
  switch (at) {
    case OffsetKind::kEarliest:
      return log_->start_offset();
    case OffsetKind::kLatest:
      return state_->high_watermark();
    case OffsetKind::kTimestamp:
      break;
  }
  return log_->FindByTime(timestamp_ms, state_->high_watermark());
}

PartitionReply Replica::PlanFetch(const FetchQuery& query,
                                  const PartitionQuery& asked, size_t max_bytes,
                                  int64_t now_ms, ReadPlan* plan) {
  PartitionReply reply;
  reply.of = of_;
  Do([&] {
    reply.status = CheckUsable();
    if (!reply.status.ok()) return false;
    const bool is_follower = query.replica_id != kNoBroker;
    int64_t limit = state_->high_watermark();
    if (is_follower) {
      const FollowerFetch fetch{query.replica_id, query.broker_epoch,
                                asked.leader_epoch, asked.offset,
                                asked.last_fetched_epoch};
      const absl::StatusOr<std::optional<EpochTable::End>> parted =
          state_->OnFollowerFetch(fetch, log_->epochs(), log_->start_offset(),
                                  log_->end_offset(), now_ms);
      reply.status = parted.status();
      if (parted.ok() && parted->has_value()) {
        reply.divergence = {(*parted)->epoch, (*parted)->end_offset};
      }
      limit = state_->durable_end();
    } else {
      reply.status = state_->CheckLeader(asked.leader_epoch);
    }
    reply.leader_epoch = state_->leader_epoch();
    reply.high_watermark = state_->high_watermark();
    reply.log_start_offset = log_->start_offset();
    if (!reply.status.ok() || reply.divergence) return false;
    absl::StatusOr<ReadPlan> planned =
        log_->PlanRead(asked.offset, limit, max_bytes);
    if (absl::IsOutOfRange(planned.status())) {
      reply.status =
          BrokerError(ErrorKind::kOffsetOutOfRange, planned.status().message());
    } else if (!planned.ok()) {
      reply.status = planned.status();
    } else {
      *plan = *std::move(planned);
    }
    return true;
  });
  return reply;
}

bool Replica::StillCounts(const ReadPlan& plan) const {
  const std::scoped_lock lock(mutex_);
  return CheckUsable().ok() && log_->cuts() == plan.cuts &&
         state_->CheckLeader(-1).ok();
}

void Replica::Watch(std::weak_ptr<Watcher> watcher) {
  const std::scoped_lock lock(mutex_);
  if (watchers_.size() % kWatchersBetweenSweeps == 0) {
    std::erase_if(watchers_, [](const std::weak_ptr<Watcher>& other) {
      return other.expired();
    });
  }
  watchers_.push_back(std::move(watcher));
}

std::optional<IsrChange> Replica::ProposeIsr(uint64_t own_broker_epoch,
                                             int64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  if (!CheckUsable().ok()) return std::nullopt;
  std::optional<PartitionReplica::Proposal> proposal =
      state_->Propose(own_broker_epoch, now_ms);
  if (!proposal) return std::nullopt;
  IsrChange change;
  change.topic = of_.topic;
  change.topic_id = topic_id_;
  change.partition = of_.partition;
  change.leader_epoch = state_->leader_epoch();
  change.version = state_->state().version;
  change.isr = std::move(proposal->isr);
  change.isr_broker_epochs = std::move(proposal->broker_epochs);
  return change;
}

void Replica::IsrAnswered(int32_t version,
                          const absl::StatusOr<PartitionState>& answer,
                          int64_t now_ms) {
  Do([&] {
    if (log_ == nullptr || state_->state().version != version) return false;
    state_->ProposalAnswered(answer.status(), now_ms);
    if (!answer.ok()) return false;
    Assignment next = assignment_;
    next.state = *answer;
    if (next.state.leader != assignment_.state.leader) {
      next.leader_address.clear();  // the next image will tell
    }
    if (!state_->Apply(next, log_->end_offset(), now_ms)) return false;
    assignment_ = std::move(next);
    return true;
  });
}

// --- Disk -------------------------------------------------------------------

void Replica::WriteOut() {
  std::optional<PartitionLog::SyncPoint> point;
  {
    const std::scoped_lock lock(mutex_);
    if (CheckUsable().ok()) point = log_->BeginSync();
  }
  if (!point) return;
  const absl::Status written = point->file->WriteOut(0, point->end_bytes);
  // As final as that of a sync.
  if (!written.ok()) Fail(storage::AsFinal(written));
}

void Replica::Sync() {
  std::optional<PartitionLog::SyncPoint> point;
  {
    const std::scoped_lock lock(mutex_);
    is_queued_ = false;
    if (CheckUsable().ok()) point = log_->BeginSync();
  }
  if (!point) return;
  const absl::Status synced = point->file->SyncData();
  Do([&] {
    if (!CheckUsable().ok()) return false;
    log_->FinishSync(*point, synced);
    if (log_->failed().ok()) state_->Durable(log_->durable_end());
    return true;
  });
}

void Replica::KeepHouse(int64_t wall_ms) {
  std::shared_ptr<storage::File> file;
  Do([&] {
    if (!CheckUsable().ok()) return false;
    // What it cannot remove on a full disk it will later.
    log_->RemoveOld(wall_ms, config_.retention_ms, config_.retention_bytes)
        .IgnoreError();
    file = log_->BeginCheckpoint();
    return true;
  });
  if (file == nullptr) return;
  const absl::Status synced = file->SyncData();
  if (synced.ok()) return;
  Do([&] {
    if (log_ != nullptr) log_->FinishCheckpoint(synced);
    return true;
  });
}

}  // namespace quorate::broker
