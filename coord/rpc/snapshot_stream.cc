#include "coord/rpc/snapshot_stream.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "coord/base/bytes.h"
#include "coord/consensus/durable_state.h"
#include "coord/replica/error.h"
#include "coord/replica/record_codec.h"
#include "coord/replica/replica.h"
#include "coord/rpc/codec/ids_codec.h"
#include "coord/rpc/grpc_status.h"
#include "proto/coord/v1/admin.pb.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace quorate::rpc {

namespace v1 = coord::v1;

namespace {

constexpr uint64_t kPieceBytes = 1 << 20;

struct FreeState {
  void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
};

// Head, pieces and sum go out one after the other: each is read or made only
// when the one before was written.
class SnapshotStream final : public grpc::ServerWriteReactor<v1::SnapshotPart> {
 public:
  using Ptr = std::shared_ptr<SnapshotStream>;

  static Ptr Start(std::shared_ptr<Context> context) {
    auto stream = std::make_shared<SnapshotStream>(std::move(context));
    stream->self_ = stream;
    return stream;
  }

  explicit SnapshotStream(std::shared_ptr<Context> context)
      : context_(std::move(context)), sum_(XXH3_createState()) {
    XXH3_64bits_reset(sum_.get());
  }

  // On the replica's thread, which then hands over to the disk's.
  void Begin(const replica::Replica& replica) {
    const auto& newest = replica.core().snapshot();
    if (!newest) {
      return End(absl::NotFoundError(
          "this member has no snapshot yet; take one first"));
    }
    meta_ = *newest;
    v1::SnapshotPart::Head& head = *part_.mutable_head();
    head.set_zxid(meta_.zxid.value());
    head.set_size_bytes(meta_.size_bytes);
    head.set_ensemble_id(
        EncodeEnsembleId(replica.core().hard_state().ensemble));
    head.set_meta(replica::EncodeSnapshotMeta(meta_));
    Write();
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return End(absl::CancelledError("the caller has given up"));
    context_->disk.Add([stream = self_] { stream->Next(); });
  }

  void OnCancel() override {
    End(absl::CancelledError("the caller has given up"));
  }
  void OnDone() override { self_.reset(); }

  void End(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    if (finished_) return;
    finished_ = true;
    Finish(ToGrpcStatus(status));
  }

 private:
  // On the disk's thread.
  void Next() {
    part_.Clear();
    if (sum_sent_) return End(absl::OkStatus());
    const uint64_t length = std::min(kPieceBytes, meta_.size_bytes - offset_);
    if (length == 0) {
      part_.set_xxh3(XXH3_64bits_digest(sum_.get()));
      sum_sent_ = true;
      return Write();
    }
    const absl::StatusOr<Bytes> piece =
        context_->snapshots.ReadSnapshot(meta_.zxid, offset_, length);
    if (absl::IsNotFound(piece.status())) {
      return End(absl::UnavailableError(
          "a newer snapshot has replaced the one that was being saved; try "
          "again"));
    }
    if (!piece.ok()) return End(piece.status());
    XXH3_64bits_update(sum_.get(), (*piece)->data(), (*piece)->size());
    offset_ += length;
    part_.set_data(**piece);
    Write();
  }

  void Write() ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    // Afterwards the stream may have gone.
    if (!finished_) StartWrite(&part_);
  }

  const std::shared_ptr<Context> context_;
  Ptr self_;  // until OnDone()

  // Used by one after the other.
  consensus::SnapshotMeta meta_;
  uint64_t offset_ = 0;
  bool sum_sent_ = false;
  const std::unique_ptr<XXH3_state_t, FreeState> sum_;
  v1::SnapshotPart part_;

  absl::Mutex mutex_;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

// Ends the stream also if the host destroys the work without having run it.
struct Work {
  SnapshotStream::Ptr stream;
  bool ran = false;

  ~Work() {
    if (ran) return;
    stream->End(replica::Error(replica::ErrorKind::kStopped,
                               "this member is stopping"));
  }
};

}  // namespace

grpc::ServerWriteReactor<v1::SnapshotPart>* StartSnapshotStream(
    std::shared_ptr<Context> context) {
  const SnapshotStream::Ptr stream = SnapshotStream::Start(context);
  auto work = std::make_shared<Work>();
  work->stream = stream;
  context->host.Post([work](replica::Replica& replica) {
    work->ran = true;
    work->stream->Begin(replica);
  });
  return stream.get();
}

}  // namespace quorate::rpc
