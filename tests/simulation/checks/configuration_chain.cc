#include "tests/simulation/checks/configuration_chain.h"

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/output.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"

namespace quorate::simulation {
namespace {

using consensus::Configuration;
using consensus::Member;
using consensus::Zxid;

std::vector<MemberId> VotersOf(const Configuration& configuration) {
  std::vector<MemberId> voters;
  for (const Member& member : configuration.members()) {
    if (member.voter) voters.push_back(member.id);
  }
  return voters;
}

std::vector<MemberId> OutgoingOf(const Configuration& configuration) {
  std::vector<MemberId> outgoing;
  for (const Member& member : configuration.members()) {
    if (member.outgoing_voter) outgoing.push_back(member.id);
  }
  return outgoing;
}

size_t LearnersOf(const Configuration& configuration) {
  size_t learners = 0;
  for (const Member& member : configuration.members()) {
    if (!member.voter && !member.outgoing_voter) ++learners;
  }
  return learners;
}

// Rules 4 and 5: nobody is anybody else, and the removed stay removed.
std::string WhyIdentitiesAreWrong(const Configuration& before,
                                  const Configuration& after) {
  const std::set<MemberId> removed(after.removed().begin(),
                                   after.removed().end());
  std::set<MemberId> ids;
  std::set<std::string> addresses;
  for (const Member& member : after.members()) {
    const bool unique =
        ids.insert(member.id).second && addresses.insert(member.address).second;
    if (!unique) return "an id or an address is used twice";
    if (removed.contains(member.id)) return "a removed id is back";
    const Member* same = before.Find(member.id);
    if (same != nullptr && (same->incarnation != member.incarnation ||
                            same->address != member.address)) {
      return "an id has changed hands";
    }
  }
  for (MemberId id : before.removed()) {
    if (!removed.contains(id)) return "a removed id is forgotten";
    if (ids.contains(id)) return "a removed id is back";
  }
  for (const Member& member : before.members()) {
    if (!ids.contains(member.id) && !removed.contains(member.id)) {
      return "a member is gone without being remembered as removed";
    }
  }
  return "";
}

std::string WhyNotLeft(const Configuration& joint, const Configuration& after) {
  if (!OutgoingOf(after).empty()) return "a joint one follows a joint one";
  if (VotersOf(after) != VotersOf(joint)) {
    return "it does not go where the joint one leads";
  }
  if (!(after.limits() == joint.limits())) {
    return "limits change on leaving a joint one";
  }
  for (const Member& member : joint.members()) {
    const bool leaves = !member.voter && member.outgoing_voter;
    const bool here = after.Find(member.id) != nullptr;
    if (leaves == here) return "it does not drop just the outgoing voters";
  }
  return "";
}

std::string WhyNotEntered(const Configuration& before,
                          const Configuration& after) {
  const std::vector<MemberId> old_voters = VotersOf(before);
  const std::vector<MemberId> new_voters = VotersOf(after);
  const std::vector<MemberId> outgoing = OutgoingOf(after);
  if (old_voters != new_voters && outgoing != old_voters) {
    return "voters change without a joint configuration (rule 9)";
  }
  if (old_voters == new_voters && !outgoing.empty()) {
    return "it is joint without a change of voters";
  }
  size_t promoted = 0;
  for (MemberId id : new_voters) {
    const Member* known = before.Find(id);
    if (known == nullptr) return "a newcomer votes at once (rule 12)";
    if (!known->voter) ++promoted;
  }
  if (promoted > 1) return "it promotes more than one learner (rule 14)";
  if (new_voters.size() < old_voters.size() &&
      new_voters.size() < before.limits().min_voters) {
    return "it goes below the floor of voters (rule 17)";
  }
  if (LearnersOf(after) > LearnersOf(before) &&
      LearnersOf(after) > before.limits().max_learners) {
    return "there are too many learners (rule 16)";
  }
  return "";
}

}  // namespace

std::string WhyNotAfter(const Configuration& before,
                        const Configuration& after) {
  if (after.version() != before.version() + 1) {
    return "the version does not go up by one";
  }
  if (after.ensemble() != before.ensemble() ||
      after.parent() != before.parent()) {
    return "it is another ensemble's";
  }
  if (VotersOf(after).empty()) return "nobody votes";
  if (!consensus::ValidateLimits(after.limits()).ok()) {
    return "its limits are out of range";
  }
  std::string why = WhyIdentitiesAreWrong(before, after);
  if (!why.empty()) return why;
  return OutgoingOf(before).empty() ? WhyNotEntered(before, after)
                                    : WhyNotLeft(before, after);
}

void ConfigurationChain::OnStart(const MemberView& member,
                                 const consensus::DurableState& recovered) {
  mirrors_[member.index].Start(recovered);
}

void ConfigurationChain::OnOutput(const MemberView& member,
                                  const consensus::Output& output) {
  mirrors_[member.index].Follow(output);
  for (const consensus::Record& record : output.append) {
    if (record.kind == consensus::RecordKind::kConfiguration) {
      Appended(member, record);
    }
  }
}

void ConfigurationChain::Appended(const MemberView& member,
                                  const consensus::Record& record) {
  const consensus::Core& core = *member.core;
  // Followers append what a leader was judged for.
  if (!core.IsLeader() || record.zxid.epoch() != core.epoch()) return;
  const auto* before = mirrors_[member.index].Before(record.zxid);
  if (before == nullptr) {
    return Report(
        absl::StrCat(ToString(core.key()), " appends a configuration to none"));
  }
  std::string why = WhyNotAfter(*before->configuration, *record.configuration);
  if (why.empty() && before->zxid > core.commit()) {
    why = "the one before is not committed (rule 7)";
  }
  if (why.empty() && core.commit() < Zxid(core.epoch(), 0)) {
    why = "its leader has not committed NEWLEADER (rule 8)";
  }
  if (why.empty()) return;
  Report(absl::StrCat(ToString(core.key()), " appends ",
                      record.configuration->Describe(), " behind ",
                      before->configuration->Describe(), ": ", why));
}

}  // namespace quorate::simulation
