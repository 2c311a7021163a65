// StaticMembership: what is different in a member that runs with
// --unsafe-static-membership, as a ZooKeeper server with a static configuration
// does. It exists to show the outage that this leads to.
//
// The member believes its own list: that is its configuration, always, and who
// is not in it is not heard. Nobody checks that the lists of two members agree;
// a majority of one list may know nothing of a majority of another.
//
// What stays as in the safe core, by construction: an epoch names its leader,
// so that no two members ever lead in the same one, and a zxid is one record
// everywhere. What does not: a leader may lack what another one has committed.
// Whoever follows it truncates that, and acknowledged data is lost.

#ifndef QUORATE_COORD_CONSENSUS_STATIC_MEMBERSHIP_H_
#define QUORATE_COORD_CONSENSUS_STATIC_MEMBERSHIP_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/options.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

// Ids of static members are 1 to 999: an epoch is a round and, in its last
// three decimal digits, its leader.
inline constexpr uint64_t kMaxStaticId = 999;

// InvalidArgument: the list is empty, too long or ambiguous, an id is too high,
// or `self` is not in it at `address`.
absl::Status ValidateStaticMembers(
    const std::vector<Manifest::Founder>& members, MemberId self,
    const std::string& address);

class StaticMembership {
 public:
  // REQUIRES: the list is valid.
  StaticMembership(MemberId self,
                   const std::vector<Manifest::Founder>& members);

  // The list: version 1, all vote, of kUnsafeEnsemble.
  const ConfigurationPtr& configuration() const { return configuration_; }

  // The epoch of this member in the round after that of `epoch`; 0 if there is
  // none.
  Epoch NextEpoch(Epoch epoch) const;

  // `member` was found to have accepted `epoch`, as a follower, voter or
  // candidate: its vote, as ZooKeeper's servers tell it to each other.
  void Note(MemberId member, Epoch epoch) { accepted_[member] = epoch; }
  // Counting this member and the leader, a quorum of the list has accepted the
  // leader's epoch. Only then is a new leader followed, so that one whose list
  // is shorter than ours is not mistaken for ours.
  bool IsSupported(MemberId leader, Epoch epoch) const;

  // True at most once every `interval_ms`: ask the others what they accepted.
  bool ShouldAsk(int64_t now_ms, int64_t interval_ms);

 private:
  const MemberId self_;
  ConfigurationPtr configuration_;
  std::map<MemberId, Epoch> accepted_;
  int64_t ask_at_ms_ = 0;
};

// Why a static member refuses every change of membership.
Refusal StaticMembershipRefusal();
// What it says to members of no ensemble that ask it for anything.
Refusal UnsafeEnsembleRefusal();

}  // namespace quorate::consensus

#endif  // QUORATE_COORD_CONSENSUS_STATIC_MEMBERSHIP_H_
