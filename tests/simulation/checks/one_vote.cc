#include "tests/simulation/checks/one_vote.h"

#include <variant>

#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "coord/consensus/zxid.h"

namespace quorate::simulation {

using consensus::Epoch;
using consensus::HardState;

void OneVote::OnStart(const MemberView& member,
                      const consensus::DurableState& recovered) {
  const HardState& now = recovered.hard_state;
  HardState& before = durable_[member.index];
  if (before.incarnation == now.incarnation &&
      before.accepted_epoch > now.accepted_epoch) {
    // Its disk was copied back, against which no vote is safe: forget what the
    // copy has forgotten. What the ensemble makes of it, other checks tell.
    Votes& votes = votes_[{now.ensemble, member.core->key()}];
    votes.erase(votes.upper_bound(now.accepted_epoch), votes.end());
  }
  before = now;
}

void OneVote::OnDurable(const MemberView& member,
                        const consensus::DurableState& on_disk) {
  const HardState& now = on_disk.hard_state;
  HardState& before = durable_[member.index];
  if (now.accepted_epoch == before.accepted_epoch &&
      now.voted_for == before.voted_for) {
    return;
  }
  before = now;
  if (now.voted_for.IsNone()) return;
  Voted(now.ensemble, member.core->key(), now.accepted_epoch, now.voted_for.id);
}

void OneVote::OnOutput(const MemberView& /*member*/,
                       const consensus::Output& output) {
  for (const consensus::Envelope& envelope : output.messages) {
    const auto* reply = std::get_if<consensus::VoteReply>(&envelope.message);
    if (reply == nullptr || !reply->granted) continue;
    Voted(envelope.ensemble, envelope.from, reply->epoch, envelope.to);
  }
}

void OneVote::Voted(const EnsembleId& ensemble, const MemberKey& voter,
                    Epoch epoch, MemberId candidate) {
  const auto [place, fresh] =
      votes_[{ensemble, voter}].try_emplace(epoch, candidate);
  if (fresh || place->second == candidate) return;
  Report(absl::StrCat(ToString(voter), " votes for ", ToString(candidate),
                      " in epoch ", epoch, ", in which it voted for ",
                      ToString(place->second)));
}

}  // namespace quorate::simulation
