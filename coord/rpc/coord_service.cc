// The service for clients; see proto/coord/v1/coord.proto.

#include <grpcpp/impl/service_type.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <memory>
#include <utility>

#include "coord/rpc/call.h"
#include "coord/rpc/context.h"
#include "coord/rpc/services.h"
#include "coord/rpc/session_stream.h"
#include "proto/coord/v1/coord.grpc.pb.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::rpc {

namespace v1 = coord::v1;

namespace {

using Base = v1::Coord::WithRawCallbackMethod_Session<
    v1::Coord::WithCallbackMethod_Call<v1::Coord::Service>>;

class CoordService final : public Base {
 public:
  explicit CoordService(std::shared_ptr<Context> context)
      : context_(std::move(context)) {}

  SessionReactor* Session(grpc::CallbackServerContext* context) override {
    return SessionStream::Start(context_, context);
  }

  grpc::ServerUnaryReactor* Call(grpc::CallbackServerContext* context,
                                 const v1::CallRequest* request,
                                 v1::CallResponse* response) override {
    return CallReactor::Start(context_, context, request, response);
  }

 private:
  const std::shared_ptr<Context> context_;
};

}  // namespace

std::shared_ptr<grpc::Service> MakeCoordService(
    std::shared_ptr<Context> context) {
  return std::make_shared<CoordService>(std::move(context));
}

}  // namespace quorate::rpc
