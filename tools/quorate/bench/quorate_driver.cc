#include "tools/quorate/bench/quorate_driver.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/client/error_detail.h"
#include "grpc/grpc.h"
#include "grpc/support/time.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/completion_queue.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/async_stream.h"
#include "grpcpp/support/channel_arguments.h"
#include "grpcpp/support/status.h"
#include "proto/coord/v1/coord.grpc.pb.h"
#include "proto/coord/v1/coord.pb.h"
#include "proto/coord/v1/error.pb.h"
#include "proto/coord/v1/tree.pb.h"
#include "tools/quorate/bench/driver.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {
namespace {

namespace v1 = coord::v1;

constexpr uint32_t kApiVersion = 1;
constexpr size_t kPasswordBytes = 16;
// A Poll() handles at most so many events, so that answers bring new requests
// meanwhile.
constexpr int kMaxEvents = 256;
// Tags on the wire: pings and the like, and requests from 2 on, two for each.
constexpr int64_t kPingTag = 1;

// One session, on one stream. It is told by gRPC through its four tags, of
// which at most one of a kind is under way.
struct Call {
  enum class Step { kStarted, kRead, kWritten, kFinished };
  struct Tag {
    Call* call;
    Step step;
  };

  explicit Call(size_t of_lane) : lane(of_lane) {}

