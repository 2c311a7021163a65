#include "coord/server/disk/snapshot_worker.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/replica/output.h"
#include "coord/replica/recovery.h"
#include "coord/server/disk/log_worker.h"
#include "coord/server/timings.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/snapshot_reader.h"
#include "coord/storage/snapshot_writer.h"

namespace quorate::server {

SnapshotWorker::SnapshotWorker(const storage::MemberStorage& storage,
                               SnapshotReport& report, Timings& timings,
                               std::function<int64_t()> clock,
                               std::function<void(LogWork)> post_to_log)
    : storage_(storage),
      report_(report),
      timings_(timings),
      clock_(std::move(clock)),
      post_to_log_(std::move(post_to_log)) {}

void SnapshotWorker::Do(const SnapshotJob& job) {
  if (const auto* begin = std::get_if<replica::SnapshotBegin>(&job.work)) {
    Begin(job.turn, *begin);
  } else if (const auto* piece =
                 std::get_if<replica::SnapshotPiece>(&job.work)) {
    Append(job.turn, *piece);
  } else if (const auto* finish =
                 std::get_if<replica::SnapshotFinish>(&job.work)) {
    Finish(job.turn, *finish);
  } else if (const auto* load = std::get_if<replica::LoadSnapshot>(&job.work)) {
    Load(*load);
  } else if (writer_ != nullptr) {  // SnapshotAbandon
    // What cannot be removed now is removed at the next start.
    writer_->Discard().IgnoreError();
    writer_ = nullptr;
  }
}

void SnapshotWorker::Begin(uint64_t turn, const replica::SnapshotBegin& begin) {
  begun_us_ = clock_();
  absl::StatusOr<std::unique_ptr<storage::SnapshotWriter>> writer =
      storage_.BeginSnapshot(begin.zxid);
  if (!writer.ok()) {
    report_.Failed(turn, writer.status());
    return;
  }
  writer_ = *std::move(writer);
}

void SnapshotWorker::Append(uint64_t turn,
                            const replica::SnapshotPiece& piece) {
  if (writer_ == nullptr) return;  // it was said that it failed
  if (absl::Status s = writer_->Append(piece.data); !s.ok()) {
    GiveUp(turn, s);
    return;
  }
  report_.PieceWritten(turn);
}

void SnapshotWorker::Finish(uint64_t turn,
                            const replica::SnapshotFinish& finish) {
  if (writer_ == nullptr) return;
  if (absl::Status s = writer_->Finish(finish.meta); !s.ok()) {
    GiveUp(turn, s);
    return;
  }
  post_to_log_([this, turn, begun_us = begun_us_,
                writer = std::exchange(writer_, nullptr)](
                   storage::MemberStorage& storage) {
    if (absl::Status s = storage.PublishSnapshot(*writer); !s.ok()) {
      writer->Discard().IgnoreError();
      report_.Failed(turn, s);
      return;
    }
    timings_.snapshot_us.Observe(static_cast<uint64_t>(clock_() - begun_us));
    report_.Published(turn, writer->info().zxid, writer->size_bytes());
  });
}

void SnapshotWorker::Load(const replica::LoadSnapshot& load) {
  absl::StatusOr<std::unique_ptr<storage::SnapshotReader>> reader =
      storage_.ReadSnapshot(load.zxid);
  if (!reader.ok()) {
    report_.Loaded(reader.status());
    return;
  }
  report_.Loaded(replica::LoadState(**reader, replica::LoadProgress()));
}

void SnapshotWorker::GiveUp(uint64_t turn, const absl::Status& why) {
  writer_->Discard().IgnoreError();
  writer_ = nullptr;
  report_.Failed(turn, why);
}

}  // namespace quorate::server
