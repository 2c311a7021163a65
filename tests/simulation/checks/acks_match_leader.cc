#include "tests/simulation/checks/acks_match_leader.h"

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
using consensus::Zxid;

void AcksMatchLeader::OnStart(const MemberView& member,
                              const consensus::DurableState& recovered) {
  logs_[member.index].Reset(Zxid());
  logs_[member.index].FollowDisk(recovered);
  NoteReign(member);
}

void AcksMatchLeader::OnOutput(const MemberView& member,
                               const consensus::Output& output) {
  logs_[member.index].FollowLog(output);
  NoteReign(member);
  for (const consensus::Envelope& envelope : output.messages) {
    if (const auto* ack = std::get_if<consensus::Ack>(&envelope.message)) {
      CheckAck(member, ack->epoch, ack->durable);
    } else if (const auto* heartbeat_ack =
                   std::get_if<consensus::HeartbeatAck>(&envelope.message)) {
      CheckAck(member, heartbeat_ack->epoch, heartbeat_ack->durable);
    }
  }
}

void AcksMatchLeader::NoteReign(const MemberView& member) {
  const consensus::Core& core = *member.core;
  Reign*& reign = reign_of_[member.index];
  if (!core.IsLeader()) {
    // From here on its log may be cut, and nobody counts acks of that epoch.
    if (reign != nullptr) reign->over = true;
    reign = nullptr;
    return;
  }
  Reign& now = reigns_[core.hard_state().ensemble][core.epoch()];
  if (reign != nullptr && reign != &now) reign->over = true;
  now.index = member.index;
  reign = &now;
}

void AcksMatchLeader::CheckAck(const MemberView& member, Epoch epoch,
                               Zxid acknowledged) {
  const auto& reigns = reigns_[member.core->hard_state().ensemble];
  const auto reign = reigns.find(epoch);
  if (reign == reigns.end() || reign->second.over) return;
  const History& log = logs_[reign->second.index];
  if (log.Contains(acknowledged)) return;
  Report(absl::StrCat(ToString(member.core->key()), " acknowledges ",
                      ToString(acknowledged), ", which the leader of epoch ",
                      epoch, " does not have"));
}

}  // namespace quorate::simulation
