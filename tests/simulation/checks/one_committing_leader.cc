#include "tests/simulation/checks/one_committing_leader.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/output.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/checks/both_majorities.h"

namespace quorate::simulation {
namespace {

using consensus::Epoch;

bool CanCommit(const OneCommittingLeader::Standing& leader,
               const std::map<MemberKey, Epoch>& epoch_of) {
  return BothMajorities(*leader.configuration, [&](const MemberKey& key) {
    const auto accepted = epoch_of.find(key);
    return accepted != epoch_of.end() && accepted->second <= leader.accepted;
  });
}

}  // namespace

void OneCommittingLeader::OnStart(const MemberView& member,
                                  const consensus::DurableState& recovered) {
  Epoch& durable = durable_epoch_[member.core->key()];
  durable = std::max(durable, recovered.hard_state.accepted_epoch);
  epoch_[member.core->key()] = durable;
  Note(member);
}

void OneCommittingLeader::OnDurable(const MemberView& member,
                                    const consensus::DurableState& on_disk) {
  const Epoch accepted = on_disk.hard_state.accepted_epoch;
  if (accepted == 0) return;
  Epoch& durable = durable_epoch_[member.core->key()];
  durable = std::max(durable, accepted);
}

void OneCommittingLeader::OnOutput(const MemberView& member,
                                   const consensus::Output& /*output*/) {
  Note(member);
  if (leaders_ < 2) return;
  Compare(std::vector<Standing>(standings_.begin(), standings_.end()), epoch_);
}

void OneCommittingLeader::Note(const MemberView& member) {
  const consensus::Core& core = *member.core;
  Standing& standing = standings_[member.index];
  leaders_ += (core.IsLeader() ? 1 : 0) - (standing.leads ? 1 : 0);
  standing.leads = core.IsLeader();
  if (core.epoch() != standing.accepted || core.key() != standing.key) {
    standing.accepted = core.epoch();
    standing.key = core.key();
    Epoch& epoch = epoch_[core.key()];
    epoch = std::max(epoch, core.epoch());
  }
  if (!standing.leads) return;
  standing.ensemble = core.hard_state().ensemble;
  const auto& newest = core.configurations().Newest().configuration;
  if (standing.configuration != newest) standing.configuration = newest;
}

void OneCommittingLeader::Compare(const std::vector<Standing>& standings,
                                  const std::map<MemberKey, Epoch>& epoch_of) {
  std::vector<const Standing*> leaders;
  for (const Standing& standing : standings) {
    if (standing.leads) leaders.push_back(&standing);
  }
  for (size_t i = 0; i < leaders.size(); ++i) {
    for (size_t j = i + 1; j < leaders.size(); ++j) {
      const Standing& a = *leaders[i];
      const Standing& b = *leaders[j];
      if (a.ensemble != b.ensemble || !CanCommit(a, epoch_of) ||
          !CanCommit(b, epoch_of)) {
        continue;
      }
      return Report(absl::StrCat(ToString(a.key), " leads epoch ", a.accepted,
                                 " with ", a.configuration->Describe(), " and ",
                                 ToString(b.key), " leads epoch ", b.accepted,
                                 " with ", b.configuration->Describe(),
                                 "; both hold a quorum"));
    }
  }
}

}  // namespace quorate::simulation
