// The service for operators; see proto/coord/v1/admin.proto.

#include <grpcpp/impl/service_type.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/replica/replica.h"
#include "coord/rpc/codec/admin_codec.h"
#include "coord/rpc/context.h"
#include "coord/rpc/services.h"
#include "coord/rpc/snapshot_request.h"
#include "coord/rpc/snapshot_stream.h"
#include "coord/rpc/unary_call.h"
#include "proto/coord/v1/admin.grpc.pb.h"
#include "proto/coord/v1/admin.pb.h"

namespace quorate::rpc {

namespace v1 = coord::v1;

namespace {

// Most sessions, and watches, in one answer to Dump.
constexpr uint32_t kDefaultDump = 1'000;
constexpr uint32_t kMaxDump = 100'000;

using Reactor = grpc::ServerUnaryReactor;
using Server = grpc::CallbackServerContext;

absl::StatusOr<v1::ChangeMembershipResponse> ChangeMembership(
    const v1::ChangeMembershipRequest& request, replica::Replica& replica) {
  if (const absl::Status leads = CheckLeads(replica); !leads.ok()) return leads;
  const absl::StatusOr<consensus::MembershipChange> change =
      ReadChange(request, replica.core().configuration().version());
  if (!change.ok()) return change.status();
  return DescribeDecision(request.dry_run()
                              ? replica.PlanMembership(*change)
                              : replica.ChangeMembership(*change));
}

class AdminService final : public v1::Admin::CallbackService {
 public:
  explicit AdminService(std::shared_ptr<Context> context)
      : context_(std::move(context)) {}

  Reactor* Status(Server*, const v1::StatusRequest*,
                  v1::StatusResponse* response) override {
    return Ask(response, [context = context_](replica::Replica& replica) {
      v1::StatusResponse status = DescribeStatus(replica);
      status.set_version(context->options.version);
      status.set_uptime_ms(context->UptimeMs());
      return absl::StatusOr<v1::StatusResponse>(std::move(status));
    });
  }

  Reactor* Members(Server*, const v1::MembersRequest*,
                   v1::MembersResponse* response) override {
    return Ask(response, [](replica::Replica& replica) {
      return absl::StatusOr<v1::MembersResponse>(DescribeMembers(replica));
    });
  }

  Reactor* ChangeMembership(Server*, const v1::ChangeMembershipRequest* request,
                            v1::ChangeMembershipResponse* response) override {
    return Ask(response, [own = *request](replica::Replica& replica) {
      return rpc::ChangeMembership(own, replica);
    });
  }

  Reactor* ChangeState(Server*, const v1::ChangeStateRequest* request,
                       v1::ChangeStateResponse* response) override {
    return Ask(response,
               [id = request->change_id()](replica::Replica& replica)
                   -> absl::StatusOr<v1::ChangeStateResponse> {
                 const absl::Status leads = CheckLeads(replica);
                 if (!leads.ok()) return leads;
                 return DescribeChange(replica, id);
               });
  }

  Reactor* CanStop(Server*, const v1::CanStopRequest* request,
                   v1::CanStopResponse* response) override {
    return Ask(response, [member = MemberId{request->member_id()}](
                             replica::Replica& replica) {
      return DescribeCanStop(replica, member);
    });
  }

  Reactor* TransferLeadership(
      Server*, const v1::TransferLeadershipRequest* request,
      v1::TransferLeadershipResponse* response) override {
    return Ask(
        response,
        [target = MemberId{request->target_id()}](replica::Replica& replica)
            -> absl::StatusOr<v1::TransferLeadershipResponse> {
          const absl::Status leads = CheckLeads(replica);
          if (!leads.ok()) return leads;
          const absl::Status given = replica.TransferLeadership(target);
          if (!given.ok()) return given;
          return v1::TransferLeadershipResponse();
        });
  }

  Reactor* TakeSnapshot(Server*, const v1::TakeSnapshotRequest*,
                        v1::TakeSnapshotResponse* response) override {
    return StartSnapshotRequest(context_, response);
  }

  grpc::ServerWriteReactor<v1::SnapshotPart>* SaveSnapshot(
      Server*, const v1::SaveSnapshotRequest*) override {
    return StartSnapshotStream(context_);
  }

  Reactor* Dump(Server*, const v1::DumpRequest* request,
                v1::DumpResponse* response) override {
    const uint32_t limit = request->limit() == 0
                               ? kDefaultDump
                               : std::min(request->limit(), kMaxDump);
    return Ask(response, [limit](replica::Replica& replica) {
      return absl::StatusOr<v1::DumpResponse>(DescribeContent(replica, limit));
    });
  }

 private:
  // Answers with what `ask` says on the replica's thread.
  template <typename Response, typename Function>
  Reactor* Ask(Response* response, Function ask) {
    const auto call = UnaryCall<Response>::Start(response);
    AskReplica<Response>(context_, call,
                         [ask = std::move(ask)](replica::Replica& replica)
                             -> std::optional<absl::StatusOr<Response>> {
                           return ask(replica);
                         });
    return call.get();
  }

  const std::shared_ptr<Context> context_;
};

}  // namespace

std::shared_ptr<grpc::Service> MakeAdminService(
    std::shared_ptr<Context> context) {
  return std::make_shared<AdminService>(std::move(context));
}

}  // namespace quorate::rpc
