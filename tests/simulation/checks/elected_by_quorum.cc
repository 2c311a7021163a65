#include "tests/simulation/checks/elected_by_quorum.h"

#include <algorithm>
#include <variant>

#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/checks/both_majorities.h"

namespace quorate::simulation {

using consensus::Configuration;
using consensus::Epoch;
using consensus::HardState;

void ElectedByQuorum::OnStart(const MemberView& member,
                              const consensus::DurableState& recovered) {
  leads_[member.index] = 0;
  // A vote that a crash kept from the disk was never given: nothing was sent,
  // and the member may vote anew in that epoch.
  const HardState& found = recovered.hard_state;
  auto& ballots = ballots_[{found.ensemble, {found.member, found.incarnation}}];
  ballots.erase(ballots.upper_bound(found.accepted_epoch), ballots.end());
  if (found.voted_for.IsNone()) ballots.erase(found.accepted_epoch);
  OnDurable(member, recovered);
}

void ElectedByQuorum::OnDurable(const MemberView& member,
                                const consensus::DurableState& on_disk) {
  const HardState& now = on_disk.hard_state;
  HardState& before = hard_states_[member.index];
  if (now == before) return;
  before = now;
  const MemberKey key = {now.member, now.incarnation};
  Durable(key, now.accepted_epoch);
  if (now.voted_for.IsNone()) return;
  Votes(now.ensemble, key, now.accepted_epoch, now.voted_for.id);
}

void ElectedByQuorum::OnOutput(const MemberView& member,
                               const consensus::Output& output) {
  const consensus::Core& core = *member.core;
  // One output may hold several votes, and one sync several outputs; the disk
  // then shows only the last vote, but it promises the others as well.
  if (output.hard_state.has_value() && !output.hard_state->voted_for.IsNone()) {
    Votes(output.hard_state->ensemble, core.key(),
          output.hard_state->accepted_epoch, output.hard_state->voted_for.id);
  }
  for (const consensus::Envelope& envelope : output.messages) {
    const auto* reply = std::get_if<consensus::VoteReply>(&envelope.message);
    if (reply == nullptr || !reply->granted) continue;
    Votes(envelope.ensemble, envelope.from, reply->epoch, envelope.to);
  }
  if (!core.IsLeader() || leads_[member.index] == core.epoch()) return;
  leads_[member.index] = core.epoch();
  Elected(core.configuration(), core.key(), core.epoch());
}

void ElectedByQuorum::Votes(const EnsembleId& ensemble, const MemberKey& voter,
                            Epoch epoch, MemberId candidate) {
  ballots_[{ensemble, voter}].try_emplace(epoch, candidate);
}

void ElectedByQuorum::Durable(const MemberKey& voter, Epoch epoch) {
  Epoch& durable = durable_[voter];
  durable = std::max(durable, epoch);
}

void ElectedByQuorum::Elected(const Configuration& configuration,
                              const MemberKey& leader, Epoch epoch) {
  auto voted = [&](const MemberKey& voter) {
    const auto ballots = ballots_.find({configuration.ensemble(), voter});
    if (ballots == ballots_.end() || durable_[voter] < epoch) return false;
    const auto ballot = ballots->second.find(epoch);
    return ballot != ballots->second.end() && ballot->second == leader.id;
  };
  if (BothMajorities(configuration, voted)) return;
  Report(absl::StrCat(ToString(leader), " leads epoch ", epoch,
                      " without a majority of each side of ",
                      configuration.Describe()));
}

}  // namespace quorate::simulation
