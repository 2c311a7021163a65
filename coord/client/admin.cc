#include "coord/client/admin.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coord/client/caller.h"
#include "coord/client/channel.h"
#include "coord/client/codec.h"
#include "coord/client/endpoint_rotation.h"
#include "coord/client/error.h"
#include "coord/client/session.h"
#include "coord/client/types.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/completion_queue.h"
#include "grpcpp/support/async_stream.h"
#include "grpcpp/support/status.h"
#include "proto/coord/v1/admin.grpc.pb.h"
#include "proto/coord/v1/admin.pb.h"
#include "proto/coord/v1/coord.grpc.pb.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::client {
namespace {

namespace v1 = coord::v1;

constexpr uint32_t kApiVersion = 1;

using ChannelPtr = std::shared_ptr<grpc::Channel>;

class GrpcAdminClient final : public AdminClient {
 public:
  explicit GrpcAdminClient(AdminOptions options)
      : options_(std::move(options)),
        caller_(options_.endpoints),
        pin_(options_.pin) {}

  absl::StatusOr<WriteResult> Write(quorate::client::Write write) override {
    v1::CallRequest request;
    v1::Write* wire = request.mutable_request()->mutable_write();
    const absl::Status valid = EncodeWrite(write, *wire);
    if (!valid.ok()) return valid;
    const absl::StatusOr<v1::Reply> reply = Call(request, CallKind::kOnce);
    if (!reply.ok()) return reply.status();
    return DecodeWriteReply(*wire, *reply);
  }

  absl::StatusOr<ReadResult> Read(quorate::client::Read read,
                                  Consistency consistency) override {
    v1::CallRequest request;
    v1::Read* wire = request.mutable_request()->mutable_read();
    const absl::Status valid = EncodeRead(read, consistency, *wire);
    if (!valid.ok()) return valid;
    const absl::StatusOr<v1::Reply> reply =
        Call(request, CallKind::kRepeatable);
    if (!reply.ok()) return reply.status();
    return DecodeReadReply(*wire, *reply);
  }

  absl::StatusOr<v1::StatusResponse> Status(
      const std::string& endpoint) override {
    return One<v1::StatusResponse>(endpoint, v1::StatusRequest(),
                                   &v1::Admin::Stub::Status);
  }

  absl::StatusOr<v1::MembersResponse> Members() override;

  absl::StatusOr<v1::ChangeMembershipResponse> ChangeMembership(
      const v1::ChangeMembershipRequest& request) override {
    // Resending the same change changes nothing.
    return Any<v1::ChangeMembershipResponse>(
        request, &v1::Admin::Stub::ChangeMembership);
  }

  absl::StatusOr<v1::ChangeStateResponse> ChangeState(
      uint64_t change_id) override {
    v1::ChangeStateRequest request;
    request.set_change_id(change_id);
    return Any<v1::ChangeStateResponse>(request, &v1::Admin::Stub::ChangeState);
  }

  absl::StatusOr<v1::CanStopResponse> CanStop(uint64_t member_id) override {
    v1::CanStopRequest request;
    request.set_member_id(member_id);
    return Any<v1::CanStopResponse>(request, &v1::Admin::Stub::CanStop);
  }

  absl::Status TransferLeadership(uint64_t target_id) override {
    v1::TransferLeadershipRequest request;
    request.set_target_id(target_id);
    return Any<v1::TransferLeadershipResponse>(
               request, &v1::Admin::Stub::TransferLeadership)
        .status();
  }

  absl::StatusOr<v1::TakeSnapshotResponse> TakeSnapshot(
      const std::string& endpoint) override {
    return One<v1::TakeSnapshotResponse>(endpoint, v1::TakeSnapshotRequest(),
                                         &v1::Admin::Stub::TakeSnapshot);
  }

  absl::Status SaveSnapshot(
      const std::string& endpoint,
      const std::function<absl::Status(const v1::SnapshotPart&)>& take)
      override;

  absl::StatusOr<v1::DumpResponse> Dump(const std::string& endpoint,
                                        uint32_t limit) override {
    v1::DumpRequest request;
    request.set_limit(limit);
    return One<v1::DumpResponse>(endpoint, request, &v1::Admin::Stub::Dump);
  }

  const std::vector<std::string>& endpoints() const override {
    return options_.endpoints;
  }

  Pin pin() const override {
    absl::MutexLock lock(&mutex_);
    return pin_;
  }

 private:
  template <typename Request, typename Response>
  using Method = grpc::Status (v1::Admin::Stub::*)(grpc::ClientContext*,
                                                   const Request&, Response*);

  absl::Time Deadline() const {
    return absl::Now() + absl::Milliseconds(options_.timeout_ms);
  }

  template <typename Response, typename Request>
  absl::StatusOr<Response> One(const std::string& endpoint,
                               const Request& request,
                               Method<Request, Response> method) {
    const absl::Status valid = CheckEndpoint(endpoint);
    if (!valid.ok()) return valid;
    Response response;
    const absl::Status status =
        caller_.CallOne(endpoint, Deadline(), CallKind::kRepeatable,
                        CallOf(request, response, method));
    if (!status.ok()) return status;
    return response;
  }

  template <typename Response, typename Request>
  absl::StatusOr<Response> Any(const Request& request,
                               Method<Request, Response> method) {
    Response response;
    const absl::Status status = caller_.CallAny(
        Deadline(), CallKind::kRepeatable, CallOf(request, response, method));
    if (!status.ok()) return status;
    return response;
  }

