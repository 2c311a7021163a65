// EnsembleContact: a running ensemble, as a provisioner speaks to it.
//
// It knows where to ask from more than one side, since members come and go
// while it is used: what it was given, and every member that it has heard of.
// Once it has met an ensemble it speaks to no other. Blocks; not thread-safe.

#ifndef QUORATE_TOOLS_QUORATE_PROVISION_CONTACT_H_
#define QUORATE_TOOLS_QUORATE_PROVISION_CONTACT_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coord/client/admin.h"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/provision/target.h"

namespace quorate::tools {

class EnsembleContact {
 public:
  struct Options {
    // Asked first, in this order; then the others, if none of them answers.
    std::vector<std::string> endpoints;
    std::vector<std::string> others = {};
    std::string ensemble_id = {};  // the only one to speak to; empty: any
    int64_t timeout_ms = 2'000;    // of one call to one member
  };
  explicit EnsembleContact(Options options);

  // The members, as the leader sees them. Unavailable, with what each has
  // answered: no leader was found. An error with rule 1: whoever leads there
  // leads another ensemble.
  absl::StatusOr<coord::v1::MembersResponse> Look();

  // Looks until a leader was found, for at most so long.
  absl::StatusOr<coord::v1::MembersResponse> AwaitLeader(
      absl::Duration patience);

  // To the leader that was seen last. REQUIRES: Look() has found one.
  absl::StatusOr<coord::v1::ChangeMembershipResponse> Change(
      const coord::v1::ChangeMembershipRequest& request);
  absl::StatusOr<coord::v1::ChangeStateResponse> StateOfChange(
      uint64_t change_id);
  absl::Status TransferLeadership(uint64_t target_id);
  absl::StatusOr<coord::v1::CanStopResponse> CanStop(uint64_t member_id);

  // Of one member, whatever it belongs to; of many at the same time.
  absl::StatusOr<coord::v1::StatusResponse> Ask(const std::string& address);
  Answers AskAll(const std::vector<std::string>& addresses);

  // Where the leader was seen last; empty: nowhere yet.
  const std::string& leader_address() const { return leader_address_; }

 private:
  absl::StatusOr<client::AdminClient*> ClientOf(const std::string& address);
  // Everybody who may know the leader, the likeliest first.
  std::vector<std::string> Candidates() const;
  void Remember(const coord::v1::MembersResponse& members);

  const Options options_;
  std::string ensemble_id_;
  std::string leader_address_;
  std::vector<std::string> members_;  // addresses
  std::map<std::string, std::unique_ptr<client::AdminClient>> clients_;
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_PROVISION_CONTACT_H_
