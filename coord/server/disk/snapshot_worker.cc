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
#include "coord/server/disk/housekeeping_thread.h"
#include "coord/server/disk/log_worker.h"
#include "coord/server/timings.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/snapshot_reader.h"
#include "coord/storage/snapshot_writer.h"

namespace quorate::server {

SnapshotWorker::SnapshotWorker(const storage::MemberStorage& storage,
                               SnapshotReport& report, Timings& timings,
                               std::function<int64_t()> clock, Threads threads)
    : storage_(storage),
      report_(report),
      timings_(timings),
      clock_(std::move(clock)),
      threads_(std::move(threads)) {}

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
  threads_.post_to_log(
      [this, snapshot =
                 Publication{turn, begun_us_, std::exchange(writer_, nullptr)}](
          storage::MemberStorage& storage) { Check(storage, snapshot); });
}

void SnapshotWorker::Check(storage::MemberStorage& storage,
                           const Publication& snapshot) {
  if (absl::Status s = storage.CheckSnapshot(*snapshot.writer); !s.ok()) {
    return Fail(snapshot, s);
  }
  threads_.post_to_housekeeping([this, snapshot](storage::MemberStorage& same) {
    return Name(same, snapshot);
  });
}

absl::Status SnapshotWorker::Name(storage::MemberStorage& storage,
                                  const Publication& snapshot) {
  if (absl::Status s = storage.NameSnapshot(*snapshot.writer); !s.ok()) {
    Fail(snapshot, s);
    return s;
  }
  threads_.post_to_log([this, snapshot](storage::MemberStorage& same) {
    Publish(same, snapshot);
  });
  return absl::OkStatus();
}

void SnapshotWorker::Publish(storage::MemberStorage& storage,
                             const Publication& snapshot) {
  const storage::SnapshotWriter& writer = *snapshot.writer;
  storage.AddSnapshot(writer.info());
  timings_.snapshot_us.Observe(
      static_cast<uint64_t>(clock_() - snapshot.begun_us));
  report_.Published(snapshot.turn, writer.info().zxid, writer.size_bytes());
}

void SnapshotWorker::Fail(const Publication& snapshot,
                          const absl::Status& why) {
  snapshot.writer->Discard().IgnoreError();
  report_.Failed(snapshot.turn, why);
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
