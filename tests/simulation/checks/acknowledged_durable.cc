#include "tests/simulation/checks/acknowledged_durable.h"

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

void AcknowledgedDurable::OnStart(const MemberView& member,
                                  const consensus::DurableState& recovered) {
  disks_[member.index] = {};
  OnDurable(member, recovered);
}

void AcknowledgedDurable::OnDurable(const MemberView& member,
                                    const consensus::DurableState& on_disk) {
  OnDisk& disk = disks_[member.index];
  disk.hard_state = on_disk.hard_state;
  disk.log.FollowDisk(on_disk);
}

void AcknowledgedDurable::OnOutput(const MemberView& member,
                                   const consensus::Output& output) {
  for (const consensus::Envelope& envelope : output.messages) {
    CheckMessage(member, envelope);
  }
  if (output.committed.empty()) return;
  const Zxid handed_out = output.committed.back().zxid;
  if (disks_[member.index].log.Contains(handed_out)) return;
  Report(absl::StrCat(ToString(member.core->key()), " hands out ",
                      ToString(handed_out), ", which is not on its disk"));
}

void AcknowledgedDurable::CheckMessage(const MemberView& member,
                                       const consensus::Envelope& envelope) {
  const consensus::Message& message = envelope.message;
  if (const auto* ack = std::get_if<consensus::Ack>(&message)) {
    CheckAck(member, ack->epoch, ack->durable);
  } else if (const auto* heartbeat_ack =
                 std::get_if<consensus::HeartbeatAck>(&message)) {
    CheckAck(member, heartbeat_ack->epoch, heartbeat_ack->durable);
  } else if (const auto* reply = std::get_if<consensus::VoteReply>(&message)) {
    if (reply->granted) CheckVote(member, envelope, *reply);
  } else if (const auto* confirm =
                 std::get_if<consensus::FoundingConfirm>(&message)) {
    const auto& durable = disks_[member.index].hard_state;
    if (durable.manifest_hash == confirm->manifest_hash) return;
    Report(absl::StrCat(ToString(member.core->key()),
                        " confirms a manifest that is not on its disk"));
  }
}

void AcknowledgedDurable::CheckAck(const MemberView& member, Epoch epoch,
                                   Zxid acknowledged) {
  // An ack that was held back until its epoch was durable may leave when that
  // epoch is over, and what it names may be gone again. It was true when it was
  // given, and the election of the next leader has taken it into account.
  if (epoch < member.core->epoch()) return;
  const OnDisk& disk = disks_[member.index];
  if (!disk.log.Contains(acknowledged)) {
    Report(absl::StrCat(ToString(member.core->key()), " acknowledges ",
                        ToString(acknowledged), "; on its disk is ",
                        ToString(disk.log.last())));
  }
  if (disk.hard_state.accepted_epoch < epoch) {
    Report(absl::StrCat(ToString(member.core->key()), " acknowledges in epoch ",
                        epoch, "; on its disk is epoch ",
                        disk.hard_state.accepted_epoch));
  }
  if (disk.hard_state.ensemble != member.core->hard_state().ensemble) {
    Report(absl::StrCat(ToString(member.core->key()),
                        " acknowledges before its ensemble is on its disk"));
  }
}

void AcknowledgedDurable::CheckVote(const MemberView& member,
                                    const consensus::Envelope& envelope,
                                    const consensus::VoteReply& reply) {
  const consensus::HardState& durable = disks_[member.index].hard_state;
  // A higher epoch on the disk keeps the promise as well: it never votes in
  // this one again.
  if (durable.accepted_epoch > reply.epoch) return;
  if (durable.accepted_epoch == reply.epoch &&
      durable.voted_for.id == envelope.to) {
    return;
  }
  Report(absl::StrCat(ToString(member.core->key()), " votes for ",
                      ToString(envelope.to), " in epoch ", reply.epoch,
                      "; on its disk is epoch ", durable.accepted_epoch,
                      " and a vote for ", ToString(durable.voted_for)));
}

}  // namespace quorate::simulation
