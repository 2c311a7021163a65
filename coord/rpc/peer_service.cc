// The service for peers; see proto/coord/v1/peer.proto.

#include <google/protobuf/arena.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>
#include <grpcpp/support/slice.h>
#include <grpcpp/support/status.h>

#include <cstddef>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "coord/replica/client_message.h"
#include "coord/replica/error.h"
#include "coord/replica/replica.h"
#include "coord/rpc/byte_buffer.h"
#include "coord/rpc/codec/peer_codec.h"
#include "coord/rpc/context.h"
#include "coord/rpc/deliveries.h"
#include "coord/rpc/grpc_status.h"
#include "coord/rpc/services.h"
#include "proto/coord/v1/peer.grpc.pb.h"
#include "proto/coord/v1/peer.pb.h"

namespace quorate::rpc {

namespace v1 = coord::v1;

namespace {

// Of one stream: bytes that may wait for the replica.
constexpr size_t kMaxBytesInFlight = 8 << 20;

using Reactor = grpc::ServerReadReactor<grpc::ByteBuffer>;

// One stream of a peer. Each batch is posted to the host as one work. It is a
// Receiver only so that a server that shuts down ends it.
class PeerStream final : public Reactor,
                         public Receiver,
                         public std::enable_shared_from_this<PeerStream> {
 public:
  static Reactor* Start(std::shared_ptr<Context> context,
                        grpc::ByteBuffer* response) {
    const grpc::Slice nothing;
    *response = grpc::ByteBuffer(&nothing, 1);  // an empty PeerEnd
    auto stream = std::make_shared<PeerStream>(std::move(context));
    stream->self_ = stream;
    if (stream->context_->deliveries.Add(stream->id_, stream)) {
      stream->StartRead(&stream->in_);
    } else {
      stream->End(replica::Error(replica::ErrorKind::kStopped,
                                 "this member is shutting down"));
    }
    return stream.get();
  }

  explicit PeerStream(std::shared_ptr<Context> context)
      : context_(std::move(context)), id_(context_->deliveries.MintId()) {}

  void OnReadDone(bool ok) override {
    if (!ok) return End(absl::OkStatus());
    context_->counts.peer_batches_in.fetch_add(1, std::memory_order_relaxed);
    const size_t bytes = in_.Length();
    google::protobuf::Arena arena;
    auto* batch = google::protobuf::Arena::CreateMessage<v1::PeerBatch>(&arena);
    const absl::Status parsed = ParseBuffer(in_, *batch);
    absl::StatusOr<std::vector<AnyEnvelope>> envelopes =
        parsed.ok() ? TakeBatch(*batch, context_->options.listen_address)
                    : parsed;
    if (!envelopes.ok()) {
      context_->counts.malformed.fetch_add(1);
      return End(envelopes.status());
    }
    if (Forward(*std::move(envelopes), bytes)) StartRead(&in_);
  }

  void OnCancel() override { End(absl::CancelledError("the stream broke")); }

  void OnDone() override {
    context_->deliveries.Remove(id_);
    self_.reset();  // may be the last
  }

  bool Keep(replica::ServerMessage) override { return false; }
  void Flush() override {}

  void End(const absl::Status& why) override ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    if (finished_) return;
    finished_ = true;
    Finish(ToGrpcStatus(why));
  }

 private:
  // False: no read now.
  bool Forward(std::vector<AnyEnvelope> envelopes, size_t bytes)
      ABSL_LOCKS_EXCLUDED(mutex_) {
    bool may_read = false;
    {
      absl::MutexLock lock(&mutex_);
      bytes_in_flight_ += bytes;
      may_read = !finished_ && bytes_in_flight_ < kMaxBytesInFlight;
      paused_ = !may_read;
    }
    auto shared =
        std::make_shared<std::vector<AnyEnvelope>>(std::move(envelopes));
    context_->host.Post([stream = shared_from_this(), shared,
                         bytes](replica::Replica& replica) {
      for (const AnyEnvelope& envelope : *shared) {
        std::visit([&](const auto& e) { replica.Step(e); }, envelope);
      }
      stream->BatchTaken(bytes);
    });
    return may_read;
  }

  void BatchTaken(size_t bytes) ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    bytes_in_flight_ -= bytes;
    if (!paused_ || finished_ || bytes_in_flight_ >= kMaxBytesInFlight) return;
    paused_ = false;
    // The stream is there as long as Finish() has not been called.
    StartRead(&in_);
  }

  const std::shared_ptr<Context> context_;
  const replica::ConnectionId id_;
  std::shared_ptr<PeerStream> self_;  // until OnDone()
  grpc::ByteBuffer in_;               // of whoever reads

  absl::Mutex mutex_;
  size_t bytes_in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  bool paused_ ABSL_GUARDED_BY(mutex_) = false;  // no read is under way
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

using Base = v1::Peer::WithRawCallbackMethod_Messages<
    v1::Peer::WithRawCallbackMethod_Snapshots<v1::Peer::Service>>;

class PeerService final : public Base {
 public:
  explicit PeerService(std::shared_ptr<Context> context)
      : context_(std::move(context)) {}

  Reactor* Messages(grpc::CallbackServerContext*,
                    grpc::ByteBuffer* response) override {
    return PeerStream::Start(context_, response);
  }
  Reactor* Snapshots(grpc::CallbackServerContext*,
                     grpc::ByteBuffer* response) override {
    return PeerStream::Start(context_, response);
  }

 private:
  const std::shared_ptr<Context> context_;
};

}  // namespace

std::shared_ptr<grpc::Service> MakePeerService(
    std::shared_ptr<Context> context) {
  return std::make_shared<PeerService>(std::move(context));
}

}  // namespace quorate::rpc
