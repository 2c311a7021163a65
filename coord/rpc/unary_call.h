// UnaryCall: one unary call that the replica's thread answers.

#ifndef QUORATE_COORD_RPC_UNARY_CALL_H_
#define QUORATE_COORD_RPC_UNARY_CALL_H_

#include <grpcpp/support/server_callback.h>

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "coord/replica/error.h"
#include "coord/replica/replica.h"
#include "coord/rpc/context.h"
#include "coord/rpc/grpc_status.h"

namespace quorate::rpc {

// Answered once: by whoever is first. Thread-safe.
template <typename Response>
class UnaryCall final : public grpc::ServerUnaryReactor {
 public:
  using Ptr = std::shared_ptr<UnaryCall>;

  // The call owns itself until it is done. `response` is gRPC's.
  static Ptr Start(Response* response) {
    auto call = std::make_shared<UnaryCall>(response);
    call->self_ = call;
    return call;
  }

  explicit UnaryCall(Response* response) : response_(response) {}

  void Answer(absl::StatusOr<Response> answer) ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    if (answered_) return;
    answered_ = true;
    if (answer.ok()) *response_ = *std::move(answer);
    Finish(ToGrpcStatus(answer.status()));
  }
  bool IsAnswered() ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    return answered_;
  }

  void OnCancel() override {
    Answer(absl::CancelledError("the caller has given up"));
  }
  void OnDone() override { self_.reset(); }

 private:
  Response* const response_;
  std::shared_ptr<UnaryCall> self_;  // until OnDone()
  absl::Mutex mutex_;
  bool answered_ ABSL_GUARDED_BY(mutex_) = false;
};

// Runs `ask` on the replica's thread, and answers with what it returns. It may
// return nothing, by std::nullopt; then something else answers.
template <typename Response>
void AskReplica(
    const std::shared_ptr<Context>& context,
    const typename UnaryCall<Response>::Ptr& call,
    std::function<std::optional<absl::StatusOr<Response>>(replica::Replica&)>
        ask) {
  // Answers also if the host destroys it without having run it.
  struct Work {
    typename UnaryCall<Response>::Ptr call;
    bool ran = false;
    ~Work() {
      if (ran) return;
      call->Answer(replica::Error(replica::ErrorKind::kStopped,
                                  "this member is stopping"));
    }
  };
  auto work = std::make_shared<Work>();
  work->call = call;
  context->host.Post(
      [context, work, ask = std::move(ask)](replica::Replica& replica) {
        work->ran = true;
        if (work->call->IsAnswered()) return;  // cancelled
        std::optional<absl::StatusOr<Response>> answer = ask(replica);
        if (!answer) return;
        // Sending takes a while: not on the replica's thread.
        auto shared =
            std::make_shared<absl::StatusOr<Response>>(*std::move(answer));
        context->workers.Add(
            [call = work->call, shared] { call->Answer(std::move(*shared)); });
      });
}

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_UNARY_CALL_H_
