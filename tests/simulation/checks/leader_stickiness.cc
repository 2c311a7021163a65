#include "tests/simulation/checks/leader_stickiness.h"

#include <variant>

#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "coord/consensus/zxid.h"

namespace quorate::simulation {
namespace {

// The epoch of a message that only leaders send; 0 for all others.
consensus::Epoch EpochOfLeader(const consensus::Message& message) {
  if (const auto* m = std::get_if<consensus::Heartbeat>(&message)) {
    return m->epoch;
  }
  if (const auto* m = std::get_if<consensus::Proposals>(&message)) {
    return m->epoch;
  }
  if (const auto* m = std::get_if<consensus::HistoryRequest>(&message)) {
    return m->epoch;
  }
  if (const auto* m = std::get_if<consensus::SnapshotChunk>(&message)) {
    return m->epoch;
  }
  return 0;
}

}  // namespace

void LeaderStickiness::OnStart(const MemberView& member,
                               const consensus::DurableState& /*recovered*/) {
  listeners_[member.index] = {};
}

bool LeaderStickiness::HearsAnother(const MemberView& member,
                                    const Listener& listener,
                                    MemberId candidate) {
  const consensus::Core& core = *member.core;
  return !core.IsLeader() && !listener.leader.IsNone() &&
         core.leader() == listener.leader && listener.leader != candidate &&
         core.now_ms() - listener.heard_ms < core.options().election_ms;
}

void LeaderStickiness::OnMessage(const MemberView& member,
                                 const consensus::Envelope& envelope) {
  const auto* request = std::get_if<consensus::PreVote>(&envelope.message);
  const auto* vote = std::get_if<consensus::Vote>(&envelope.message);
  if (request == nullptr && vote == nullptr) return;
  const consensus::Core& core = *member.core;
  Listener& listener = listeners_[member.index];
  listener.epoch_before = core.epoch();
  listener.must_refuse = HearsAnother(member, listener, envelope.from.id);
  if (request == nullptr) {
    const bool handed_over =
        vote->transfer_of != 0 && vote->transfer_of == core.epoch();
    if (handed_over) listener.must_refuse = false;
    return;
  }
  // A reply may be held back for a while, so one permission is enough.
  bool& may_grant = listener.may_grant[{envelope.from.id, request->epoch}];
  may_grant = may_grant || !listener.must_refuse;
}

void LeaderStickiness::OnMessageDone(const MemberView& member,
                                     const consensus::Envelope& envelope) {
  const consensus::Core& core = *member.core;
  Listener& listener = listeners_[member.index];
  if (const consensus::Epoch epoch = EpochOfLeader(envelope.message)) {
    // A late message of the same leader's earlier reign is not heard.
    if (core.leader() != envelope.from.id || core.IsLeader()) return;
    if (epoch != core.epoch()) return;
    listener.leader = envelope.from.id;
    listener.heard_ms = core.now_ms();
    return;
  }
  if (!std::holds_alternative<consensus::Vote>(envelope.message)) return;
  const bool granted = core.epoch() > listener.epoch_before &&
                       core.hard_state().voted_for == envelope.from;
  if (!granted || !listener.must_refuse) return;
  Report(absl::StrCat(ToString(core.key()), " heard leader ",
                      ToString(listener.leader), " ",
                      core.now_ms() - listener.heard_ms,
                      " ms ago and votes for ", ToString(envelope.from)));
}

void LeaderStickiness::OnOutput(const MemberView& member,
                                const consensus::Output& output) {
  const Listener& listener = listeners_[member.index];
  for (const consensus::Envelope& envelope : output.messages) {
    const auto* reply = std::get_if<consensus::PreVoteReply>(&envelope.message);
    if (reply == nullptr || !reply->granted) continue;
    const auto asked = listener.may_grant.find({envelope.to, reply->epoch});
    if (asked == listener.may_grant.end() || asked->second) continue;
    Report(absl::StrCat(ToString(member.core->key()), " hears leader ",
                        ToString(listener.leader), " and grants a pre-vote to ",
                        ToString(envelope.to)));
  }
}

}  // namespace quorate::simulation
