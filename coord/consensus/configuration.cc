#include "coord/consensus/configuration.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/consensus/guard.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/quorum.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {
namespace {

// Only for a mutation run with rule 9 off: what must never be counted.
std::vector<MemberId> Pooled(const std::vector<MemberId>& incoming,
                             const std::vector<MemberId>& outgoing) {
  std::vector<MemberId> pooled;
  std::set_union(incoming.begin(), incoming.end(), outgoing.begin(),
                 outgoing.end(), std::back_inserter(pooled));
  return pooled;
}

absl::Status Broken(absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("broken configuration: ", what));
}

absl::Status ValidateMembers(const std::vector<Member>& members) {
  std::set<absl::string_view> addresses;
  MemberId previous;
  for (const Member& member : members) {
    if (member.id <= previous) {
      return Broken("members must ascend by id, and an id must not be 0");
    }
    previous = member.id;
    const std::string name = absl::StrCat("member ", ToString(member.id));
    if (member.incarnation.IsNone()) {
      return Broken(absl::StrCat(name, " has no incarnation"));
    }
    if (member.address.empty() || member.address.size() > kMaxAddressBytes) {
      return Broken(absl::StrCat("the address of ", name, " must have 1 to ",
                                 kMaxAddressBytes, " bytes"));
    }
    if (!addresses.insert(member.address).second) {
      return Broken(absl::StrCat(name, " shares the address ", member.address,
                                 " with another member"));
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateRemoved(const Configuration& configuration) {
  MemberId previous;
  for (MemberId id : configuration.removed()) {
    if (id <= previous) {
      return Broken("removed ids must ascend, and an id must not be 0");
    }
    previous = id;
    if (On(Guard::kRule5NoResurrection) && configuration.Find(id) != nullptr) {
      return Broken(absl::StrCat("member ", ToString(id), " was removed"));
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateChanges(const Configuration& configuration) {
  const auto& changes = configuration.changes();
  if (changes.size() > Configuration::kRememberedChanges) {
    return Broken("more changes than are ever remembered");
  }
  const uint64_t newest =
      configuration.version() + (configuration.IsJoint() ? 1 : 0);
  std::set<uint64_t> ids;
  uint64_t previous = 1;
  for (const Configuration::FinishedChange& change : changes) {
    if (change.change_id == 0 || !ids.insert(change.change_id).second) {
      return Broken("a change is remembered twice, or has no id");
    }
    if (change.version <= previous || change.version > newest) {
      return Broken(
          "the versions of remembered changes must ascend up to "
          "its own");
    }
    previous = change.version;
  }
  return absl::OkStatus();
}

std::string ListOf(const std::vector<MemberId>& ids) {
  return absl::StrCat("{",
                      absl::StrJoin(ids, " ",
                                    [](std::string* out, MemberId id) {
                                      absl::StrAppend(out, ToString(id));
                                    }),
                      "}");
}

}  // namespace

Configuration::Configuration(Parts parts) : parts_(std::move(parts)) {
  for (const Member& member : parts_.members) {
    if (member.voter) voters_.push_back(member.id);
    if (member.outgoing_voter) outgoing_.push_back(member.id);
  }
  joint_ = !outgoing_.empty();
}

absl::StatusOr<Configuration> Configuration::FromParts(Parts parts) {
  Configuration configuration(std::move(parts));
  absl::Status status = configuration.Validate();
  if (!status.ok()) return status;
  return configuration;
}

// The invariants:
//  1. Version 0 is the empty configuration, which says nothing at all.
//  2. Any other names its ensemble, and a parent only if that is another one.
//  3. Members ascend by id; each has an id, an incarnation and an address of
//     acceptable length; addresses are unique.
//  4. There is at least one (incoming) voter, and at most kMaxVoters on each
//     side, and at most kMaxLearners learners.
//  5. A joint configuration (one with outgoing voters) goes somewhere: its
//     sides differ. It is never the first one.
//  6. Removed ids ascend, and none of them is a member (rule 5).
//  7. The limits are valid.
//  8. Remembered changes are few, have an id each, no id twice, and ascend by
//     version; only a joint configuration remembers a change to come.
absl::Status Configuration::Validate() const {
  if (parts_.version == 0) {
    return parts_ == Parts() ? absl::OkStatus()
                             : Broken("version 0 must be empty");
  }
  if (parts_.ensemble.IsNone()) return Broken("no ensemble id");
  if (parts_.parent == parts_.ensemble) return Broken("it is its own parent");
  absl::Status status = ValidateMembers(parts_.members);
  if (!status.ok()) return status;
  if (voters_.empty()) return Broken("nobody votes");
  if (voters_.size() > kMaxVoters || outgoing_.size() > kMaxVoters ||
      LearnerCount() > kMaxLearners) {
    return Broken(absl::StrCat("more than ", kMaxVoters, " voters or ",
                               kMaxLearners, " learners"));
  }
  if (joint_ && (voters_ == outgoing_ || parts_.version == 1)) {
    return Broken("joint without a change of voters");
  }
  status = ValidateRemoved(*this);
  if (!status.ok()) return status;
  status = ValidateLimits(parts_.limits);
  if (!status.ok()) return Broken(status.message());
  return ValidateChanges(*this);
}

size_t Configuration::LearnerCount() const {
  return static_cast<size_t>(
      std::count_if(parts_.members.begin(), parts_.members.end(),
                    [](const Member& member) { return member.IsLearner(); }));
}

const Member* Configuration::Find(MemberId id) const {
  const auto found = std::lower_bound(
      parts_.members.begin(), parts_.members.end(), id,
      [](const Member& member, MemberId wanted) { return member.id < wanted; });
  return found != parts_.members.end() && found->id == id ? &*found : nullptr;
}

const Member* Configuration::Find(const MemberKey& key) const {
  const Member* member = Find(key.id);
  return member != nullptr && member->incarnation == key.incarnation ? member
                                                                     : nullptr;
}

const Member* Configuration::FindAddress(const std::string& address) const {
  for (const Member& member : parts_.members) {
    if (member.address == address) return &member;
  }
  return nullptr;
}

bool Configuration::WasRemoved(MemberId id) const {
  return std::binary_search(parts_.removed.begin(), parts_.removed.end(), id);
}

bool Configuration::IsVoter(const MemberKey& key) const {
  const Member* member = Find(key);
  return member != nullptr && !member->IsLearner();
}

std::optional<uint64_t> Configuration::VersionOfChange(
    uint64_t change_id) const {
  for (const FinishedChange& change : parts_.changes) {
    if (change.change_id == change_id) return change.version;
  }
  return std::nullopt;
}

bool Configuration::HasQuorum(absl::FunctionRef<bool(MemberId)> holds) const {
  if (!joint_) return HasMajority(voters_, holds);
  if (!On(Guard::kRule9BothMajorities)) {
    return HasMajority(Pooled(voters_, outgoing_), holds);
  }
  return HasMajority(voters_, holds) && HasMajority(outgoing_, holds);
}

Zxid Configuration::QuorumZxid(
    absl::FunctionRef<Zxid(MemberId)> reached) const {
  return Zxid::FromValue(
      QuorumNumber([&](MemberId member) { return reached(member).value(); }));
}

uint64_t Configuration::QuorumNumber(
    absl::FunctionRef<uint64_t(MemberId)> reached) const {
  if (!joint_) return MajorityNumber(voters_, reached);
  if (!On(Guard::kRule9BothMajorities)) {
    return MajorityNumber(Pooled(voters_, outgoing_), reached);
  }
  return std::min(MajorityNumber(voters_, reached),
                  MajorityNumber(outgoing_, reached));
}

VoteResult Configuration::Vote(
    absl::FunctionRef<std::optional<bool>(MemberId)> vote) const {
  if (voters_.empty()) return VoteResult::kPending;
  if (!joint_) return MajorityVote(voters_, vote);
  if (!On(Guard::kRule9BothMajorities)) {
    return MajorityVote(Pooled(voters_, outgoing_), vote);
  }
  return JointVote(MajorityVote(voters_, vote), MajorityVote(outgoing_, vote));
}

std::string Configuration::Describe() const {
  std::vector<MemberId> learners;
  for (const Member& member : parts_.members) {
    if (member.IsLearner()) learners.push_back(member.id);
  }
  std::string text = absl::StrCat("v", parts_.version, " ", ListOf(voters_));
  if (joint_) absl::StrAppend(&text, "<-", ListOf(outgoing_));
  if (!learners.empty()) absl::StrAppend(&text, " learners ", ListOf(learners));
  if (!parts_.removed.empty()) {
    absl::StrAppend(&text, " removed ", ListOf(parts_.removed));
  }
  return text;
}

bool Configuration::operator==(const Configuration& other) const {
  return parts_ == other.parts_;
}

}  // namespace quorate::consensus
