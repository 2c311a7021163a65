#include "tests/simulation/checks/pre_vote_first.h"

#include <set>
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

void PreVoteFirst::OnStart(const MemberView& member,
                           const consensus::DurableState& /*recovered*/) {
  askers_[member.index] = {};
  askers_[member.index].configuration =
      member.core->configurations().Newest().configuration;
}

void PreVoteFirst::OnMessage(const MemberView& member,
                             const consensus::Envelope& envelope) {
  const consensus::Core& core = *member.core;
  if (envelope.ensemble != core.hard_state().ensemble) return;
  Asker& asker = askers_[member.index];
  if (const auto* reply =
          std::get_if<consensus::PreVoteReply>(&envelope.message)) {
    // A later refusal takes nothing back: the campaign may have been decided
    // before it came, though the output that tells is taken only afterwards.
    if (reply->granted) asker.granted[reply->epoch].insert(envelope.from);
  } else if (const auto* order =
                 std::get_if<consensus::TransferNow>(&envelope.message)) {
    asker.ordered = asker.ordered || order->epoch == core.epoch();
  }
}

void PreVoteFirst::OnOutput(const MemberView& member,
                            const consensus::Output& output) {
  const consensus::Core& core = *member.core;
  Asker& asker = askers_[member.index];
  for (const consensus::Event& event : output.events) {
    if (event.kind != consensus::EventKind::kCampaign) continue;
    const bool ordered = asker.ordered;
    asker.ordered = false;
    if (ordered) continue;
    // Answers to different candidacies may arrive mixed; only those for the
    // epoch of the campaign count, and no epoch is campaigned in twice.
    const auto epoch = static_cast<Epoch>(event.number);
    const std::set<MemberKey> granted = asker.granted[epoch];
    asker.granted.erase(asker.granted.begin(),
                        asker.granted.upper_bound(epoch));
    const auto& newest = core.configurations().Newest().configuration;
    if (MayCampaign(*newest, core.key(), granted)) continue;
    // The configuration may have changed later in the same output.
    if (asker.configuration != nullptr &&
        MayCampaign(*asker.configuration, core.key(), granted)) {
      continue;
    }
    Report(absl::StrCat(ToString(core.key()), " campaigns in epoch ",
                        event.number, " without the pre-votes of ",
                        newest->Describe()));
  }
  const auto& newest = core.configurations().Newest().configuration;
  if (asker.configuration != newest) asker.configuration = newest;
}

bool PreVoteFirst::MayCampaign(const Configuration& configuration,
                               const MemberKey& key,
                               const std::set<MemberKey>& granted) {
  return BothMajorities(configuration, [&](const MemberKey& voter) {
    return voter == key || granted.contains(voter);
  });
}

}  // namespace quorate::simulation
