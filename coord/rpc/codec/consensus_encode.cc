#include <cstdint>
#include <variant>

#include "coord/consensus/message.h"
#include "coord/consensus/record.h"
#include "coord/consensus/rule.h"
#include "coord/replica/record_codec.h"
#include "coord/rpc/codec/consensus_codec.h"
#include "coord/rpc/codec/error_codec.h"
#include "coord/rpc/codec/utf8.h"
#include "coord/storage/log_record.h"
#include "proto/coord/v1/error.pb.h"
#include "proto/coord/v1/peer.pb.h"

namespace quorate::rpc {

namespace v1 = coord::v1;

namespace {

v1::PeerRefusal ToProto(const consensus::Refusal& refusal) {
  v1::PeerRefusal proto;
  proto.set_rule(static_cast<uint32_t>(refusal.rule));
  proto.set_reason(CleanUtf8(refusal.reason, kMaxErrorMessageBytes));
  for (const auto& [name, value] : refusal.numbers) {
    if (proto.numbers_size() >= kMaxErrorNumbers) break;
    v1::Number& number = *proto.add_numbers();
    number.set_name(name);
    number.set_value(value);
  }
  if (refusal.retry_after_ms) proto.set_retry_after_ms(*refusal.retry_after_ms);
  return proto;
}

void PutRecord(const consensus::Record& record, v1::LogRecord& proto) {
  const storage::LogRecord log_record = replica::ToLogRecord(record);
  proto.set_zxid(log_record.zxid.value());
  proto.set_kind(log_record.kind);
  if (log_record.payload) proto.set_payload(*log_record.payload);
}

struct Putter {
  v1::PeerMessage& proto;

