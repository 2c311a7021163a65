#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/base/bytes.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/message.h"
#include "coord/consensus/record.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/record_codec.h"
#include "coord/rpc/codec/consensus_codec.h"
#include "coord/rpc/codec/error.h"
#include "coord/rpc/codec/error_codec.h"
#include "coord/storage/log_record.h"
#include "proto/coord/v1/peer.pb.h"

namespace quorate::rpc {

namespace v1 = coord::v1;

using consensus::Zxid;

namespace {

absl::StatusOr<consensus::Refusal> TakeRefusal(v1::PeerRefusal& proto) {
  if (proto.rule() >= static_cast<uint32_t>(consensus::kRuleCount)) {
    return MalformedError(absl::StrCat("a rule is one of 0 to ",
                                       consensus::kRuleCount - 1, "; found ",
                                       proto.rule()));
  }
  if (proto.numbers_size() > kMaxErrorNumbers) {
    return MalformedError(absl::StrCat("a refusal has at most ",
                                       kMaxErrorNumbers, " numbers; found ",
                                       proto.numbers_size()));
  }
  consensus::Refusal refusal;
  refusal.rule = static_cast<consensus::Rule>(proto.rule());
  refusal.reason = std::move(*proto.mutable_reason());
  for (v1::Number& number : *proto.mutable_numbers()) {
    refusal.numbers.emplace_back(std::move(*number.mutable_name()),
                                 number.value());
  }
  if (proto.has_retry_after_ms()) {
    refusal.retry_after_ms = proto.retry_after_ms();
  }
  return refusal;
}

absl::StatusOr<consensus::Record> TakeRecord(v1::LogRecord& proto) {
  if (proto.kind() > UINT8_MAX) {
    return MalformedError(
        absl::StrCat("a record's kind is below 256; found ", proto.kind()));
  }
  storage::LogRecord record;
  record.zxid = Zxid::FromValue(proto.zxid());
  record.kind = static_cast<uint8_t>(proto.kind());
  if (!proto.payload().empty()) {
    record.payload = MakeBytes(std::move(*proto.mutable_payload()));
  }
  return replica::FromLogRecord(record);
}

// The configuration in `bytes`; nullptr for none.
absl::StatusOr<consensus::ConfigurationPtr> TakeConfiguration(
    const std::string& bytes) {
  if (bytes.empty()) return consensus::ConfigurationPtr();
  return replica::DecodeConfiguration(bytes);
}

using Message = consensus::Message;

absl::StatusOr<Message> Take(const v1::PreVote& m) {
  return Message(consensus::PreVote{
      .epoch = m.epoch(), .last_zxid = Zxid::FromValue(m.last_zxid())});
}
absl::StatusOr<Message> Take(const v1::PreVoteReply& m) {
  return Message(consensus::PreVoteReply{.epoch = m.epoch(),
                                         .granted = m.granted(),
                                         .accepted_epoch = m.accepted_epoch()});
}
absl::StatusOr<Message> Take(const v1::Vote& m) {
  return Message(consensus::Vote{.epoch = m.epoch(),
                                 .last_zxid = Zxid::FromValue(m.last_zxid()),
                                 .transfer_of = m.transfer_of()});
}
absl::StatusOr<Message> Take(const v1::VoteReply& m) {
  return Message(consensus::VoteReply{.epoch = m.epoch(),
                                      .granted = m.granted(),
                                      .accepted_epoch = m.accepted_epoch()});
}
absl::StatusOr<Message> Take(const v1::TransferNow& m) {
  return Message(consensus::TransferNow{.epoch = m.epoch()});
}
absl::StatusOr<Message> Take(const v1::HistoryRequest& m) {
  return Message(consensus::HistoryRequest{.epoch = m.epoch(), .ask = m.ask()});
}
absl::StatusOr<Message> Take(const v1::HistoryReply& m) {
  consensus::HistoryReply reply{.epoch = m.epoch(),
                                .ask = m.ask(),
                                .base = Zxid::FromValue(m.base()),
                                .last_zxid = Zxid::FromValue(m.last_zxid()),
                                .runs = {}};
  reply.runs.reserve(static_cast<size_t>(m.runs_size()));
  for (const v1::EpochRun& run : m.runs()) {
    reply.runs.push_back(
        {.epoch = run.epoch(), .first = run.first(), .last = run.last()});
  }
  return Message(std::move(reply));
}
absl::StatusOr<Message> Take(v1::Proposals& m) {
  consensus::Proposals proposals{.epoch = m.epoch(),
                                 .preceding = Zxid::FromValue(m.preceding()),
                                 .commit = Zxid::FromValue(m.commit()),
                                 .records = {}};
  proposals.records.reserve(static_cast<size_t>(m.records_size()));
  for (v1::LogRecord& proto : *m.mutable_records()) {
    absl::StatusOr<consensus::Record> record = TakeRecord(proto);
    if (!record.ok()) return record.status();
    proposals.records.push_back(*std::move(record));
  }
  return Message(std::move(proposals));
}
absl::StatusOr<Message> Take(const v1::Ack& m) {
  return Message(consensus::Ack{.epoch = m.epoch(),
                                .durable = Zxid::FromValue(m.durable())});
}
absl::StatusOr<Message> Take(const v1::Heartbeat& m) {
  return Message(consensus::Heartbeat{.epoch = m.epoch(),
                                      .commit = Zxid::FromValue(m.commit()),
                                      .read_round = m.read_round(),
                                      .sent_ms = m.sent_ms()});
}
absl::StatusOr<Message> Take(const v1::HeartbeatAck& m) {
  return Message(
      consensus::HeartbeatAck{.epoch = m.epoch(),
                              .read_round = m.read_round(),
                              .sent_ms = m.sent_ms(),
                              .received = Zxid::FromValue(m.received()),
                              .durable = Zxid::FromValue(m.durable()),
                              .fsync_ms = m.fsync_ms()});
}
absl::StatusOr<Message> Take(const v1::StaleEpoch& m) {
  return Message(consensus::StaleEpoch{.epoch = m.epoch(),
                                       .accepted_epoch = m.accepted_epoch()});
}
absl::StatusOr<Message> Take(v1::SnapshotChunk& m) {
  // A chunk without a configuration could not be installed.
  absl::StatusOr<consensus::ConfigurationPtr> configuration =
      replica::DecodeConfiguration(m.configuration());
  if (!configuration.ok()) return configuration.status();
  const uint64_t length = m.data().size();
  if (m.offset() > m.size_bytes() || length > m.size_bytes() - m.offset()) {
    return MalformedError(absl::StrCat("a piece lies within its snapshot of ",
                                       m.size_bytes(), " bytes; found ", length,
                                       " bytes at ", m.offset()));
  }
  return Message(consensus::SnapshotChunk{
      .epoch = m.epoch(),
      .meta = {.zxid = Zxid::FromValue(m.zxid()),
               .configuration = *std::move(configuration),
               .configuration_zxid = Zxid::FromValue(m.configuration_zxid()),
               .size_bytes = m.size_bytes()},
      .offset = m.offset(),
      .length = length,
      .data = MakeBytes(std::move(*m.mutable_data()))});
}
absl::StatusOr<Message> Take(const v1::SnapshotAck& m) {
  return Message(
      consensus::SnapshotAck{.epoch = m.epoch(),
                             .snapshot = Zxid::FromValue(m.snapshot()),
                             .next_offset = m.next_offset()});
}
absl::StatusOr<Message> Take(const v1::ReadIndexRequest& m) {
  return Message(
      consensus::ReadRequest{.epoch = m.epoch(), .batch = m.batch()});
}
absl::StatusOr<Message> Take(const v1::ReadIndexReply& m) {
  return Message(consensus::ReadReply{.epoch = m.epoch(),
                                      .batch = m.batch(),
                                      .zxid = Zxid::FromValue(m.zxid())});
}
absl::StatusOr<Message> Take(const v1::FoundingConfirm& m) {
  return Message(
      consensus::FoundingConfirm{.manifest_hash = m.manifest_hash()});
}
absl::StatusOr<Message> Take(const v1::Founded& m) {
  absl::StatusOr<consensus::ConfigurationPtr> configuration =
      TakeConfiguration(m.configuration());
  if (!configuration.ok()) return configuration.status();
  return Message(
      consensus::Founded{.manifest_hash = m.manifest_hash(),
                         .incarnation = Incarnation{m.incarnation()},
                         .configuration = *std::move(configuration)});
}
absl::StatusOr<Message> Take(v1::FoundingVeto& m) {
  absl::StatusOr<consensus::Refusal> refusal =
      TakeRefusal(*m.mutable_refusal());
  if (!refusal.ok()) return refusal.status();
  return Message(consensus::FoundingVeto{.manifest_hash = m.manifest_hash(),
                                         .refusal = *std::move(refusal)});
}
absl::StatusOr<Message> Take(const v1::JoinRequest&) {
  return Message(consensus::JoinRequest{});
}
absl::StatusOr<Message> Take(v1::JoinReply& m) {
  absl::StatusOr<consensus::Refusal> refusal =
      TakeRefusal(*m.mutable_refusal());
  if (!refusal.ok()) return refusal.status();
  if (m.leader_address().size() > consensus::kMaxAddressBytes) {
    return MalformedError(
        absl::StrCat("an address has at most ", consensus::kMaxAddressBytes,
                     " bytes; found ", m.leader_address().size()));
  }
  return Message(consensus::JoinReply{
      .incarnation = Incarnation{m.incarnation()},
      .admitted = m.admitted(),
      .leader_address = std::move(*m.mutable_leader_address()),
      .refusal = *std::move(refusal)});
}
absl::StatusOr<Message> Take(v1::Refused& m) {
  absl::StatusOr<consensus::Refusal> refusal =
      TakeRefusal(*m.mutable_refusal());
  if (!refusal.ok()) return refusal.status();
  return Message(consensus::Refused{.refusal = *std::move(refusal)});
}

}  // namespace

absl::StatusOr<consensus::Message> TakeMessage(v1::PeerMessage& proto) {
  switch (proto.message_case()) {
    case v1::PeerMessage::kPreVote:
      return Take(*proto.mutable_pre_vote());
    case v1::PeerMessage::kPreVoteReply:
      return Take(*proto.mutable_pre_vote_reply());
    case v1::PeerMessage::kVote:
      return Take(*proto.mutable_vote());
    case v1::PeerMessage::kVoteReply:
      return Take(*proto.mutable_vote_reply());
    case v1::PeerMessage::kTransferNow:
      return Take(*proto.mutable_transfer_now());
    case v1::PeerMessage::kHistoryRequest:
      return Take(*proto.mutable_history_request());
    case v1::PeerMessage::kHistoryReply:
      return Take(*proto.mutable_history_reply());
    case v1::PeerMessage::kProposals:
      return Take(*proto.mutable_proposals());
    case v1::PeerMessage::kAck:
      return Take(*proto.mutable_ack());
    case v1::PeerMessage::kHeartbeat:
      return Take(*proto.mutable_heartbeat());
    case v1::PeerMessage::kHeartbeatAck:
      return Take(*proto.mutable_heartbeat_ack());
    case v1::PeerMessage::kStaleEpoch:
      return Take(*proto.mutable_stale_epoch());
    case v1::PeerMessage::kSnapshotChunk:
      return Take(*proto.mutable_snapshot_chunk());
    case v1::PeerMessage::kSnapshotAck:
      return Take(*proto.mutable_snapshot_ack());
    case v1::PeerMessage::kReadIndexRequest:
      return Take(*proto.mutable_read_index_request());
    case v1::PeerMessage::kReadIndexReply:
      return Take(*proto.mutable_read_index_reply());
    case v1::PeerMessage::kFoundingConfirm:
      return Take(*proto.mutable_founding_confirm());
    case v1::PeerMessage::kFounded:
      return Take(*proto.mutable_founded());
    case v1::PeerMessage::kFoundingVeto:
      return Take(*proto.mutable_founding_veto());
    case v1::PeerMessage::kJoinRequest:
      return Take(*proto.mutable_join_request());
    case v1::PeerMessage::kJoinReply:
      return Take(*proto.mutable_join_reply());
    case v1::PeerMessage::kRefused:
      return Take(*proto.mutable_refused());
    default:
      break;
  }
  QUORATE_CHECK(false && "no message of consensus");
}

}  // namespace quorate::rpc
