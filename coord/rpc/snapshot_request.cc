#include "coord/rpc/snapshot_request.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/replica.h"
#include "coord/rpc/unary_call.h"
#include "proto/coord/v1/admin.pb.h"

namespace quorate::rpc {

namespace v1 = coord::v1;

namespace {

using Answer = absl::StatusOr<v1::TakeSnapshotResponse>;
using SnapshotCall = UnaryCall<v1::TakeSnapshotResponse>;

// How often is looked whether it is there. The caller has set the time that it
// wants to wait; when that is over, the call is cancelled.
constexpr int64_t kLookMs = 20;

consensus::Zxid NewestSnapshot(const replica::Replica& replica) {
  const std::optional<consensus::SnapshotMeta>& newest =
      replica.core().snapshot();
  return newest ? newest->zxid : consensus::Zxid();
}

// What was there when the snapshot was begun.
struct Before {
  consensus::Zxid zxid;
  uint64_t failed = 0;
};

void LookLater(const std::shared_ptr<Context>& context,
               const SnapshotCall::Ptr& call, Before before);

std::optional<Answer> Look(const std::shared_ptr<Context>& context,
                           const SnapshotCall::Ptr& call, Before before,
                           const replica::Replica& replica) {
  if (NewestSnapshot(replica) > before.zxid) {
    v1::TakeSnapshotResponse response;
    response.set_zxid(replica.core().snapshot()->zxid.value());
    response.set_size_bytes(replica.core().snapshot()->size_bytes);
    return response;
  }
  if (const absl::Status why = replica.stop_reason(); !why.ok()) return why;
  if (replica.counters().snapshots_failed > before.failed) {
    return absl::InternalError(
        "the snapshot failed; this member's log says why");
  }
  LookLater(context, call, before);
  return std::nullopt;
}

void LookLater(const std::shared_ptr<Context>& context,
               const SnapshotCall::Ptr& call, Before before) {
  context->timer.After(kLookMs, [context, call, before] {
    AskReplica<v1::TakeSnapshotResponse>(
        context, call, [context, call, before](replica::Replica& replica) {
          return Look(context, call, before, replica);
        });
  });
}

}  // namespace

grpc::ServerUnaryReactor* StartSnapshotRequest(
    std::shared_ptr<Context> context, v1::TakeSnapshotResponse* response) {
  const SnapshotCall::Ptr call = SnapshotCall::Start(response);
  AskReplica<v1::TakeSnapshotResponse>(
      context, call,
      [context, call](replica::Replica& replica) -> std::optional<Answer> {
        const Before before = {.zxid = NewestSnapshot(replica),
                               .failed = replica.counters().snapshots_failed};
        const absl::Status begun = replica.TakeSnapshot();
        if (!begun.ok()) return begun;
        return Look(context, call, before, replica);
      });
  return call.get();
}

}  // namespace quorate::rpc
