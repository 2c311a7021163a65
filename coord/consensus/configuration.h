// Configuration: who belongs to the ensemble, and in which role.
//
// A configuration is an immutable value carried by a log record and by every
// snapshot; there is no other source of membership (rule 6). It is either
// stable, or joint: between the voters it leaves (outgoing) and those it goes
// to (incoming). While joint, every quorum is a majority of each, counted
// separately (rule 9; Ongaro's thesis, section 4.3).
//
// This file holds the arithmetic of configurations. Whether a change may be
// made now is decided in admission.h.

#ifndef QUORATE_COORD_CONSENSUS_CONFIGURATION_H_
#define QUORATE_COORD_CONSENSUS_CONFIGURATION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/base/ids.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/quorum.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

// One member of a configuration. A member that is neither an incoming nor an
// outgoing voter is a learner: it replicates and has no vote.
struct Member {
  MemberId id;
  Incarnation incarnation;
  std::string address;          // where its peers reach it, "host:port"; unique
  bool voter = false;           // votes in the (incoming) configuration
  bool outgoing_voter = false;  // votes in the configuration being left

  MemberKey Key() const { return {id, incarnation}; }
  bool IsLearner() const { return !voter && !outgoing_voter; }
  bool operator==(const Member&) const = default;
};

// What a change asks for; any combination, made in one step. All empty and no
// limits: refused as invalid.
struct MembershipChange {
  // Drawn at random by whoever asks; resending the same id changes nothing.
  // REQUIRES: not 0.
  uint64_t change_id = 0;
  // The configuration version the change was decided on (rule 11).
  uint64_t expected_version = 0;
  std::vector<Member> add_learners;  // their voter flags are ignored
  std::vector<MemberId> promote;     // learners that become voters
  std::vector<MemberId> remove;      // voters or learners that go for ever
  std::optional<Limits> limits;      // new limits, if any
  // The leader's own idea (autopilot.h): rule 17 asks more of it.
  bool automatic = false;

  bool ChangesVoters(const class Configuration& configuration) const;
};

class Configuration {
 public:
  // How many changes are remembered, to recognise a resent one.
  static constexpr size_t kRememberedChanges = 16;

  // A change that was entered: made, or under way while joint.
  struct FinishedChange {
    uint64_t change_id = 0;
    uint64_t version = 0;  // the stable version that the change leads to
    bool operator==(const FinishedChange&) const = default;
  };

  Configuration() = default;

  // The first configuration of an ensemble, version 1: all founders vote.
  // `limits.min_voters` is lowered to the number of founders if it is higher.
  static Configuration Found(EnsembleId ensemble, std::vector<Member> founders,
                             Limits limits);

  // Rebuilds a configuration from stored or received parts. InvalidArgument if
  // they break an invariant; nothing that comes from outside can make one.
  struct Parts {
    EnsembleId ensemble;
    EnsembleId parent;
    uint64_t version = 0;
    std::vector<Member> members;
    std::vector<MemberId> removed;
    Limits limits;
    std::vector<FinishedChange> changes;

    bool operator==(const Parts&) const = default;
  };
  static absl::StatusOr<Configuration> FromParts(Parts parts);
  const Parts& parts() const { return parts_; }

  // InvalidArgument if the change makes no sense here: no change id or one that
  // is remembered, nothing to do, an id unknown or named twice, a promotion of
  // a voter, an incomplete newcomer, bad limits, no voter left, or too many.
  absl::Status CheckSense(const MembershipChange& change) const;

  // InvalidArgument if a newcomer's id was removed or is in use, or its address
  // is in use (rule 5).
  absl::Status CheckIdentities(const MembershipChange& change) const;

  // The configuration that `change` leads to first: a joint one if voters
  // change, else the final one. In a joint one, who loses the vote stays a
  // member until LeaveJoint(); learners come and go at once. InvalidArgument if
  // the change fails either check above or makes too many learners.
  // REQUIRES: !IsJoint().
  absl::StatusOr<Configuration> Enter(const MembershipChange& change) const;

  // The stable configuration that a joint one leads to. REQUIRES: IsJoint().
  Configuration LeaveJoint() const;

  // The configuration after a rescue (rule 23): `survivor` alone votes, all
  // others are removed for ever, under a fresh ensemble id that names the old
  // one as parent. REQUIRES: `survivor` is a member.
  Configuration Rescue(MemberId survivor, EnsembleId fresh) const;

  EnsembleId ensemble() const { return parts_.ensemble; }
  // The ensemble that this one was rescued from; none if it was founded.
  EnsembleId parent() const { return parts_.parent; }
  // Goes up by one with every configuration record. 0: no configuration.
  uint64_t version() const { return parts_.version; }
  const std::vector<Member>& members() const { return parts_.members; }
  const std::vector<MemberId>& removed() const { return parts_.removed; }
  const Limits& limits() const { return parts_.limits; }
  const std::vector<FinishedChange>& changes() const { return parts_.changes; }

  bool IsJoint() const { return joint_; }
  const std::vector<MemberId>& voters() const { return voters_; }
  // Empty unless joint.
  const std::vector<MemberId>& outgoing_voters() const { return outgoing_; }
  size_t LearnerCount() const;

  const Member* Find(MemberId id) const;  // nullptr if not a member
  const Member* Find(const MemberKey& key) const;
  const Member* FindAddress(const std::string& address) const;
  bool WasRemoved(MemberId id) const;
  // Votes on either side.
  bool IsVoter(const MemberKey& key) const;
  std::optional<uint64_t> VersionOfChange(uint64_t change_id) const;

  // Questions to the quorum: each side by itself, then both together. They are
  // false (none, pending) for an empty configuration.
  bool HasQuorum(absl::FunctionRef<bool(MemberId)> holds) const;
  Zxid QuorumZxid(absl::FunctionRef<Zxid(MemberId)> reached) const;
  uint64_t QuorumNumber(absl::FunctionRef<uint64_t(MemberId)> reached) const;
  VoteResult Vote(absl::FunctionRef<std::optional<bool>(MemberId)> vote) const;

  // "v5 {1 2 3}", "v6 {1 2 3 4}<-{1 2 3} learners {5} removed {9}".
  std::string Describe() const;

  bool operator==(const Configuration& other) const;

 private:
  explicit Configuration(Parts parts);
  absl::Status Validate() const;

  Parts parts_;
  // Derived from parts_.
  bool joint_ = false;
  std::vector<MemberId> voters_;
  std::vector<MemberId> outgoing_;
};

using ConfigurationPtr = std::shared_ptr<const Configuration>;

}  // namespace quorate::consensus

#endif  // QUORATE_COORD_CONSENSUS_CONFIGURATION_H_