  void operator()(const consensus::PreVote& m) {
    v1::PreVote& out = *proto.mutable_pre_vote();
    out.set_epoch(m.epoch);
    out.set_last_zxid(m.last_zxid.value());
  }
  void operator()(const consensus::PreVoteReply& m) {
    v1::PreVoteReply& out = *proto.mutable_pre_vote_reply();
    out.set_epoch(m.epoch);
    out.set_granted(m.granted);
    out.set_accepted_epoch(m.accepted_epoch);
  }
  void operator()(const consensus::Vote& m) {
    v1::Vote& out = *proto.mutable_vote();
    out.set_epoch(m.epoch);
    out.set_last_zxid(m.last_zxid.value());
    out.set_transfer_of(m.transfer_of);
  }
  void operator()(const consensus::VoteReply& m) {
    v1::VoteReply& out = *proto.mutable_vote_reply();
    out.set_epoch(m.epoch);
    out.set_granted(m.granted);
    out.set_accepted_epoch(m.accepted_epoch);
  }
  void operator()(const consensus::TransferNow& m) {
    proto.mutable_transfer_now()->set_epoch(m.epoch);
  }
  void operator()(const consensus::HistoryRequest& m) {
    v1::HistoryRequest& out = *proto.mutable_history_request();
    out.set_epoch(m.epoch);
    out.set_ask(m.ask);
  }
  void operator()(const consensus::HistoryReply& m) {
    v1::HistoryReply& out = *proto.mutable_history_reply();
    out.set_epoch(m.epoch);
    out.set_ask(m.ask);
    out.set_base(m.base.value());
    out.set_last_zxid(m.last_zxid.value());
    for (const consensus::EpochRun& run : m.runs) {
      v1::EpochRun& to = *out.add_runs();
      to.set_epoch(run.epoch);
      to.set_first(run.first);
      to.set_last(run.last);
    }
  }
  void operator()(const consensus::Proposals& m) {
    v1::Proposals& out = *proto.mutable_proposals();
    out.set_epoch(m.epoch);
    out.set_preceding(m.preceding.value());
    out.set_commit(m.commit.value());
    for (const consensus::Record& record : m.records) {
      PutRecord(record, *out.add_records());
    }
  }
  void operator()(const consensus::Ack& m) {
    v1::Ack& out = *proto.mutable_ack();
    out.set_epoch(m.epoch);
    out.set_durable(m.durable.value());
  }
  void operator()(const consensus::Heartbeat& m) {
    v1::Heartbeat& out = *proto.mutable_heartbeat();
    out.set_epoch(m.epoch);
    out.set_commit(m.commit.value());
    out.set_read_round(m.read_round);
    out.set_sent_ms(m.sent_ms);
  }
  void operator()(const consensus::HeartbeatAck& m) {
    v1::HeartbeatAck& out = *proto.mutable_heartbeat_ack();
    out.set_epoch(m.epoch);
    out.set_read_round(m.read_round);
    out.set_sent_ms(m.sent_ms);
    out.set_received(m.received.value());
    out.set_durable(m.durable.value());
    out.set_fsync_ms(m.fsync_ms);
  }
  void operator()(const consensus::StaleEpoch& m) {
    v1::StaleEpoch& out = *proto.mutable_stale_epoch();
    out.set_epoch(m.epoch);
    out.set_accepted_epoch(m.accepted_epoch);
  }
  void operator()(const consensus::SnapshotChunk& m) {
    v1::SnapshotChunk& out = *proto.mutable_snapshot_chunk();
    out.set_epoch(m.epoch);
    out.set_zxid(m.meta.zxid.value());
    if (m.meta.configuration) {
      out.set_configuration(
          replica::EncodeConfiguration(*m.meta.configuration));
    }
    out.set_configuration_zxid(m.meta.configuration_zxid.value());
    out.set_size_bytes(m.meta.size_bytes);
    out.set_offset(m.offset);
    if (m.data) out.set_data(*m.data);
  }
  void operator()(const consensus::SnapshotAck& m) {
    v1::SnapshotAck& out = *proto.mutable_snapshot_ack();
    out.set_epoch(m.epoch);
    out.set_snapshot(m.snapshot.value());
    out.set_next_offset(m.next_offset);
  }
  void operator()(const consensus::ReadRequest& m) {
    v1::ReadIndexRequest& out = *proto.mutable_read_index_request();
    out.set_epoch(m.epoch);
    out.set_batch(m.batch);
  }
  void operator()(const consensus::ReadReply& m) {
    v1::ReadIndexReply& out = *proto.mutable_read_index_reply();
    out.set_epoch(m.epoch);
    out.set_batch(m.batch);
    out.set_zxid(m.zxid.value());
  }
  void operator()(const consensus::FoundingConfirm& m) {
    proto.mutable_founding_confirm()->set_manifest_hash(m.manifest_hash);
  }
  void operator()(const consensus::Founded& m) {
    v1::Founded& out = *proto.mutable_founded();
    out.set_manifest_hash(m.manifest_hash);
    out.set_incarnation(m.incarnation.value);
    if (m.configuration) {
      out.set_configuration(replica::EncodeConfiguration(*m.configuration));
    }
  }
  void operator()(const consensus::FoundingVeto& m) {
    v1::FoundingVeto& out = *proto.mutable_founding_veto();
    out.set_manifest_hash(m.manifest_hash);
    *out.mutable_refusal() = ToProto(m.refusal);
  }
  void operator()(const consensus::JoinRequest&) {
    proto.mutable_join_request();
  }
  void operator()(const consensus::JoinReply& m) {
    v1::JoinReply& out = *proto.mutable_join_reply();
    out.set_incarnation(m.incarnation.value);
    out.set_admitted(m.admitted);
    out.set_leader_address(m.leader_address);
    if (m.refusal != consensus::Refusal{}) {
      *out.mutable_refusal() = ToProto(m.refusal);
    }
  }
  void operator()(const consensus::Refused& m) {
    *proto.mutable_refused()->mutable_refusal() = ToProto(m.refusal);
  }
};

}  // namespace

void PutMessage(const consensus::Message& message, v1::PeerMessage& proto) {
  std::visit(Putter{proto}, message);
}

}  // namespace quorate::rpc
