// Builders for tests about members and configurations. Member N is at "host:N"
// with incarnation 100 + N.

#ifndef QUORATE_COORD_CONSENSUS_TEST_MEMBERS_H_
#define QUORATE_COORD_CONSENSUS_TEST_MEMBERS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/limits.h"

namespace quorate::consensus {

inline constexpr EnsembleId kTestEnsemble = {0xabc, 0xdef};

inline std::vector<MemberId> Ids(const std::vector<uint64_t>& numbers) {
  std::vector<MemberId> ids;
  for (uint64_t number : numbers) ids.push_back({number});
  return ids;
}

inline Member MakeMember(uint64_t id) {
  return {{id}, {100 + id}, absl::StrCat("host:", id), false, false};
}

inline std::vector<Member> MakeMembers(const std::vector<uint64_t>& ids) {
  std::vector<Member> members;
  for (uint64_t id : ids) members.push_back(MakeMember(id));
  return members;
}

inline Configuration Founded(const std::vector<uint64_t>& founders,
                             const Limits& limits = Limits()) {
  return Configuration::Found(kTestEnsemble, MakeMembers(founders), limits);
}

// A change decided on `configuration`; its id is drawn from the version, so
// that changes made one after another differ.
inline MembershipChange ChangeOf(const Configuration& configuration) {
  MembershipChange change;
  change.change_id = 1000 + configuration.version();
  change.expected_version = configuration.version();
  return change;
}

inline MembershipChange Add(const Configuration& configuration,
                            const std::vector<uint64_t>& learners) {
  MembershipChange change = ChangeOf(configuration);
  change.add_learners = MakeMembers(learners);
  return change;
}

inline MembershipChange Replace(const Configuration& configuration,
                                const std::vector<uint64_t>& promote,
                                const std::vector<uint64_t>& remove) {
  MembershipChange change = ChangeOf(configuration);
  change.promote = Ids(promote);
  change.remove = Ids(remove);
  return change;
}

inline MembershipChange Promote(const Configuration& configuration,
                                const std::vector<uint64_t>& learners) {
  return Replace(configuration, learners, {});
}

inline MembershipChange Remove(const Configuration& configuration,
                               const std::vector<uint64_t>& members) {
  return Replace(configuration, {}, members);
}

inline MembershipChange SetLimits(const Configuration& configuration,
                                  const Limits& limits) {
  MembershipChange change = ChangeOf(configuration);
  change.limits = limits;
  return change;
}

// The first configuration of a change that must make sense.
inline Configuration Entered(const Configuration& configuration,
                             const MembershipChange& change) {
  absl::StatusOr<Configuration> next = configuration.Enter(change);
  QUORATE_CHECK(next.ok());
  return *next;
}

// The stable configuration that it leads to.
inline Configuration Made(const Configuration& configuration,
                          const MembershipChange& change) {
  const Configuration next = Entered(configuration, change);
  return next.IsJoint() ? next.LeaveJoint() : next;
}

}  // namespace quorate::consensus

#endif  // QUORATE_COORD_CONSENSUS_TEST_MEMBERS_H_
