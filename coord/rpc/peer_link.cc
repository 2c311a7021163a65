#include "coord/rpc/peer_link.h"

#include <google/protobuf/arena.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/client_callback.h>
#include <grpcpp/support/status.h>
#include <grpcpp/support/stub_options.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "coord/rpc/byte_buffer.h"
#include "coord/rpc/codec/peer_codec.h"
#include "proto/coord/v1/peer.pb.h"

namespace quorate::rpc {

namespace v1 = coord::v1;

namespace {

using Clock = std::chrono::steady_clock;

// About how long a batch becomes, unless one message is longer.
constexpr size_t kBatchBytes = 1 << 20;
// A stream that broke is not opened again before this; what is to be sent
// meanwhile is dropped.
constexpr auto kReopenAfter = std::chrono::milliseconds(50);

const char* MethodName(PeerMethod method) {
  return method == PeerMethod::kMessages ? "/quorate.coord.v1.Peer/Messages"
                                         : "/quorate.coord.v1.Peer/Snapshots";
}

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  // gRPC allows no back-off below 100 ms.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
  // This one bounds how long an attempt may take.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1'000);
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 500);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // A peer that vanished without a word is noticed.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 2'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 2'000);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // A connection for each channel.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // An address is never another kind of name, whatever a peer says.
  return grpc::CreateCustomChannel(absl::StrCat("dns:///", address),
                                   grpc::InsecureChannelCredentials(),
                                   arguments);
}

class Stream;

// `writing_` is the right to use the stream: its holder writes, or opens it, or
// lets it go.
class Link final : public PeerLink, public std::enable_shared_from_this<Link> {
 public:
  Link(std::shared_ptr<Context> context, std::string address, PeerMethod method)
      : context_(std::move(context)),
        address_(std::move(address)),
        method_(method) {}

  bool Keep(AnyEnvelope envelope) override ABSL_LOCKS_EXCLUDED(mutex_);
  void Flush() override ABSL_LOCKS_EXCLUDED(mutex_);
  bool IsIdle(int64_t idle_ms) override ABSL_LOCKS_EXCLUDED(mutex_);
  void Close() override ABSL_LOCKS_EXCLUDED(mutex_);
  void AwaitClosed() override ABSL_LOCKS_EXCLUDED(mutex_);

  // By the stream.
  void Written(bool ok) ABSL_LOCKS_EXCLUDED(mutex_);
  void Ended(const Stream* stream) ABSL_LOCKS_EXCLUDED(mutex_);
  void Gone() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Kept {
    AnyEnvelope envelope;
    size_t bytes = 0;
  };

  bool IsClosed() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  void DropAll() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropOldest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What goes into one batch: messages of one sender.
  std::vector<AnyEnvelope> TakeBatch() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Gives `writing_` up, after letting go of a stream that ended.
  void LetGo() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The stream to write to; nullptr: not now.
  Stream* OpenStream() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Encode(const std::vector<AnyEnvelope>& batch);

  const std::shared_ptr<Context> context_;
  const std::string address_;
  const PeerMethod method_;
  // Of the holder of `writing_`.
  std::shared_ptr<grpc::Channel> channel_;
  grpc::ByteBuffer out_;
  size_t out_messages_ = 0;

  absl::Mutex mutex_;
  std::deque<Kept> kept_ ABSL_GUARDED_BY(mutex_);
  size_t kept_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  Stream* stream_ ABSL_GUARDED_BY(mutex_) = nullptr;  // held until let go
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;        // the stream is over
  int streams_ ABSL_GUARDED_BY(mutex_) = 0;           // not gone yet
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  Clock::time_point used_ ABSL_GUARDED_BY(mutex_) = Clock::now();
  Clock::time_point open_from_ ABSL_GUARDED_BY(mutex_);
};

// The stream by gRPC's rules: it is held by its link from the beginning until
// that lets go, and deletes itself when all is done.
class Stream final
    : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  Stream(std::shared_ptr<Link> link,
         const std::shared_ptr<grpc::Channel>& channel, const char* method)
      : link_(std::move(link)), stub_(channel) {
    stub_.PrepareBidiStreamingCall(&context_, method, grpc::StubOptions(),
                                   this);
    AddHold();
    StartRead(&in_);  // nothing ever comes but the end
    StartCall();
  }

  void Cancel() { context_.TryCancel(); }

  void OnWriteDone(bool ok) override { link_->Written(ok); }
  void OnReadDone(bool) override { link_->Ended(this); }
  void OnDone(const grpc::Status&) override {
    link_->Gone();
    delete this;
  }

 private:
  const std::shared_ptr<Link> link_;
  grpc::ClientContext context_;
  grpc::GenericStub stub_;
  grpc::ByteBuffer in_;
};

