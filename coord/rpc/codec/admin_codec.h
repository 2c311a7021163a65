// Admin codec: what an operator asks and is told.
//
// Reads a replica on its own thread.

#ifndef QUORATE_COORD_RPC_CODEC_ADMIN_CODEC_H_
#define QUORATE_COORD_RPC_CODEC_ADMIN_CODEC_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/replica/replica.h"
#include "proto/coord/v1/admin.pb.h"

namespace quorate::rpc {

// All but the fields of the process: version and uptime_ms.
coord::v1::StatusResponse DescribeStatus(const replica::Replica& replica);

coord::v1::MembersResponse DescribeMembers(const replica::Replica& replica);

// Sessions and watches, at most `limit` of each.
coord::v1::DumpResponse DescribeContent(const replica::Replica& replica,
                                        uint32_t limit);

// OK on the leader; else NotLeader, with the leader's address if it is known.
absl::Status CheckLeads(const replica::Replica& replica);

// What is asked for, decided on version `current` if the request does not say.
// BadRequest: no change id, unless it is a dry run; or an empty one. Whether it
// makes sense is for the replica to say.
absl::StatusOr<consensus::MembershipChange> ReadChange(
    const coord::v1::ChangeMembershipRequest& request, uint64_t current);

coord::v1::ChangeMembershipResponse DescribeDecision(
    const consensus::AdmissionDecision& decision);

// Where a change stands, as this leader knows it.
coord::v1::ChangeStateResponse DescribeChange(const replica::Replica& replica,
                                              uint64_t change_id);

// NotLeader; BadRequest: there is no such member.
absl::StatusOr<coord::v1::CanStopResponse> DescribeCanStop(
    const replica::Replica& replica, MemberId member);

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_CODEC_ADMIN_CODEC_H_
