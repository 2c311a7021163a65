#include "coord/consensus/message.h"

#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {
namespace {

absl::string_view YesNo(bool value) { return value ? "yes" : "no"; }

// One overload per message; std::visit picks it.
struct Describer {
  std::string operator()(const PreVote& m) const {
    return absl::StrCat("PreVote epoch=", m.epoch,
                        " last=", ToString(m.last_zxid));
  }
  std::string operator()(const PreVoteReply& m) const {
    return absl::StrCat("PreVoteReply epoch=", m.epoch,
                        " granted=", YesNo(m.granted),
                        " accepted=", m.accepted_epoch);
  }
  std::string operator()(const Vote& m) const {
    return absl::StrCat("Vote epoch=", m.epoch, " last=", ToString(m.last_zxid),
                        m.transfer_of != 0 ? " by-transfer" : "");
  }
  std::string operator()(const VoteReply& m) const {
    return absl::StrCat("VoteReply epoch=", m.epoch,
                        " granted=", YesNo(m.granted),
                        " accepted=", m.accepted_epoch);
  }
  std::string operator()(const TransferNow& m) const {
    return absl::StrCat("TransferNow epoch=", m.epoch);
  }
  std::string operator()(const HistoryRequest& m) const {
    return absl::StrCat("HistoryRequest epoch=", m.epoch);
  }
  std::string operator()(const HistoryReply& m) const {
    return absl::StrCat("HistoryReply epoch=", m.epoch,
                        " base=", ToString(m.base),
                        " last=", ToString(m.last_zxid));
  }
  std::string operator()(const Proposals& m) const {
    std::string text = absl::StrCat("Proposals epoch=", m.epoch,
                                    " after=", ToString(m.preceding),
                                    " commit=", ToString(m.commit));
    if (m.records.empty()) return text;
    return absl::StrCat(text, " records=", ToString(m.records.front().zxid),
                        "..", ToString(m.records.back().zxid));
  }
  std::string operator()(const Ack& m) const {
    return absl::StrCat("Ack epoch=", m.epoch,
                        " durable=", ToString(m.durable));
  }
  std::string operator()(const Heartbeat& m) const {
    return absl::StrCat("Heartbeat epoch=", m.epoch,
                        " commit=", ToString(m.commit),
                        " round=", m.read_round);
  }
  std::string operator()(const HeartbeatAck& m) const {
    return absl::StrCat(
        "HeartbeatAck epoch=", m.epoch, " received=", ToString(m.received),
        " durable=", ToString(m.durable), " round=", m.read_round);
  }
  std::string operator()(const StaleEpoch& m) const {
    return absl::StrCat("StaleEpoch epoch=", m.epoch,
                        " accepted=", m.accepted_epoch);
  }
  std::string operator()(const SnapshotChunk& m) const {
    return absl::StrCat(
        "SnapshotChunk epoch=", m.epoch, " snapshot=", ToString(m.meta.zxid),
        " offset=", m.offset, " length=", m.length, " of ", m.meta.size_bytes);
  }
  std::string operator()(const SnapshotAck& m) const {
    return absl::StrCat("SnapshotAck epoch=", m.epoch,
                        " snapshot=", ToString(m.snapshot),
                        " next=", m.next_offset);
  }
  std::string operator()(const ReadRequest& m) const {
    return absl::StrCat("ReadRequest epoch=", m.epoch, " batch=", m.batch);
  }
  std::string operator()(const ReadReply& m) const {
    return absl::StrCat("ReadReply epoch=", m.epoch, " batch=", m.batch,
                        " zxid=", ToString(m.zxid));
  }
  std::string operator()(const FoundingConfirm& m) const {
    return absl::StrCat("FoundingConfirm manifest=",
                        absl::Hex(m.manifest_hash, absl::kZeroPad16));
  }
  std::string operator()(const Founded& m) const {
    return absl::StrCat("Founded manifest=",
                        absl::Hex(m.manifest_hash, absl::kZeroPad16));
  }
  std::string operator()(const FoundingVeto& m) const {
    return absl::StrCat("FoundingVeto ", Describe(m.refusal));
  }
  std::string operator()(const JoinRequest&) const { return "JoinRequest"; }
  std::string operator()(const JoinReply& m) const {
    if (m.admitted) return "JoinReply admitted";
    if (m.refusal.rule != Rule::kNone) {
      return absl::StrCat("JoinReply ", Describe(m.refusal));
    }
    return absl::StrCat("JoinReply ask ",
                        m.leader_address.empty() ? "again" : m.leader_address);
  }
  std::string operator()(const Refused& m) const {
    return absl::StrCat("Refused ", Describe(m.refusal));
  }
};

}  // namespace

std::string Describe(const Message& message) {
  return std::visit(Describer{}, message);
}

std::string Describe(const Envelope& envelope) {
  return absl::StrCat(
      envelope.from.id.value, "->",
      envelope.to.IsNone() ? envelope.to_address : ToString(envelope.to), " ",
      Describe(envelope.message));
}

}  // namespace quorate::consensus