bool Link::Keep(AnyEnvelope envelope) {
  const size_t bytes = SizeOf(envelope);
  absl::MutexLock lock(&mutex_);
  used_ = Clock::now();
  if (closed_) {
    context_->counts.peer_dropped.fetch_add(1);
    return false;
  }
  kept_bytes_ += bytes;
  kept_.push_back({.envelope = std::move(envelope), .bytes = bytes});
  while (kept_bytes_ > context_->options.max_peer_bytes && kept_.size() > 1) {
    DropOldest();
  }
  if (writing_) return false;
  writing_ = true;
  return true;
}

void Link::DropOldest() {
  kept_bytes_ -= kept_.front().bytes;
  kept_.pop_front();
  context_->counts.peer_dropped.fetch_add(1);
}

void Link::DropAll() {
  while (!kept_.empty()) DropOldest();
}

std::vector<AnyEnvelope> Link::TakeBatch() {
  std::vector<AnyEnvelope> batch;
  size_t bytes = 0;
  while (!kept_.empty() && bytes < kBatchBytes) {
    Kept& next = kept_.front();
    if (!batch.empty() && SenderOf(next.envelope) != SenderOf(batch[0])) break;
    bytes += next.bytes;
    batch.push_back(std::move(next.envelope));
    kept_.pop_front();
  }
  kept_bytes_ -= bytes;
  return batch;
}

void Link::Flush() {
  std::vector<AnyEnvelope> batch;
  Stream* stream = nullptr;
  {
    absl::MutexLock lock(&mutex_);
    if (closed_ || ended_) DropAll();
    if (kept_.empty()) return LetGo();
    stream = OpenStream();
    if (stream == nullptr) {
      DropAll();
      return LetGo();
    }
    batch = TakeBatch();
  }
  Encode(batch);
  // `writing_` keeps the stream.
  stream->StartWrite(&out_);
}

Stream* Link::OpenStream() {
  if (stream_ != nullptr) return stream_;
  if (Clock::now() < open_from_) return nullptr;
  if (channel_ == nullptr) channel_ = MakeChannel(address_);
  streams_ += 1;
  stream_ = new Stream(shared_from_this(), channel_, MethodName(method_));
  return stream_;
}

void Link::LetGo() {
  writing_ = false;
  if (stream_ == nullptr || !(ended_ || closed_)) return;
  Stream* const stream = std::exchange(stream_, nullptr);
  ended_ = false;
  open_from_ = Clock::now() + kReopenAfter;
  stream->Cancel();
  stream->RemoveHold();
}

void Link::Encode(const std::vector<AnyEnvelope>& batch) {
  out_messages_ = batch.size();
  google::protobuf::Arena arena;
  auto* proto = google::protobuf::Arena::CreateMessage<v1::PeerBatch>(&arena);
  PutSender(SenderOf(batch[0]), *proto);
  for (const AnyEnvelope& envelope : batch) {
    if (!PutEnvelope(envelope, *proto).ok()) {
      context_->counts.peer_dropped.fetch_add(1);
    }
  }
  if (!SerializeToBuffer(*proto, out_).ok()) {
    context_->counts.peer_dropped.fetch_add(batch.size());
    proto->clear_messages();
    SerializeToBuffer(*proto, out_).IgnoreError();  // a short one fits
  }
}

void Link::Written(bool ok) {
  if (ok) {
    context_->counts.peer_batches_out.fetch_add(1, std::memory_order_relaxed);
  } else {
    absl::MutexLock lock(&mutex_);
    ended_ = true;
    context_->counts.peer_dropped.fetch_add(out_messages_);
  }
  Flush();
}

void Link::Ended(const Stream* stream) {
  {
    absl::MutexLock lock(&mutex_);
    if (stream != stream_) return;  // let go already
    ended_ = true;
    if (writing_) return;  // its holder will see
    writing_ = true;
  }
  Flush();
}

void Link::Gone() {
  absl::MutexLock lock(&mutex_);
  streams_ -= 1;
}

bool Link::IsIdle(int64_t idle_ms) {
  absl::MutexLock lock(&mutex_);
  return kept_.empty() &&
         Clock::now() - used_ >= std::chrono::milliseconds(idle_ms);
}

void Link::Close() {
  bool claimed = false;
  {
    absl::MutexLock lock(&mutex_);
    if (closed_) return;
    closed_ = true;
    if (stream_ != nullptr) stream_->Cancel();
    if (!writing_) {
      writing_ = true;
      claimed = true;
    }
  }
  if (claimed) Flush();
}

bool Link::IsClosed() const { return closed_ && !writing_ && streams_ == 0; }

void Link::AwaitClosed() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &Link::IsClosed));
}

}  // namespace

std::shared_ptr<PeerLink> PeerLink::Make(std::shared_ptr<Context> context,
                                         std::string address,
                                         PeerMethod method) {
  return std::make_shared<Link>(std::move(context), std::move(address), method);
}

}  // namespace quorate::rpc
