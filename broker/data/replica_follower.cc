// Replica: what a follower does.

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/data/replica.h"
#include "broker/data/requests.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "broker/log/partition_log.h"
#include "broker/partition/partition_replica.h"
#include "broker/record/record_batch.h"
#include "coord/storage/storage_error.h"

namespace quorate::broker {

std::optional<PartitionQuery> Replica::NextFetch(BrokerId leader) const {
  const std::scoped_lock lock(mutex_);
  if (!CheckUsable().ok() ||
      state_->role() != PartitionReplica::Role::kFollower ||
      state_->state().leader != leader) {
    return std::nullopt;
  }
  // What is not durable yet was appended by this replica as a leader, or just
  // now: its sync is under way.
  if (log_->durable_end() != log_->end_offset()) return std::nullopt;
  return PartitionQuery{of_, log_->durable_end(), state_->leader_epoch(),
                        log_->epochs().last_epoch()};
}

absl::StatusOr<bool> Replica::TakeFetched(const PartitionQuery& asked,
                                          const PartitionReply& reply,
                                          std::function<void()> durable) {
  absl::StatusOr<bool> appended = false;
  Ready ready;
  {
    const std::scoped_lock lock(mutex_);
    appended = TakeLocked(asked, reply, &durable);
    ready = Collect();
  }
  CallAll(std::move(ready));
  return appended;
}

absl::StatusOr<bool> Replica::TakeLocked(const PartitionQuery& asked,
                                         const PartitionReply& reply,
                                         std::function<void()>* durable) {
  absl::Status may = CheckUsable();
  if (!may.ok()) return may;
  // The role may have changed since it was asked.
  if (state_->role() != PartitionReplica::Role::kFollower ||
      state_->leader_epoch() != asked.leader_epoch ||
      log_->end_offset() != asked.offset ||
      log_->epochs().last_epoch() != asked.last_fetched_epoch) {
    return false;
  }
  const bool is_out_of_range = Is(reply.status, ErrorKind::kOffsetOutOfRange);
  if (is_out_of_range || reply.divergence) {
    const absl::StatusOr<PartitionReplica::Cut> cut =
        is_out_of_range ? state_->CutForStart(reply.log_start_offset)
                        : state_->CutFor({reply.divergence->epoch,
                                          reply.divergence->end_offset},
                                         log_->epochs(), log_->end_offset());
    if (!cut.ok()) {
      StopFor(cut.status());
      return cut.status();
    }
    absl::Status done = CutTo(*cut);
    if (!done.ok()) {
      StopFor(done);
      return done;
    }
    return false;
  }
  if (!reply.status.ok()) return reply.status;
  absl::Status taken = log_->AppendAsFollower(
      reply.batches,
      [&](const BatchHeader& header) { producers_.Add(header); });
  if (!taken.ok() && !storage::IsDiskFull(taken) &&
      !absl::IsInvalidArgument(taken)) {
    StopFor(taken);
  }
  state_->OnLeaderHighWatermark(reply.high_watermark);
  if (!taken.ok()) return taken;
  if (log_->durable_end() == log_->end_offset()) return false;
  durable_.push_back(std::move(*durable));
  return true;
}

absl::Status Replica::CutTo(const PartitionReplica::Cut& cut) {
  if (cut.whole) {
    absl::Status reset = log_->ResetTo(cut.offset);
    if (!reset.ok()) return reset;
    state_->OnReset(cut.offset);
  } else {
    absl::Status done = log_->TruncateTo(cut.offset);
    if (!done.ok()) return done;
    state_->Durable(log_->durable_end());
  }
  return RebuildProducers();
}

absl::Status Replica::RebuildProducers() {
  producers_.Clear();
  return log_->Visit(
      [&](const BatchHeader& header) { producers_.Add(header); });
}

}  // namespace quorate::broker
