#include "coord/client/stream.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "coord/base/check.h"
#include "coord/client/channel.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/client_callback.h"
#include "grpcpp/support/status.h"
#include "proto/coord/v1/coord.grpc.pb.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::client {
namespace {

namespace v1 = coord::v1;

class GrpcStream final
    : public Stream,
      public grpc::ClientBidiReactor<v1::ClientFrame, v1::ServerFrame> {
 public:
  GrpcStream(const std::string& endpoint,
             std::shared_ptr<StreamListener> listener)
      : listener_(std::move(listener)),
        stub_(v1::Coord::NewStub(NewChannel(endpoint))) {}

  void Start(std::shared_ptr<GrpcStream> self) {
    self_ = std::move(self);
    stub_->async()->Session(&context_, this);
    // Reads and writes are begun from outside of reactions, too; the stream
    // must not end in between.
    AddHold();
    StartRead(&incoming_);
    StartCall();
  }

  bool CanWrite() const override {
    absl::MutexLock lock(&mutex_);
    return !writing_ && !ended_;
  }

  void Write(v1::ClientFrame frame) override {
    absl::MutexLock lock(&mutex_);
    if (ended_) return;
    QUORATE_CHECK(!writing_);
    writing_ = true;
    outgoing_ = std::move(frame);
    StartWrite(&outgoing_);
  }

  void Read() override {
    absl::MutexLock lock(&mutex_);
    if (!ended_) StartRead(&incoming_);
  }

  void Cancel() override {
    context_.TryCancel();
    End();
  }

  void OnReadDone(bool ok) override {
    if (ok) {
      listener_->OnFrame(incoming_);
    } else {
      End();
    }
  }

  void OnWriteDone(bool ok) override {
    {
      absl::MutexLock lock(&mutex_);
      writing_ = false;
    }
    // A failed write ends the stream, which reading will tell.
    if (ok) listener_->OnWritten();
  }

  void OnDone(const grpc::Status& status) override {
    // Not held by the stream: it goes with the listener's reference.
    const std::shared_ptr<StreamListener> listener = listener_;
    listener->OnDone(FromGrpc(status), std::move(self_));
  }

 private:
  // Nothing is begun any more.
  void End() {
    absl::MutexLock lock(&mutex_);
    if (ended_) return;
    ended_ = true;
    RemoveHold();
  }

  const std::shared_ptr<StreamListener> listener_;
  const std::unique_ptr<v1::Coord::Stub> stub_;
  grpc::ClientContext context_;
  std::shared_ptr<GrpcStream> self_;  // while gRPC uses it
  v1::ServerFrame incoming_;
  v1::ClientFrame outgoing_;

  mutable absl::Mutex mutex_;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

std::shared_ptr<Stream> Stream::Open(const std::string& endpoint,
                                     std::shared_ptr<StreamListener> listener) {
  auto stream = std::make_shared<GrpcStream>(endpoint, std::move(listener));
  stream->Start(stream);
  return stream;
}

}  // namespace quorate::client
