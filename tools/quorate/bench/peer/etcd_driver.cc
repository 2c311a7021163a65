#include "tools/quorate/bench/peer/etcd_driver.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "grpc/grpc.h"
#include "grpc/support/time.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/completion_queue.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/async_unary_call.h"
#include "grpcpp/support/channel_arguments.h"
#include "grpcpp/support/status.h"
#include "tools/quorate/bench/driver.h"
#include "tools/quorate/bench/peer/etcd.grpc.pb.h"
#include "tools/quorate/bench/peer/etcd.pb.h"

namespace quorate::tools {
namespace {

namespace v3 = etcdserverpb;

// Answers taken at once.
constexpr int kMaxEvents = 256;
// The first call of a lane, which shows that its member answers.
constexpr int64_t kProbe = -1;
constexpr int64_t kProbeTimeoutNs = 2'000'000'000;
// etcd itself gives a request up after 7 s.
constexpr int64_t kCallTimeoutNs = 10'000'000'000;

gpr_timespec Within(int64_t ns) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_nanos(ns, GPR_TIMESPAN));
}

struct Call {
  size_t lane = 0;
  uint32_t life = 0;
  int64_t tag = 0;
  grpc::ClientContext context;
  grpc::Status status;
  v3::PutResponse put_response;
  v3::RangeResponse range_response;
  std::unique_ptr<grpc::ClientAsyncResponseReader<v3::PutResponse>> put;
  std::unique_ptr<grpc::ClientAsyncResponseReader<v3::RangeResponse>> range;
};

