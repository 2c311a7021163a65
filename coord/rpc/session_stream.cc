#include "coord/rpc/session_stream.h"

#include <google/protobuf/arena.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "coord/replica/client_message.h"
#include "coord/replica/error.h"
#include "coord/replica/replica.h"
#include "coord/rpc/byte_buffer.h"
#include "coord/rpc/codec/client_codec.h"
#include "coord/rpc/codec/error.h"
#include "coord/rpc/codec/identity.h"
#include "coord/rpc/codec/reply_codec.h"
#include "coord/rpc/grpc_status.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::rpc {

namespace v1 = coord::v1;

namespace {

// Of one client: frames, and bytes of them, that may wait for the replica. It
// bounds the requests behind them; this bounds what it has not seen yet.
constexpr size_t kMaxFramesInFlight = 64;
constexpr size_t kMaxBytesInFlight = 4 << 20;
// About how long a frame to a client becomes, unless one message is longer.
constexpr size_t kFrameBytes = 1 << 20;
// Most requests in one frame: an empty one takes two bytes on the wire and a
// hundred in memory.
constexpr int kMaxFrameRequests = 65'536;
// A client that does not read the end of its stream is cut off after so long.
constexpr int64_t kGoodbyeMs = 5'000;

}  // namespace

SessionReactor* SessionStream::Start(
    std::shared_ptr<Context> context,
    grpc::CallbackServerContext* server_context) {
  auto stream =
      std::make_shared<SessionStream>(std::move(context), server_context);
  stream->self_ = stream;
  stream->context_->counts.sessions_open.fetch_add(1);
  const bool open = stream->context_->deliveries.Add(stream->id_, stream);
  if (!open) {
    stream->End(replica::Error(replica::ErrorKind::kStopped,
                               "this member is shutting down; use another"));
  }
  stream->context_->timer.After(stream->context_->options.hello_timeout_ms,
                                [weak = std::weak_ptr<SessionStream>(stream)] {
                                  if (const auto late = weak.lock())
                                    late->CheckGreeted();
                                });
  stream->StartRead(&stream->in_);
  return stream.get();
}

SessionStream::SessionStream(std::shared_ptr<Context> context,
                             grpc::CallbackServerContext* server_context)
    : context_(std::move(context)),
      server_context_(server_context),
      id_(context_->deliveries.MintId()),
      address_(AddressIdentity(server_context->peer())) {}

void SessionStream::OnReadDone(bool ok) {
  if (!ok) {
    // The client has ended its side, or the connection is gone.
    bool claimed = false;
    {
      absl::MutexLock lock(&mutex_);
      BeginEnd(grpc::Status::OK);
      claimed = Claim();
    }
    if (claimed) Flush();
    return;
  }
  context_->counts.frames_in.fetch_add(1, std::memory_order_relaxed);
  Work work;
  work.bytes = in_.Length();
  google::protobuf::Arena arena;
  auto* frame = google::protobuf::Arena::CreateMessage<v1::ClientFrame>(&arena);
  absl::Status status = ParseBuffer(in_, *frame);
  if (status.ok()) status = Translate(*frame, work);
  if (!status.ok()) {
    context_->counts.malformed.fetch_add(1);
    End(status);
    return;
  }
  if (Forward(std::move(work))) StartRead(&in_);
}

absl::Status SessionStream::Translate(v1::ClientFrame& frame, Work& work) {
  bool greeted = false;
  {
    absl::MutexLock lock(&mutex_);
    greeted = connected_;
  }
  if (frame.has_hello() == greeted) {
    return MalformedError(greeted
                              ? "only the first frame of a stream has a hello"
                              : "the first frame of a stream has a hello; "
                                "found none");
  }
  if (frame.requests_size() > kMaxFrameRequests) {
    return MalformedError(absl::StrCat("a frame has at most ",
                                       kMaxFrameRequests, " requests; found ",
                                       frame.requests_size()));
  }
  if (frame.has_hello()) {
    absl::StatusOr<replica::Hello> hello =
        TakeHello(*frame.mutable_hello(), address_);
    if (!hello.ok()) return hello.status();
    work.hello = *std::move(hello);
  }
  work.requests.reserve(static_cast<size_t>(frame.requests_size()));
  for (v1::Request& proto : *frame.mutable_requests()) {
    absl::StatusOr<replica::ClientRequest> request = TakeRequest(proto);
    if (!request.ok()) return request.status();
    work.requests.push_back(*std::move(request));
  }
  return absl::OkStatus();
}

bool SessionStream::Forward(Work work) {
  absl::MutexLock lock(&mutex_);
  if (ending_) return false;
  connected_ = true;
  frames_in_flight_ += 1;
  bytes_in_flight_ += work.bytes;
  paused_ = !MayRead();
  // Under the lock, so that a Disconnect() is posted behind the Connect().
  context_->host.Post([stream = shared_from_this(),
                       shared = std::make_shared<Work>(std::move(work))](
                          replica::Replica& replica) {
    if (shared->hello) replica.Connect(stream->id_, *shared->hello);
    for (replica::ClientRequest& request : shared->requests) {
      replica.Submit(stream->id_, std::move(request));
    }
    stream->FrameTaken(shared->bytes);
  });
  return !paused_;
}

