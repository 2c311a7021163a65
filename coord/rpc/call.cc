#include "coord/rpc/call.h"

#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "coord/base/ids.h"
#include "coord/replica/client_message.h"
#include "coord/replica/error.h"
#include "coord/replica/replica.h"
#include "coord/rpc/codec/client_codec.h"
#include "coord/rpc/codec/error_codec.h"
#include "coord/rpc/codec/identity.h"
#include "coord/rpc/codec/ids_codec.h"
#include "coord/rpc/codec/reply_codec.h"
#include "coord/rpc/grpc_status.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::rpc {

namespace v1 = coord::v1;

// What waits at the host. It may be destroyed without having run.
struct CallReactor::Work {
  std::shared_ptr<CallReactor> reactor;
  Call call;
  bool ran = false;

  ~Work() {
    if (ran) return;
    reactor->End(replica::Error(replica::ErrorKind::kStopped,
                                "this member is stopping; use another"));
  }

  void Run(replica::Replica& replica) {
    ran = true;
    {
      absl::MutexLock lock(&reactor->mutex_);
      if (reactor->finished_) return;
      reactor->ensemble_ = replica.core().hard_state().ensemble;
      reactor->may_have_been_taken_ =
          std::holds_alternative<replica::WriteRequest>(call.request.body);
    }
    replica.SubmitCall(reactor->id_, call.pin, std::move(call.identities),
                       std::move(call.request));
  }
};

grpc::ServerUnaryReactor* CallReactor::Start(
    std::shared_ptr<Context> context,
    grpc::CallbackServerContext* server_context, const v1::CallRequest* request,
    v1::CallResponse* response) {
  context->counts.calls.fetch_add(1, std::memory_order_relaxed);
  auto reactor = std::make_shared<CallReactor>(std::move(context), response);
  reactor->self_ = reactor;
  v1::CallRequest own = *request;  // gRPC's is constant
  absl::StatusOr<Call> call =
      TakeCall(own, AddressIdentity(server_context->peer()));
  if (!call.ok()) {
    reactor->context_->counts.malformed.fetch_add(1);
    reactor->End(call.status());
  } else {
    reactor->Submit(*std::move(call));
  }
  return reactor.get();
}

CallReactor::CallReactor(std::shared_ptr<Context> context,
                         v1::CallResponse* response)
    : context_(std::move(context)),
      id_(context_->deliveries.MintId()),
      response_(response) {}

void CallReactor::Submit(Call call) {
  auto work = std::make_shared<Work>();
  work->reactor = shared_from_this();
  work->call = std::move(call);
  if (!context_->deliveries.Add(id_, shared_from_this())) return;
  context_->host.Post(
      [work](replica::Replica& replica) { work->Run(replica); });
}

bool CallReactor::Keep(replica::ServerMessage message) {
  auto* reply = std::get_if<replica::Reply>(&message);
  absl::MutexLock lock(&mutex_);
  if (reply == nullptr || finished_ || reply_) return false;
  reply_ = std::move(*reply);
  return true;
}

void CallReactor::Flush() {
  replica::Reply reply;
  EnsembleId ensemble;
  {
    absl::MutexLock lock(&mutex_);
    if (finished_ || !reply_) return;
    finished_ = true;
    reply = *std::move(reply_);
    ensemble = ensemble_;
  }
  // Nobody else finishes the call from here on.
  const absl::Status status = reply.status;
  response_->set_ensemble_id(EncodeEnsembleId(ensemble));
  PutReply(std::move(reply), *response_->mutable_reply());
  Finish(ToGrpcStatus(status, response_->reply().write()));
}

void CallReactor::End(const absl::Status& why) {
  absl::MutexLock lock(&mutex_);
  if (finished_) return;
  finished_ = true;
  Finish(ToGrpcStatus(
      may_have_been_taken_
          ? replica::Error(replica::ErrorKind::kUnknownOutcome,
                           "this member stopped before it had the answer; the "
                           "write may or may not have been applied")
          : why));
}

void CallReactor::OnCancel() {
  End(absl::CancelledError("the caller has given up"));
}

void CallReactor::OnDone() {
  context_->deliveries.Remove(id_);
  self_.reset();  // may be the last
}

}  // namespace quorate::rpc
