#include "coord/consensus/static_membership.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/base/unsafe_ensemble.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/options.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {
namespace {

constexpr uint64_t kEpochsOfARound = kMaxStaticId + 1;

}  // namespace

absl::Status ValidateStaticMembers(
    const std::vector<Manifest::Founder>& members, MemberId self,
    const std::string& address) {
  Manifest manifest;
  manifest.founders = members;
  if (absl::Status s = ValidateManifest(manifest); !s.ok()) return s;
  if (members.back().id.value > kMaxStaticId) {
    return absl::InvalidArgumentError(
        absl::StrCat("the ids of static members are 1 to ", kMaxStaticId,
                     "; found ", ToString(members.back().id)));
  }
  const bool listed = std::any_of(
      members.begin(), members.end(), [&](const Manifest::Founder& member) {
        return member.id == self && member.address == address;
      });
  if (listed) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("expected this member, ",
                                                 ToString(self), "=", address,
                                                 ", in the list; it is not"));
}

StaticMembership::StaticMembership(
    MemberId self, const std::vector<Manifest::Founder>& members)
    : self_(self) {
  std::vector<Member> voters;
  for (const Manifest::Founder& member : members) {
    voters.push_back(
        {member.id, kUnsafeIncarnation, member.address, true, false});
  }
  configuration_ = std::make_shared<const Configuration>(
      Configuration::Found(kUnsafeEnsemble, std::move(voters), Limits()));
}

Epoch StaticMembership::NextEpoch(Epoch epoch) const {
  const uint64_t round = epoch / kEpochsOfARound + 1;
  const uint64_t next = round * kEpochsOfARound + self_.value;
  return next > std::numeric_limits<Epoch>::max() ? 0
                                                  : static_cast<Epoch>(next);
}

bool StaticMembership::IsSupported(MemberId leader, Epoch epoch) const {
  return configuration_->HasQuorum([&](MemberId member) {
    if (member == self_ || member == leader) return true;
    const auto accepted = accepted_.find(member);
    return accepted != accepted_.end() && accepted->second == epoch;
  });
}

bool StaticMembership::ShouldAsk(int64_t now_ms, int64_t interval_ms) {
  if (now_ms < ask_at_ms_) return false;
  ask_at_ms_ = now_ms + interval_ms;
  return true;
}

Refusal StaticMembershipRefusal() {
  return {Rule::kOneTruth,
          "UNSAFE: membership is static here, each member believes its own "
          "list; restart the members with other lists instead",
          {},
          {}};
}

Refusal UnsafeEnsembleRefusal() {
  return {Rule::kEnsembleId,
          "this member is UNSAFE: it runs with --unsafe-static-membership and "
          "never talks to a safe one; correct the address",
          {},
          {}};
}

}  // namespace quorate::consensus