bool SessionStream::MayRead() const {
  return frames_in_flight_ < kMaxFramesInFlight &&
         bytes_in_flight_ < kMaxBytesInFlight;
}

void SessionStream::FrameTaken(size_t bytes) {
  absl::MutexLock lock(&mutex_);
  frames_in_flight_ -= 1;
  bytes_in_flight_ -= bytes;
  if (!paused_ || ending_ || !MayRead()) return;
  paused_ = false;
  StartRead(&in_);
}

bool SessionStream::Keep(replica::ServerMessage message) {
  absl::MutexLock lock(&mutex_);
  if (ending_) return false;
  const auto* goodbye = std::get_if<replica::Goodbye>(&message);
  if (goodbye != nullptr) BeginEnd(ToGrpcStatus(goodbye->status));
  kept_bytes_ += SizeOf(message);
  kept_.push_back(std::move(message));
  if (goodbye == nullptr &&
      kept_bytes_ + writing_bytes_ > context_->options.max_unsent_bytes) {
    kept_.clear();
    kept_bytes_ = 0;
    KeepGoodbye(replica::Error(
        replica::ErrorKind::kOverloaded,
        absl::StrCat("more than ", context_->options.max_unsent_bytes,
                     " bytes wait for this client to read them; read "
                     "faster")));
  }
  return Claim();
}

void SessionStream::End(const absl::Status& why) {
  bool claimed = false;
  {
    absl::MutexLock lock(&mutex_);
    if (ending_) return;
    KeepGoodbye(why);
    claimed = Claim();
  }
  if (claimed) Flush();
}

void SessionStream::KeepGoodbye(const absl::Status& why) {
  kept_.push_back(replica::Goodbye{.status = why});
  BeginEnd(ToGrpcStatus(why));
}

void SessionStream::BeginEnd(grpc::Status status) {
  if (ending_) return;
  ending_ = true;
  end_status_ = std::move(status);
  if (connected_) {
    context_->host.Post(
        [id = id_](replica::Replica& replica) { replica.Disconnect(id); });
  }
  context_->timer.After(kGoodbyeMs, [weak = weak_from_this()] {
    if (const auto stream = weak.lock()) stream->Break();
  });
}

bool SessionStream::Claim() {
  if (writing_ || finished_) return false;
  writing_ = true;
  return true;
}

std::vector<replica::ServerMessage> SessionStream::TakeFrame() {
  std::vector<replica::ServerMessage> frame;
  size_t bytes = 0;
  while (!kept_.empty() && bytes < kFrameBytes) {
    bytes += SizeOf(kept_.front());
    frame.push_back(std::move(kept_.front()));
    kept_.pop_front();
  }
  kept_bytes_ = kept_.empty() ? 0 : kept_bytes_ - bytes;
  writing_bytes_ = bytes;
  return frame;
}

void SessionStream::Flush() {
  std::vector<replica::ServerMessage> messages;
  bool last = false;
  grpc::Status status;
  {
    absl::MutexLock lock(&mutex_);
    if (broken_) kept_.clear();
    messages = TakeFrame();
    last = ending_ && kept_.empty();
    if (last) {
      finished_ = true;
      status = end_status_;
    }
    if (messages.empty()) {
      writing_ = false;
      if (last) Finish(status);
      return;
    }
  }
  google::protobuf::Arena arena;
  auto* frame = google::protobuf::Arena::CreateMessage<v1::ServerFrame>(&arena);
  for (replica::ServerMessage& message : messages) {
    PutServerMessage(std::move(message), *frame->add_messages());
  }
  const absl::Status fits = SerializeToBuffer(*frame, out_);
  context_->counts.frames_out.fetch_add(1, std::memory_order_relaxed);
  if (last) {
    StartWriteAndFinish(&out_, grpc::WriteOptions(), status);
  } else if (fits.ok()) {
    StartWrite(&out_);
  } else {
    OnWriteDone(false);
  }
}

void SessionStream::OnWriteDone(bool ok) {
  if (!ok) {
    absl::MutexLock lock(&mutex_);
    broken_ = true;
    BeginEnd(grpc::Status(grpc::StatusCode::CANCELLED, "the stream broke"));
  }
  Flush();
}

void SessionStream::OnCancel() {
  bool claimed = false;
  {
    absl::MutexLock lock(&mutex_);
    broken_ = true;
    BeginEnd(grpc::Status(grpc::StatusCode::CANCELLED, "the stream broke"));
    claimed = Claim();
  }
  if (claimed) Flush();
}

void SessionStream::CheckGreeted() {
  {
    absl::MutexLock lock(&mutex_);
    if (connected_) return;
  }
  End(MalformedError(
      absl::StrCat("a client says hello at once; this one has not within ",
                   context_->options.hello_timeout_ms, " ms")));
}

void SessionStream::Break() {
  absl::MutexLock lock(&mutex_);
  if (!done_) server_context_->TryCancel();
}

void SessionStream::OnDone() {
  context_->deliveries.Remove(id_);
  context_->counts.sessions_open.fetch_sub(1);
  {
    absl::MutexLock lock(&mutex_);
    done_ = true;
  }
  self_.reset();  // may be the last
}

}  // namespace quorate::rpc
