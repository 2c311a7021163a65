// CallReactor: one Coord.Call, a request without a session.

#ifndef QUORATE_COORD_RPC_CALL_H_
#define QUORATE_COORD_RPC_CALL_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>
#include <grpcpp/support/status.h>

#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "coord/base/ids.h"
#include "coord/replica/client_message.h"
#include "coord/rpc/codec/client_codec.h"
#include "coord/rpc/context.h"
#include "coord/rpc/deliveries.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::rpc {

class CallReactor final : public grpc::ServerUnaryReactor,
                          public Receiver,
                          public std::enable_shared_from_this<CallReactor> {
 public:
  // Hands the request to the replica. The call owns itself until it is done.
  static grpc::ServerUnaryReactor* Start(
      std::shared_ptr<Context> context,
      grpc::CallbackServerContext* server_context,
      const coord::v1::CallRequest* request, coord::v1::CallResponse* response);

  CallReactor(std::shared_ptr<Context> context,
              coord::v1::CallResponse* response);

  // By gRPC.
  void OnCancel() override;
  void OnDone() override;

  // As a Receiver.
  bool Keep(replica::ServerMessage message) override;
  void Flush() override;
  void End(const absl::Status& why) override;

 private:
  struct Work;

  void Submit(Call call);

  const std::shared_ptr<Context> context_;
  const replica::ConnectionId id_;
  coord::v1::CallResponse* const response_;  // valid until Finish()
  std::shared_ptr<CallReactor> self_;        // until OnDone()

  absl::Mutex mutex_;
  bool may_have_been_taken_ ABSL_GUARDED_BY(mutex_) = false;
  EnsembleId ensemble_ ABSL_GUARDED_BY(mutex_);
  std::optional<replica::Reply> reply_ ABSL_GUARDED_BY(mutex_);
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_CALL_H_