class EtcdDriver final : public Driver {
 public:
  EtcdDriver(const EtcdDriverOptions& options, size_t first, size_t count,
             DriverEvents& events)
      : options_(options), first_(first), events_(events), lanes_(count) {}
  EtcdDriver(const EtcdDriver&) = delete;
  EtcdDriver& operator=(const EtcdDriver&) = delete;
  ~EtcdDriver() override {
    ending_ = true;
    // Calls have deadlines, so they end.
    while (calls_ > 0) PollOnce(gpr_inf_future(GPR_CLOCK_MONOTONIC));
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  int64_t Now() const override { return MonotonicNs(); }
  void Connect(size_t lane) override;
  void Close(size_t lane) override { closing_.push_back(lane); }
  void Send(size_t lane, const LoadRequest& request) override;
  void Flush() override {}
  void Poll(int64_t until) override;

 private:
  struct Lane {
    std::shared_ptr<grpc::Channel> channel;
    std::unique_ptr<v3::KV::Stub> stub;
    size_t attempts = 0;
    uint32_t life = 0;  // what was called in another one is of no interest
  };

  std::shared_ptr<grpc::Channel> ChannelOf(size_t lane,
                                           const std::string& endpoint);
  Call& NewCall(size_t lane, int64_t tag, int64_t timeout_ns);
  void Range(Call& call, const v3::RangeRequest& request);
  bool PollOnce(gpr_timespec deadline);
  void Answered(const Call& call);
  void TellClosed();

  const EtcdDriverOptions& options_;
  const size_t first_;
  DriverEvents& events_;
  grpc::CompletionQueue queue_;
  std::vector<Lane> lanes_;
  std::vector<size_t> closing_;
  std::vector<std::pair<size_t, int64_t>> unsupported_;
  std::vector<std::pair<std::string, std::shared_ptr<grpc::Channel>>> channels_;
  int64_t calls_ = 0;
  bool ending_ = false;
};

std::shared_ptr<grpc::Channel> EtcdDriver::ChannelOf(
    size_t lane, const std::string& endpoint) {
  const auto share = static_cast<size_t>(options_.lanes_per_connection);
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
  std::shared_ptr<grpc::Channel> channel = grpc::CreateCustomChannel(
      endpoint, grpc::InsecureChannelCredentials(), arguments);
  if (share > 1) channels_.push_back({name, channel});
  return channel;
}

Call& EtcdDriver::NewCall(size_t lane, int64_t tag, int64_t timeout_ns) {
  auto* call = new Call;  // deleted when it is answered
  ++calls_;
  call->lane = lane;
  call->life = lanes_[lane].life;
  call->tag = tag;
  call->context.set_deadline(Within(timeout_ns));
  return *call;
}

void EtcdDriver::Range(Call& call, const v3::RangeRequest& request) {
  call.range =
      lanes_[call.lane].stub->AsyncRange(&call.context, request, &queue_);
  call.range->Finish(&call.range_response, &call.status, &call);
}

void EtcdDriver::Connect(size_t lane) {
  Lane& self = lanes_[lane];
  const std::string& endpoint =
      options_.endpoints[(first_ + lane + self.attempts++) %
                         options_.endpoints.size()];
  self.channel = ChannelOf(lane, endpoint);
  self.stub = v3::KV::NewStub(self.channel);
  v3::RangeRequest request;
  request.set_key("/");
  request.set_serializable(true);
  request.set_count_only(true);
  Range(NewCall(lane, kProbe, kProbeTimeoutNs), request);
}

void EtcdDriver::Send(size_t lane, const LoadRequest& from) {
  if (from.kind == RequestKind::kMulti || from.kind == RequestKind::kWatch) {
    unsupported_.push_back({lane, from.tag});
    return;
  }
  Call& call = NewCall(lane, from.tag, kCallTimeoutNs);
  if (from.kind == RequestKind::kSet || from.kind == RequestKind::kCreate) {
    v3::PutRequest request;
    request.set_key(from.paths[0]);
    request.set_value(from.data.data(), from.data.size());
    call.put = lanes_[lane].stub->AsyncPut(&call.context, request, &queue_);
    call.put->Finish(&call.put_response, &call.status, &call);
    return;
  }
  v3::RangeRequest request;
  request.set_key(from.paths[0]);
  request.set_serializable(from.kind == RequestKind::kGetLocal);
  request.set_count_only(from.kind == RequestKind::kExists);
  Range(call, request);
}

void EtcdDriver::TellClosed() {
  std::vector<size_t> closing;
  closing.swap(closing_);
  for (const size_t lane : closing) {
    ++lanes_[lane].life;
    events_.OnClosed(lane);
  }
  std::vector<std::pair<size_t, int64_t>> unsupported;
  unsupported.swap(unsupported_);
  for (const auto& [lane, tag] : unsupported) {
    events_.OnAnswer(lane, tag, "Unsupported");
  }
}

void EtcdDriver::Poll(int64_t until) {
  if (!closing_.empty() || !unsupported_.empty()) {
    TellClosed();
    until = 0;
  }
  const int64_t left = until - Now();
  if (!PollOnce(Within(left > 0 ? left : 0))) return;
  const gpr_timespec now = gpr_now(GPR_CLOCK_MONOTONIC);
  for (int i = 1; i < kMaxEvents && PollOnce(now); ++i) {
  }
}

bool EtcdDriver::PollOnce(gpr_timespec deadline) {
  void* tag = nullptr;
  bool ok = false;
  if (queue_.AsyncNext(&tag, &ok, deadline) !=
      grpc::CompletionQueue::GOT_EVENT) {
    return false;
  }
  const std::unique_ptr<Call> call(static_cast<Call*>(tag));
  --calls_;
  if (!ending_ && call->life == lanes_[call->lane].life) Answered(*call);
  return true;
}

void EtcdDriver::Answered(const Call& call) {
  const grpc::StatusCode code = call.status.error_code();
  if (call.tag == kProbe && code == grpc::StatusCode::OK) {
    events_.OnReady(call.lane);
  } else if (call.tag == kProbe || code == grpc::StatusCode::UNAVAILABLE) {
    ++lanes_[call.lane].life;
    events_.OnBroken(call.lane, absl::StrCat("Code", code));
  } else if (code == grpc::StatusCode::OK) {
    events_.OnAnswer(call.lane, call.tag, absl::string_view());
  } else {
    events_.OnAnswer(call.lane, call.tag, absl::StrCat("Code", code));
  }
}

}  // namespace

DriverFactory MakeEtcdDrivers(EtcdDriverOptions options) {
  const auto shared =
      std::make_shared<const EtcdDriverOptions>(std::move(options));
  return [shared](size_t first, size_t count, DriverEvents& events) {
    return std::make_unique<EtcdDriver>(*shared, first, count, events);
  };
}

}  // namespace quorate::tools
