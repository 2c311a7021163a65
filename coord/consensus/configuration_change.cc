// How one configuration follows from another: founding, changes, rescue.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/guard.h"
#include "coord/consensus/limits.h"

namespace quorate::consensus {
namespace {

absl::Status Nonsense(absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("bad membership change: ", what));
}

bool Contains(const std::vector<MemberId>& ids, MemberId id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

bool NamesAnIdTwice(const MembershipChange& change) {
  std::vector<MemberId> ids = change.promote;
  ids.insert(ids.end(), change.remove.begin(), change.remove.end());
  for (const Member& member : change.add_learners) ids.push_back(member.id);
  std::sort(ids.begin(), ids.end());
  return std::adjacent_find(ids.begin(), ids.end()) != ids.end();
}

absl::Status CheckNewcomers(const std::vector<Member>& newcomers) {
  std::set<absl::string_view> addresses;
  for (const Member& member : newcomers) {
    if (member.id.IsNone() || member.incarnation.IsNone()) {
      return Nonsense("a new learner needs an id and an incarnation, not 0");
    }
    if (member.address.empty() || member.address.size() > kMaxAddressBytes) {
      return Nonsense(absl::StrCat("the address of learner ",
                                   ToString(member.id), " must have 1 to ",
                                   kMaxAddressBytes, " bytes"));
    }
    if (!addresses.insert(member.address).second) {
      return Nonsense(
          absl::StrCat("two learners at the address ", member.address));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckPromotions(const MembershipChange& change,
                             const Configuration& configuration) {
  for (MemberId id : change.promote) {
    const Member* member = configuration.Find(id);
    if (member == nullptr) {
      return Nonsense(
          absl::StrCat("cannot promote ", ToString(id),
                       ", which is no member; add it as a learner before"));
    }
    if (!member->IsLearner()) {
      return Nonsense(absl::StrCat("cannot promote ", ToString(id),
                                   ", which is a voter already"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckRemovals(const MembershipChange& change,
                           const Configuration& configuration) {
  for (MemberId id : change.remove) {
    const Member* member = configuration.Find(id);
    if (member == nullptr) {
      return Nonsense(
          absl::StrCat("cannot remove ", ToString(id), ", which is no member"));
    }
    if (!member->voter && member->outgoing_voter) {
      return Nonsense(absl::StrCat("cannot remove ", ToString(id),
                                   ", which is being removed already"));
    }
  }
  return absl::OkStatus();
}

// Rule 5: keeps `id` from ever being admitted again.
void Remember(MemberId id, std::vector<MemberId>& removed) {
  if (!On(Guard::kRule5NoResurrection)) return;
  const auto place = std::lower_bound(removed.begin(), removed.end(), id);
  if (place == removed.end() || *place != id) removed.insert(place, id);
}

// Drops the members that satisfy `gone` and remembers them as removed.
template <typename Predicate>
void DropMembers(Configuration::Parts& parts, Predicate gone) {
  for (const Member& member : parts.members) {
    if (gone(member)) Remember(member.id, parts.removed);
  }
  std::erase_if(parts.members, gone);
}

void SortById(std::vector<Member>& members) {
  std::sort(members.begin(), members.end(),
            [](const Member& a, const Member& b) { return a.id < b.id; });
}

}  // namespace

bool MembershipChange::ChangesVoters(const Configuration& configuration) const {
  if (!promote.empty()) return true;
  return std::any_of(remove.begin(), remove.end(), [&](MemberId id) {
    const Member* member = configuration.Find(id);
    return member != nullptr && !member->IsLearner();
  });
}

Configuration Configuration::Found(EnsembleId ensemble,
                                   std::vector<Member> founders,
                                   Limits limits) {
  Parts parts;
  parts.ensemble = ensemble;
  parts.version = 1;
  parts.members = std::move(founders);
  for (Member& member : parts.members) {
    member.voter = true;
    member.outgoing_voter = false;
  }
  SortById(parts.members);
  parts.limits = limits;
  parts.limits.min_voters =
      std::min(limits.min_voters, static_cast<uint32_t>(parts.members.size()));
  Configuration configuration(std::move(parts));
  QUORATE_CHECK(configuration.Validate().ok());
  return configuration;
}

absl::Status Configuration::CheckSense(const MembershipChange& change) const {
  if (change.change_id == 0) return Nonsense("the change id must not be 0");
  if (VersionOfChange(change.change_id).has_value()) {
    return Nonsense("a change with this id was made before");
  }
  if (change.add_learners.empty() && change.promote.empty() &&
      change.remove.empty() &&
      (!change.limits.has_value() || *change.limits == limits())) {
    return Nonsense("there is nothing to do");
  }
  if (NamesAnIdTwice(change)) return Nonsense("an id is named twice");
  absl::Status status = CheckNewcomers(change.add_learners);
  if (!status.ok()) return status;
  status = CheckPromotions(change, *this);
  if (!status.ok()) return status;
  status = CheckRemovals(change, *this);
  if (!status.ok()) return status;
  if (change.limits.has_value()) {
    status = ValidateLimits(*change.limits);
    if (!status.ok()) return Nonsense(status.message());
  }
  const auto leaving =
      std::count_if(voters_.begin(), voters_.end(),
                    [&](MemberId id) { return Contains(change.remove, id); });
  const size_t resulting =
      voters_.size() + change.promote.size() - static_cast<size_t>(leaving);
  if (resulting == 0) return Nonsense("it would leave no voter");
  if (resulting > kMaxVoters) {
    return Nonsense(absl::StrCat("it would make ", resulting,
                                 " voters; at most ", kMaxVoters,
                                 " are possible"));
  }
  return absl::OkStatus();
}

absl::Status Configuration::CheckIdentities(
    const MembershipChange& change) const {
  for (const Member& member : change.add_learners) {
    const std::string id = ToString(member.id);
    if (On(Guard::kRule5NoResurrection) && WasRemoved(member.id)) {
      return Nonsense(
          absl::StrCat("id ", id,
                       " was removed and is never admitted again; give the "
                       "newcomer an id that was never used"));
    }
    if (const Member* holder = Find(member.id); holder != nullptr) {
      return Nonsense(
          holder->incarnation == member.incarnation
              ? absl::StrCat("member ", id, " belongs to the ensemble already")
              : absl::StrCat("id ", id, " is in use by the member at ",
                             holder->address,
                             " with another data directory; "
                             "give the newcomer an id that was never used"));
    }
    if (const Member* holder = FindAddress(member.address); holder != nullptr) {
      return Nonsense(absl::StrCat("address ", member.address,
                                   " is in use by member ",
                                   ToString(holder->id),
                                   "; remove that one first or use another "
                                   "address"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Configuration> Configuration::Enter(
    const MembershipChange& change) const {
  if (joint_) {
    QUORATE_CHECK(!On(Guard::kRule7OneAtATime));
    return LeaveJoint().Enter(change);
  }
  absl::Status status = CheckSense(change);
  if (status.ok()) status = CheckIdentities(change);
  if (!status.ok()) return status;

  const bool joint = change.ChangesVoters(*this);
  Parts next = parts_;
  next.version += 1;
  next.changes.push_back({change.change_id, next.version + (joint ? 1 : 0)});
  if (next.changes.size() > kRememberedChanges) {
    next.changes.erase(next.changes.begin());
  }
  if (change.limits.has_value()) next.limits = *change.limits;
  DropMembers(next, [&](const Member& member) {
    return member.IsLearner() && Contains(change.remove, member.id);
  });
  for (Member& member : next.members) {
    if (joint) member.outgoing_voter = member.voter;
    if (Contains(change.promote, member.id)) member.voter = true;
    if (Contains(change.remove, member.id)) member.voter = false;
  }
  for (Member member : change.add_learners) {
    member.voter = false;
    member.outgoing_voter = false;
    next.members.push_back(std::move(member));
  }
  SortById(next.members);

  Configuration configuration(std::move(next));
  if (configuration.LearnerCount() > kMaxLearners) {
    return Nonsense(absl::StrCat("it would make ", configuration.LearnerCount(),
                                 " learners; at most ", kMaxLearners,
                                 " are possible"));
  }
  QUORATE_CHECK(configuration.Validate().ok());
  return configuration;
}

Configuration Configuration::LeaveJoint() const {
  QUORATE_CHECK(joint_);
  Parts next = parts_;
  next.version += 1;
  DropMembers(next, [](const Member& member) {
    return !member.voter && member.outgoing_voter;
  });
  for (Member& member : next.members) member.outgoing_voter = false;
  Configuration configuration(std::move(next));
  QUORATE_CHECK(configuration.Validate().ok());
  return configuration;
}

Configuration Configuration::Rescue(MemberId survivor, EnsembleId fresh) const {
  QUORATE_CHECK(Find(survivor) != nullptr);
  Parts next = parts_;
  next.version += 1;
  // A change under way was cut short; asked for again, it was not made.
  if (joint_ && !next.changes.empty() &&
      next.changes.back().version > parts_.version) {
    next.changes.pop_back();
  }
  if (On(Guard::kRule23RescueMints)) {
    next.parent = parts_.ensemble;
    next.ensemble = fresh;
  }
  DropMembers(next,
              [&](const Member& member) { return member.id != survivor; });
  next.members.front().voter = true;
  next.members.front().outgoing_voter = false;
  next.limits.min_voters = 1;
  Configuration configuration(std::move(next));
  QUORATE_CHECK(configuration.Validate().ok());
  return configuration;
}

}  // namespace quorate::consensus