  const size_t lane;
  Tag started{this, Step::kStarted};
  Tag read{this, Step::kRead};
  Tag written{this, Step::kWritten};
  Tag finished{this, Step::kFinished};
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::Coord::Stub> stub;
  grpc::ClientContext context;
  std::unique_ptr<
      grpc::ClientAsyncReaderWriter<v1::ClientFrame, v1::ServerFrame>>
      stream;
  v1::ServerFrame in;
  v1::ClientFrame out;
  v1::ClientFrame queued;
  grpc::Status status;
  bool writing = false;
  bool read_ended = false;
  bool finishing = false;
  bool ready = false;
  bool closing = false;
  bool goodbye = false;  // and without an error
  std::string why;       // it breaks
  int64_t next_write = 1;
  int64_t acked_write = 0;
};

class QuorateDriver final : public Driver {
 public:
  QuorateDriver(const QuorateDriverOptions& options, size_t first, size_t count,
                DriverEvents& events)
      : options_(options), first_(first), events_(events), lanes_(count) {
    std::random_device random;
    random_.seed(random());
  }
  QuorateDriver(const QuorateDriver&) = delete;
  QuorateDriver& operator=(const QuorateDriver&) = delete;
  ~QuorateDriver() override {
    ending_ = true;
    for (Lane& lane : lanes_) {
      if (lane.call != nullptr) lane.call->context.TryCancel();
    }
    while (calls_ > 0) PollOnce(gpr_inf_future(GPR_CLOCK_MONOTONIC));
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  int64_t Now() const override { return MonotonicNs(); }
  void Connect(size_t lane) override;
  void Close(size_t lane) override;
  void Send(size_t lane, const LoadRequest& request) override;
  void Flush() override;
  void Poll(int64_t until) override;

 private:
  struct Lane {
    Call* call = nullptr;  // deletes itself when gRPC has let go of it
    size_t attempts = 0;
    bool dirty = false;  // in dirty_
  };
  struct PingDue {
    int64_t at;
    size_t lane;
    Call* call;
  };

  std::shared_ptr<grpc::Channel> ChannelOf(size_t lane,
                                           const std::string& endpoint);
  v1::Request& Queue(Call& call);
  void WriteQueued(Call& call);
  // False: nothing has happened until `deadline`.
  bool PollOnce(gpr_timespec deadline);
  void Handle(Call& call, Call::Step step, bool ok);
  void HandleFrame(Call& call);
  void HandleReply(Call& call, const v1::Reply& reply);
  void Break(Call& call, const std::string& why);
  void MaybeFinish(Call& call);
  void Finished(Call& call);
  void SendPings();

  const QuorateDriverOptions& options_;
  const size_t first_;
  DriverEvents& events_;
  std::mt19937_64 random_;
  grpc::CompletionQueue queue_;
  std::vector<Lane> lanes_;
  std::vector<size_t> dirty_;  // lanes with something to write
  std::deque<PingDue> pings_;
  std::vector<std::pair<std::string, std::shared_ptr<grpc::Channel>>> channels_;
  int64_t calls_ = 0;
  bool ending_ = false;
};

std::shared_ptr<grpc::Channel> QuorateDriver::ChannelOf(
    size_t lane, const std::string& endpoint) {
  const auto share = static_cast<size_t>(options_.sessions_per_connection);
  const std::string name =
      absl::StrCat(endpoint, "/", lane / options_.endpoints.size() / share);
  if (share > 1) {
    for (const auto& [other, channel] : channels_) {
      if (other == name) return channel;
    }
  }
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
  arguments.SetMaxReceiveMessageSize(-1);
  std::shared_ptr<grpc::Channel> channel = grpc::CreateCustomChannel(
      endpoint, grpc::InsecureChannelCredentials(), arguments);
  if (share > 1) channels_.push_back({name, channel});
  return channel;
}

void QuorateDriver::Connect(size_t lane) {
  Lane& self = lanes_[lane];
  const std::string& endpoint =
      options_.endpoints[(first_ + lane + self.attempts++) %
                         options_.endpoints.size()];
  auto* call = new Call(lane);
  self.call = call;
  ++calls_;
  call->channel = ChannelOf(lane, endpoint);
  call->stub = v1::Coord::NewStub(call->channel);
  v1::Hello* hello = call->out.mutable_hello();
  hello->set_api_version(kApiVersion);
  hello->mutable_pin()->set_ensemble_id(options_.ensemble_id);
  hello->mutable_pin()->set_highest_zxid(options_.highest_zxid);
  std::string password;
  while (password.size() < kPasswordBytes) {
    password.push_back(static_cast<char>(random_()));
  }
  hello->set_password(password);
  hello->set_timeout_ms(options_.session_timeout_ms);
  for (const auto& [scheme, secret] : options_.credentials) {
    v1::Credential* credential = hello->add_credentials();
    credential->set_scheme(scheme);
    credential->set_secret(secret);
  }
  call->stream = call->stub->PrepareAsyncSession(&call->context, &queue_);
  call->stream->StartCall(&call->started);
}

v1::Request& QuorateDriver::Queue(Call& call) {
  Lane& lane = lanes_[call.lane];
  if (!lane.dirty) {
    lane.dirty = true;
    dirty_.push_back(call.lane);
  }
  return *call.queued.add_requests();
}

void QuorateDriver::Close(size_t lane) {
  Call& call = *lanes_[lane].call;
  call.closing = true;
  v1::Request& request = Queue(call);
  request.set_tag(0);
  v1::Write& write = *request.mutable_write();
  write.set_request_id(call.next_write++);
  write.set_acked_through(call.acked_write);
  write.mutable_close_session();
}

void FillWrite(const LoadRequest& from, v1::Write& write) {
  const absl::string_view data = from.data;
  switch (from.kind) {
    case RequestKind::kCreate:
      write.mutable_create()->set_path(from.paths[0]);
      write.mutable_create()->set_data(data.data(), data.size());
      return;
    case RequestKind::kMulti:
      for (const std::string& path : from.paths) {
        v1::SetData& set =
            *write.mutable_multi()->add_ops()->mutable_set_data();
        set.set_path(path);
        set.set_data(data.data(), data.size());
      }
      return;
    default:
      write.mutable_set_data()->set_path(from.paths[0]);
      write.mutable_set_data()->set_data(data.data(), data.size());
      return;
  }
}

void QuorateDriver::Send(size_t lane, const LoadRequest& from) {
  Call& call = *lanes_[lane].call;
  v1::Request& request = Queue(call);
  request.set_tag(from.tag * 2 + 2);
  switch (from.kind) {
    case RequestKind::kCreate:
    case RequestKind::kSet:
    case RequestKind::kMulti: {
      request.set_tag(from.tag * 2 + 3);
      v1::Write& write = *request.mutable_write();
      write.set_request_id(call.next_write++);
      write.set_acked_through(call.acked_write);
      FillWrite(from, write);
      return;
    }
    case RequestKind::kGetLocal:
    case RequestKind::kGetLinearizable:
      request.mutable_read()->set_local(from.kind == RequestKind::kGetLocal);
      request.mutable_read()->mutable_get_data()->set_path(from.paths[0]);
      return;
    case RequestKind::kExists:
      request.mutable_read()->mutable_exists()->set_path(from.paths[0]);
      return;
    case RequestKind::kWatch:
      request.mutable_add_watch()->set_path(from.paths[0]);
      request.mutable_add_watch()->set_kind(v1::WATCH_KIND_PERSISTENT);
      return;
  }
}

void QuorateDriver::Flush() {
  SendPings();
  for (const size_t lane : dirty_) {
    lanes_[lane].dirty = false;
    if (lanes_[lane].call != nullptr) WriteQueued(*lanes_[lane].call);
  }
  dirty_.clear();
}

// One frame at a time is on its way; what is queued meanwhile becomes the next.
void QuorateDriver::WriteQueued(Call& call) {
  if (!call.ready || call.writing || call.read_ended ||
      call.queued.requests().empty()) {
    return;
  }
  call.out.Clear();
  call.out.Swap(&call.queued);
  call.writing = true;
  call.stream->Write(call.out, &call.written);
}

void QuorateDriver::SendPings() {
  const int64_t now = Now();
  const int64_t interval = int64_t{options_.session_timeout_ms} * 1'000'000 / 3;
  while (!pings_.empty() && pings_.front().at <= now) {
    const PingDue due = pings_.front();
    pings_.pop_front();
    Call* call = lanes_[due.lane].call;
    // A session of another time, or one that closes.
    if (call != due.call || !call->ready || call->closing) continue;
    v1::Request& request = Queue(*call);
    request.set_tag(kPingTag);
    request.mutable_ping();
    pings_.push_back({now + interval, due.lane, call});
  }
}

void QuorateDriver::Poll(int64_t until) {
  const int64_t left = until - Now();
  const gpr_timespec now = gpr_now(GPR_CLOCK_MONOTONIC);
  if (!PollOnce(left <= 0 ? now
                          : gpr_time_add(now, gpr_time_from_nanos(
                                                  left, GPR_TIMESPAN)))) {
    return;
  }
  for (int i = 1; i < kMaxEvents && PollOnce(now); ++i) {
  }
}

bool QuorateDriver::PollOnce(gpr_timespec deadline) {
  void* raw = nullptr;
  bool ok = false;
  if (queue_.AsyncNext(&raw, &ok, deadline) !=
      grpc::CompletionQueue::GOT_EVENT) {
    return false;
  }
  const auto* tag = static_cast<Call::Tag*>(raw);
  Handle(*tag->call, tag->step, ok);
  return true;
}

void QuorateDriver::Handle(Call& call, Call::Step step, bool ok) {
  switch (step) {
    case Call::Step::kStarted:
      if (!ok) {
        call.read_ended = true;
        break;
      }
      call.writing = true;
      call.stream->Write(call.out, &call.written);
      call.stream->Read(&call.in, &call.read);
      return;
    case Call::Step::kWritten:
      call.writing = false;
      if (ok) WriteQueued(call);
      break;
    case Call::Step::kRead:
      if (ok) {
        HandleFrame(call);
        call.stream->Read(&call.in, &call.read);
        return;
      }
      call.read_ended = true;
      break;
    case Call::Step::kFinished:
      Finished(call);
      return;
  }
  MaybeFinish(call);
}

void QuorateDriver::HandleFrame(Call& call) {
  for (const v1::ServerMessage& message : call.in.messages()) {
    switch (message.message_case()) {
      case v1::ServerMessage::kWelcome:
        call.ready = true;
        pings_.push_back(
            {Now() + int64_t{options_.session_timeout_ms} * 1'000'000 / 3,
             call.lane, &call});
        if (!ending_) events_.OnReady(call.lane);
        break;
      case v1::ServerMessage::kReply:
        HandleReply(call, message.reply());
        break;
      case v1::ServerMessage::kEvent:
        if (!ending_ && call.why.empty()) events_.OnWatch(call.lane);
        break;
      case v1::ServerMessage::kGoodbye:
        call.goodbye = !message.goodbye().has_error();
        if (!call.goodbye) Break(call, message.goodbye().error().kind());
        break;
      case v1::ServerMessage::MESSAGE_NOT_SET:
        break;
    }
  }
}

void QuorateDriver::HandleReply(Call& call, const v1::Reply& reply) {
  if (reply.tag() <= kPingTag || !call.why.empty() || ending_) return;
  const bool is_write = (reply.tag() & 1) != 0;
  if (is_write) {
    // Writes behind it were not taken either, so their numbers are free again;
    // a new session is simpler than finding out where that ends.
    if (reply.not_taken()) return Break(call, reply.error().kind());
    ++call.acked_write;
  }
  events_.OnAnswer(call.lane, reply.tag() / 2 - 1,
                   reply.has_error() ? absl::string_view(reply.error().kind())
                                     : absl::string_view());
}

void QuorateDriver::Break(Call& call, const std::string& why) {
  if (call.why.empty()) call.why = why.empty() ? "Broken" : why;
  call.context.TryCancel();
}

void QuorateDriver::MaybeFinish(Call& call) {
  if (!call.read_ended || call.writing || call.finishing) return;
  call.finishing = true;
  call.stream->Finish(&call.status, &call.finished);
}

void QuorateDriver::Finished(Call& call) {
  const size_t lane = call.lane;
  const bool closed = call.closing && call.goodbye;
  std::string why = call.why;
  if (why.empty()) {
    const absl::Status status = client::StatusOfCall(
        static_cast<int32_t>(call.status.error_code()),
        call.status.error_message(), call.status.error_details());
    why = status.ok() ? "Disconnected" : KindOf(status);
  }
  lanes_[lane].call = nullptr;
  delete &call;
  --calls_;
  if (ending_) return;
  if (closed) {
    events_.OnClosed(lane);
  } else {
    events_.OnBroken(lane, why);
  }
}

}  // namespace

DriverFactory MakeQuorateDrivers(QuorateDriverOptions options) {
  const auto shared =
      std::make_shared<const QuorateDriverOptions>(std::move(options));
  return [shared](size_t first, size_t count, DriverEvents& events) {
    return std::make_unique<QuorateDriver>(*shared, first, count, events);
  };
}

}  // namespace quorate::tools
