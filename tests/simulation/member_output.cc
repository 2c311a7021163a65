// SimMember, second part: working through the core's outputs (output.h).

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coord/base/bytes.h"
#include "coord/consensus/configuration_history.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/member.h"

namespace quorate::simulation {
namespace {

using consensus::Envelope;
using consensus::Event;
using consensus::EventKind;
using consensus::Output;
using consensus::Record;
using consensus::SnapshotChunk;
using consensus::Zxid;

// The slowest sync of this and of the last period is reported.
constexpr Micros kFsyncPeriod = 1 * kSecond;
// Old log segments often outlive a snapshot for a while.
constexpr uint32_t kDropLogPerMillion = 750'000;

uint64_t ToMillisecondsUp(Micros time) {
  return static_cast<uint64_t>((time + kMillisecond - 1) / kMillisecond);
}

}  // namespace

void SimMember::MaybeDrain() {
  if (world_.random.Chance(driver_.batch_inputs_per_million)) return;
  Drain();
}

void SimMember::Drain() {
  WorkThrough(core_->TakeOutput());
  if (!snapshot_unreadable_) return;
  snapshot_unreadable_ = false;
  FailStorage("a snapshot is damaged");
}

// Rule 21. The core may hand out writes of inputs that came just before; behind
// a write that failed they would leave a gap.
void SimMember::FailStorage(const std::string& what) {
  storage_failed_ = true;
  core_->StorageFailed(what);
  if (!core_->IsStopped()) {
    world_.Report("stop_on_bad_storage", index_, "it goes on after " + what);
  }
  Drain();
}

void SimMember::WorkThrough(Output output) {
  HashOutput(output);
  CountEvents(output.events);
  world_.AskChecks(index_,
                   [&](Check& check) { check.OnOutput(View(), output); });

  if (output.persist_id != 0 && !storage_failed_) {
    Unsynced unsynced;
    unsynced.persist_id = output.persist_id;
    unsynced.installs = output.install_snapshot.has_value();
    const Zxid installed =
        unsynced.installs ? output.install_snapshot->zxid : Zxid();
    disk_.Write(output);
    if (unsynced.installs) CheckInstall(installed);
    unsynced.mark = disk_.written();
    if (world_.random.Chance(driver_.send_late_per_million)) {
      unsynced.messages = std::exchange(output.messages, {});
    }
    unsynced_.push_back(std::move(unsynced));
    StartSync();
  }
  SendAll(output.messages);
  for (Record& record : output.committed) {
    to_apply_.push_back(std::move(record));
  }
  for (const consensus::ReadResult& read : output.reads) {
    if (read.ok) {
      waiting_reads_.push_back({read.token, read.zxid});
    } else {
      reads_.erase(read.token);
      answers_[read.token] = {};
    }
  }
  if (driver_.max_apply_delay == 0) {
    ApplyDue();
  } else {
    AnswerReads();
    if (to_apply_.empty() || apply_scheduled_) return;
    apply_scheduled_ = true;
    Schedule(world_.random.Between(0, driver_.max_apply_delay),
             EventType::kApply);
  }
}

void SimMember::HashOutput(const Output& output) {
  Trace& trace = world_.trace;
  trace.Add(output.persist_id);
  trace.Add(output.messages.size() << 32 | output.committed.size());
  trace.Add(core_->commit().value());
  trace.Add(core_->log().last().value());
  trace.Add(uint64_t{core_->epoch()} << 32 | output.reads.size());
}

void SimMember::CountEvents(const std::vector<Event>& events) {
  Statistics& statistics = world_.statistics;
  for (const Event& event : events) {
    switch (event.kind) {
      case EventKind::kCampaign:
        ++statistics.campaigns;
        break;
      case EventKind::kBecameLeader:
        ++statistics.elections;
        break;
      case EventKind::kSyncDiff:
        ++statistics.diffs;
        break;
      case EventKind::kSyncTrunc:
        ++statistics.truncs;
        break;
      case EventKind::kSyncSnapshot:
        ++statistics.snaps;
        break;
      case EventKind::kTransfer:
        ++statistics.transfers;
        break;
      case EventKind::kFreshEpoch:
        ++statistics.fresh_epochs;
        break;
      case EventKind::kRefused:
        ++statistics.messages_refused[static_cast<size_t>(event.rule)];
        break;
      default:
        break;
    }
    world_.trace.Line(
        TraceKind::kEvent, index_,
        {static_cast<uint64_t>(event.kind), event.peer.value, event.number},
        [&] { return consensus::Describe(event); });
  }
}

// --- Send
// ---------------------------------------------------------------------

void SimMember::SendAll(std::vector<Envelope>& messages) {
  for (Envelope& envelope : messages) {
    auto* chunk = std::get_if<SnapshotChunk>(&envelope.message);
    if (chunk != nullptr && !FillChunk(*chunk)) continue;
    world_.network.Send(index_, std::move(envelope));
  }
}

bool SimMember::FillChunk(SnapshotChunk& chunk) {
  const Bytes content = disk_.ReadSnapshot(chunk.meta.zxid);
  if (content == nullptr) {
    snapshot_unreadable_ = true;
    return false;
  }
  if (chunk.meta.size_bytes != content->size() ||
      chunk.offset + chunk.length > content->size()) {
    world_.Report(
        "snapshot_content", index_,
        absl::StrCat("sends bytes ", chunk.offset, " to ",
                     chunk.offset + chunk.length, " of ", chunk.meta.size_bytes,
                     "; the snapshot has ", content->size()));
    return false;
  }
  chunk.data = MakeBytes(content->substr(chunk.offset, chunk.length));
  return true;
}

// --- Persist
// ------------------------------------------------------------------

Micros SimMember::SyncTime() {
  return slowness_ *
         world_.random.Between(disk_options_.min_sync, disk_options_.max_sync);
}

void SimMember::StartSync() {
  if (syncing_ || disk_full_ || unsynced_.empty()) return;
  syncing_ = true;
  sync_mark_ = disk_.written();
  sync_began_ = world_.queue.now();
  Schedule(SyncTime(), EventType::kSynced);
}

void SimMember::OnSynced() {
  syncing_ = false;
  if (fail_sync_) return OnSyncFailed();
  const uint64_t records = sync_mark_ - disk_.synced();
  disk_.Sync(sync_mark_);
  ++world_.statistics.syncs;
  world_.statistics.records_synced += records;
  NoteSyncTime(world_.queue.now() - sync_began_);
  world_.trace.Line(TraceKind::kDisk, index_, {sync_mark_, records}, [&] {
    return absl::StrCat("synced ", records, " writes");
  });

  NoteDurable();

  uint64_t last_id = 0;
  const bool one_by_one = world_.random.Chance(500'000);
  while (!unsynced_.empty() && unsynced_.front().mark <= sync_mark_) {
    Unsynced done = std::move(unsynced_.front());
    unsynced_.pop_front();
    if (done.installs) InstallReceived();
    SendAll(done.messages);
    last_id = done.persist_id;
    if (one_by_one) core_->Persisted(last_id);
  }
  if (!one_by_one) core_->Persisted(last_id);
  Drain();
  StartSync();
}

void SimMember::NoteDurable() {
  world_.AskChecks(
      index_, [&](Check& check) { check.OnDurable(View(), disk_.durable()); });
}

void SimMember::OnSyncFailed() {
  fail_sync_ = false;
  // What the failed sync should have made durable may or may not be.
  disk_.Crash(world_.random);
  unsynced_.clear();
  world_.trace.Line(TraceKind::kDisk, index_, {disk_.synced()},
                    [] { return std::string("sync failed"); });
  FailStorage("fsync failed");
}

void SimMember::NoteSyncTime(Micros took) {
  slowest_sync_ = std::max(slowest_sync_, took);
  ReportSyncTime();
}

// Also on ticks: a member that writes nothing must not seem slow for ever.
void SimMember::ReportSyncTime() {
  const Micros now = world_.queue.now();
  if (now - period_began_ >= kFsyncPeriod) {
    slowest_before_ = std::exchange(slowest_sync_, 0);
    period_began_ = now;
  }
  const Micros slowest = std::max(slowest_sync_, slowest_before_);
  core_->ReportFsync(static_cast<int64_t>(ToMillisecondsUp(slowest)));
}

// --- Snapshots
// ------------------------------------------------------------------

void SimMember::CheckInstall(Zxid zxid) {
  const std::optional<AppliedState> state =
      DecodeSnapshot(*disk_.ReadSnapshot(zxid));
  if (!state.has_value() || state->zxid != zxid) {
    world_.Report("snapshot_content", index_,
                  absl::StrCat("installs a snapshot at ", ToString(zxid),
                               " whose bytes are wrong"));
    return;
  }
  const std::string problem = world_.ledger.Reach(ensemble(), *state);
  if (!problem.empty()) world_.Report("applied_histories", index_, problem);
}

// The received snapshot is durable: it replaces what was applied.
void SimMember::InstallReceived() {
  ++world_.statistics.snapshots_installed;
  const Bytes content = disk_.NewestSnapshot();
  const std::optional<AppliedState> state =
      content == nullptr ? std::nullopt : DecodeSnapshot(*content);
  if (!state.has_value()) return;  // reported by CheckInstall()
  if (state->zxid < applied_.zxid) {
    world_.Report("applied_histories", index_,
                  absl::StrCat("goes back from ", ToString(applied_.zxid),
                               " to a snapshot at ", ToString(state->zxid)));
  }
  applied_ = *state;
  snapshot_count_ = state->count;
  while (!to_apply_.empty() && to_apply_.front().zxid <= state->zxid) {
    to_apply_.pop_front();
  }
  proposals_.erase(proposals_.begin(), proposals_.upper_bound(state->zxid));
  disk_.DropSnapshots(core_->SnapshotsInUse());
  AnswerReads();
}

void SimMember::MaybeStartSnapshot() {
  if (driver_.snapshot_records == 0 || own_snapshot_.has_value()) return;
  if (applied_.count < snapshot_count_ + driver_.snapshot_records) return;
  if (disk_full_ || core_->IsStopped()) return;
  // A newer snapshot may have been received and not be durable so far.
  const auto& newest = core_->snapshot();
  if (newest.has_value() && newest->zxid >= applied_.zxid) return;

  const consensus::ConfigurationHistory::Entry configuration =
      core_->ConfigurationAt(applied_.zxid);
  OwnSnapshot own;
  own.content =
      EncodeSnapshot(applied_, static_cast<uint64_t>(index_) << 32 | life_,
                     driver_.snapshot_bytes);
  own.meta = {applied_.zxid, configuration.configuration, configuration.zxid,
              own.content->size()};
  own.count = applied_.count;
  own_snapshot_ = std::move(own);
  Schedule(SyncTime() * disk_options_.snapshot_syncs, EventType::kSnapshot);
}

void SimMember::OnSnapshotStored() {
  const OwnSnapshot own = *std::exchange(own_snapshot_, std::nullopt);
  const auto& newest = core_->snapshot();
  if (newest.has_value() && newest->zxid >= own.meta.zxid) return;
  if (core_->IsStopped()) return;
  ++world_.statistics.snapshots_taken;
  world_.trace.Line(TraceKind::kDisk, index_, {own.meta.zxid.value()}, [&] {
    return absl::StrCat("stored a snapshot at ", ToString(own.meta.zxid));
  });
  disk_.StoreSnapshot(own.meta, own.content);
  snapshot_count_ = own.count;
  core_->SnapshotTaken(own.meta);
  if (world_.random.Chance(kDropLogPerMillion)) {
    disk_.DropLogUpTo(core_->log().base());
  }
  disk_.DropSnapshots(core_->SnapshotsInUse());
  Drain();
}

// --- Apply and answer
// ------------------------------------------------------------

void SimMember::ApplyDue() {
  apply_scheduled_ = false;
  for (const Record& record : to_apply_) ApplyOne(record);
  to_apply_.clear();
  AnswerReads();
  MaybeStartSnapshot();
}

void SimMember::ApplyOne(const Record& record) {
  applied_.Apply(record);
  const std::string problem = world_.ledger.Reach(ensemble(), applied_);
  if (!problem.empty()) world_.Report("applied_histories", index_, problem);
  if (record.CarriesConfiguration()) {
    world_.ledger.ApplyConfiguration(ensemble(), record.zxid);
  }
  if (proposals_.empty()) return;

  const auto own = proposals_.find(record.zxid);
  if (own != proposals_.end()) {
    if (record.payload == nullptr || *record.payload != *own->second) {
      world_.Report("proposal_intact", index_,
                    absl::StrCat(ToString(record.zxid),
                                 " is not what was proposed under it"));
    }
    world_.ledger.Acknowledge(ensemble(), record.zxid);
    ++world_.statistics.acknowledged;
  }
  // What was proposed before and did not come out never will.
  proposals_.erase(proposals_.begin(), proposals_.upper_bound(record.zxid));
}

void SimMember::AnswerReads() {
  std::erase_if(waiting_reads_, [&](const WaitingRead& read) {
    if (read.zxid > applied_.zxid) return false;
    const Zxid began = reads_[read.token];
    reads_.erase(read.token);
    answers_[read.token] = {true, read.zxid};
    ++world_.statistics.reads_answered;
    world_.AskChecks(
        index_, [&](Check& check) { check.OnRead(View(), began, read.zxid); });
    return true;
  });
}

}  // namespace quorate::simulation