  template <typename Response, typename Request>
  static OneCall CallOf(const Request& request, Response& response,
                        Method<Request, Response> method) {
    return [&request, &response, method](const ChannelPtr& channel,
                                         grpc::ClientContext& context) {
      const std::unique_ptr<v1::Admin::Stub> stub = v1::Admin::NewStub(channel);
      response.Clear();
      return (stub.get()->*method)(&context, request, &response);
    };
  }

  absl::StatusOr<v1::Reply> Call(v1::CallRequest& request, CallKind kind);
  // Rule 22 on an answer: FailedPrecondition (Pinned), or the pin is raised.
  absl::Status Observe(const v1::CallResponse& response);

  const AdminOptions options_;
  Caller caller_;
  mutable absl::Mutex mutex_;
  Pin pin_ ABSL_GUARDED_BY(mutex_);
};

absl::StatusOr<v1::Reply> GrpcAdminClient::Call(v1::CallRequest& request,
                                                CallKind kind) {
  request.set_api_version(kApiVersion);
  EncodePin(pin(), *request.mutable_pin());
  for (const Credential& credential : options_.credentials) {
    const absl::Status valid =
        EncodeCredential(credential, *request.add_credentials());
    if (!valid.ok()) return valid;
  }
  v1::CallResponse response;
  const absl::Status status = caller_.CallAny(
      Deadline(), kind,
      [&](const ChannelPtr& channel, grpc::ClientContext& context) {
        const std::unique_ptr<v1::Coord::Stub> stub =
            v1::Coord::NewStub(channel);
        response.Clear();
        return stub->Call(&context, request, &response);
      });
  if (!status.ok()) return status;
  const absl::Status observed = Observe(response);
  if (!observed.ok()) return observed;
  return response.reply();
}

absl::Status GrpcAdminClient::Observe(const v1::CallResponse& response) {
  absl::MutexLock lock(&mutex_);
  if (!pin_.ensemble_id.empty() && pin_.ensemble_id != response.ensemble_id()) {
    ErrorInfo info;
    info.kind = "Pinned";
    info.rule = 22;
    info.rule_name = "clients remember";
    return MakeError(
        absl::StatusCode::kFailedPrecondition,
        absl::StrCat("this client belongs to ensemble ",
                     absl::BytesToHexString(pin_.ensemble_id),
                     ", and the answer came from ",
                     absl::BytesToHexString(response.ensemble_id())),
        info);
  }
  pin_.ensemble_id = response.ensemble_id();
  pin_.highest_zxid =
      std::max<Zxid>(pin_.highest_zxid, response.reply().zxid());
  return absl::OkStatus();
}

absl::StatusOr<v1::MembersResponse> GrpcAdminClient::Members() {
  absl::StatusOr<v1::MembersResponse> first =
      Any<v1::MembersResponse>(v1::MembersRequest(), &v1::Admin::Stub::Members);
  if (!first.ok() || first->from_leader()) return first;
  for (const v1::MemberInfo& member : first->members()) {
    if (member.id() != first->leader_id()) continue;
    absl::StatusOr<v1::MembersResponse> better = One<v1::MembersResponse>(
        member.address(), v1::MembersRequest(), &v1::Admin::Stub::Members);
    if (better.ok() && better->from_leader()) return better;
  }
  return first;
}

// --- Streaming ---------------------------------------------------------------

absl::Status GrpcAdminClient::SaveSnapshot(
    const std::string& endpoint,
    const std::function<absl::Status(const v1::SnapshotPart&)>& take) {
  const absl::Status valid = CheckEndpoint(endpoint);
  if (!valid.ok()) return valid;
  ChannelPtr channel;
  const absl::Status connected = caller_.Connect(endpoint, Deadline(), channel);
  if (!connected.ok()) return connected;

  const std::unique_ptr<v1::Admin::Stub> stub = v1::Admin::NewStub(channel);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  // A snapshot may take long; it is the next part that must come in time.
  absl::Status failure;
  const auto next = [&](bool& ok) {
    void* tag = nullptr;
    if (queue.AsyncNext(&tag, &ok, absl::ToChronoTime(Deadline())) !=
        grpc::CompletionQueue::TIMEOUT) {
      return;
    }
    failure = absl::DeadlineExceededError(
        absl::StrCat(endpoint, ": no part of the snapshot for ",
                     options_.timeout_ms, " ms"));
    context.TryCancel();
    queue.Next(&tag, &ok);
  };
  bool ok = false;
  auto reader =
      stub->AsyncSaveSnapshot(&context, v1::SaveSnapshotRequest(), &queue,
                              /*tag=*/nullptr);
  next(ok);
  v1::SnapshotPart part;
  while (ok && failure.ok()) {
    reader->Read(&part, /*tag=*/nullptr);
    next(ok);
    if (!ok) break;
    failure = take(part);
    if (!failure.ok()) context.TryCancel();
  }
  grpc::Status status;
  reader->Finish(&status, /*tag=*/nullptr);
  next(ok);
  queue.Shutdown();
  if (!failure.ok()) return failure;
  return FromGrpc(status);
}

}  // namespace

absl::StatusOr<std::unique_ptr<AdminClient>> AdminClient::Create(
    AdminOptions options) {
  const absl::Status valid = CheckEndpoints(options.endpoints);
  if (!valid.ok()) return valid;
  if (options.timeout_ms <= 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the timeout must be above 0 ms; found ", options.timeout_ms));
  }
  return std::make_unique<GrpcAdminClient>(std::move(options));
}

}  // namespace quorate::client
