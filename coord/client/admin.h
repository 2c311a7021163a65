// AdminClient: calls of the Admin service and of Coord.Call, for tools.
//
// Each call goes to one endpoint after the other until one answers; calls that
// only the leader answers follow the address that another member names. Blocks;
// thread-safe. Every failure carries an ErrorInfo if a member has answered.

#ifndef QUORATE_COORD_CLIENT_ADMIN_H_
#define QUORATE_COORD_CLIENT_ADMIN_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/client/session.h"
#include "coord/client/types.h"
#include "proto/coord/v1/admin.pb.h"

namespace quorate::client {

struct AdminOptions {
  std::vector<std::string> endpoints;  // "host:port"
  int64_t timeout_ms = 10'000;         // of each call, all attempts together
  Pin pin = {};                        // of Call()s
  std::vector<Credential> credentials = {};
};

class AdminClient {
 public:
  // InvalidArgument: no endpoint, or one that is no "host:port".
  static absl::StatusOr<std::unique_ptr<AdminClient>> Create(
      AdminOptions options);
  virtual ~AdminClient() = default;

  // One request without a session (Coord.Call). A write is tried only once
  // after it may have reached a member: UnknownOutcome if its answer was lost.
  virtual absl::StatusOr<WriteResult> Write(quorate::client::Write write) = 0;
  virtual absl::StatusOr<ReadResult> Read(quorate::client::Read read,
                                          Consistency consistency) = 0;

  // Of one member, by its endpoint; no other is tried.
  virtual absl::StatusOr<coord::v1::StatusResponse> Status(
      const std::string& endpoint) = 0;
  // From the leader, if there is one; else from anyone.
  virtual absl::StatusOr<coord::v1::MembersResponse> Members() = 0;
  virtual absl::StatusOr<coord::v1::ChangeMembershipResponse> ChangeMembership(
      const coord::v1::ChangeMembershipRequest& request) = 0;
  virtual absl::StatusOr<coord::v1::ChangeStateResponse> ChangeState(
      uint64_t change_id) = 0;
  // Whether a member may be taken down for a while.
  virtual absl::StatusOr<coord::v1::CanStopResponse> CanStop(
      uint64_t member_id) = 0;
  virtual absl::Status TransferLeadership(uint64_t target_id) = 0;
  virtual absl::StatusOr<coord::v1::TakeSnapshotResponse> TakeSnapshot(
      const std::string& endpoint) = 0;
  // `take` gets each part in order; an error of it ends the call.
  virtual absl::Status SaveSnapshot(
      const std::string& endpoint,
      const std::function<absl::Status(const coord::v1::SnapshotPart&)>&
          take) = 0;
  virtual absl::StatusOr<coord::v1::DumpResponse> Dump(
      const std::string& endpoint, uint32_t limit) = 0;

  virtual const std::vector<std::string>& endpoints() const = 0;
  // AdminOptions::pin, raised by every answer to Call()s.
  virtual Pin pin() const = 0;
};

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_ADMIN_H_
