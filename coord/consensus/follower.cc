// Following a leader: synchronisation, proposals, heartbeats, snapshots.

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "coord/base/bytes.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/guard.h"
#include "coord/consensus/log_view.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "coord/consensus/read_queue.h"
#include "coord/consensus/record.h"
#include "coord/consensus/roles.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

void Core::BecomeFollower(MemberId leader, const std::string& address) {
  if (auto* was = std::get_if<Follower>(&role_)) {
    FailReads(was->new_reads);
    for (const auto& [batch, reads] : was->reads) FailReads(reads.tokens);
  } else if (auto* led = std::get_if<Leader>(&role_)) {
    for (const ReadQueue::Read& read : led->reads.TakeAll()) {
      AnswerRead(read, false);
    }
  }
  Follower follower;
  follower.leader = leader;
  follower.leader_address = address;
  follower.heard_ms = now_ms_;
  role_ = std::move(follower);
  Emit({EventKind::kBecameFollower, leader, Rule::kNone, epoch(), Zxid()});
}

bool Core::FollowSender(const Envelope& envelope, Epoch sender_epoch) {
  if (IsUnsafe() && !MayFollow(envelope, sender_epoch)) return false;
  if (sender_epoch < epoch() && On(Guard::kEpochCheck)) {
    Send(envelope, StaleEpoch{sender_epoch, epoch()});
    return false;
  }
  const auto* follower = std::get_if<Follower>(&role_);
  const bool known = follower != nullptr && sender_epoch == epoch() &&
                     follower->leader == envelope.from.id;
  if (!known) {
    // Two leaders of one epoch would break every promise made.
    QUORATE_CHECK(sender_epoch != epoch() || !IsLeader());
    QUORATE_CHECK(sender_epoch != epoch() || follower == nullptr ||
                  follower->leader.IsNone());
    if (sender_epoch > epoch()) {
      hard_state_.accepted_epoch = sender_epoch;
      hard_state_.voted_for = MemberKey();
      SaveHardState();
    }
    BecomeFollower(envelope.from.id, envelope.from_address);
  }
  std::get<Follower>(role_).heard_ms = now_ms_;
  ResetElectionTimer();
  return true;
}

void Core::OnHistoryRequest(const Envelope& envelope,
                            const HistoryRequest& request) {
  if (FollowSender(envelope, request.epoch)) SendHistory(request.ask);
}

void Core::SendHistory(uint64_t ask) {
  const auto& follower = std::get<Follower>(role_);
  SendDurably(follower.leader, follower.leader_address,
              IsUnsafe() ? HistoryAboveFloor(ask)
                         : HistoryReply{epoch(), ask, log_.base(), log_.last(),
                                        log_.Runs()});
}

void Core::OnProposals(const Envelope& envelope, const Proposals& proposals) {
  if (!FollowSender(envelope, proposals.epoch)) return;
  const Zxid matched_before = std::get<Follower>(role_).matched;
  if (!AcceptRecords(proposals)) return SendHistory(0);
  auto& follower = std::get<Follower>(role_);
  FollowCommit(follower, proposals.commit);
  // What was appended just now is acknowledged when it is durable.
  const bool news =
      !proposals.records.empty() || follower.matched != matched_before;
  if (news && AckZxid(follower) == follower.matched) SendAck();
}

// False if the records do not fit onto our history. Records that are here
// already are skipped, so that late and repeated messages do no harm.
bool Core::AcceptRecords(const Proposals& proposals) {
  const std::vector<Record>& records = proposals.records;
  Zxid& matched = std::get<Follower>(role_).matched;
  if (!records.empty() && records.back().zxid <= matched) return true;
  Zxid at = proposals.preceding;
  if (!log_.Contains(at)) {
    if (On(Guard::kPrecedingZxid)) return false;
    at = log_.last();
  }
  for (const Record& record : records) {
    const Record* here = log_.After(at);
    if (here != nullptr && here->zxid == record.zxid) {
      at = record.zxid;
      continue;
    }
    if (here != nullptr) {
      // The leader's history differs: ours was never committed from here on.
      if (!On(Guard::kConflictTruncation)) break;
      if (IsUnsafe() && at < std::max(matched, TruncationFloor())) return false;
      QUORATE_CHECK(at >= matched);
      TruncateLog(at);
    }
    if (!log_.Follows(record.zxid)) return false;
    AppendToLog(record);
    at = record.zxid;
  }
  if (!On(Guard::kConflictTruncation) && !records.empty()) {
    at = records.back().zxid;
  }
  matched = std::max(matched, at);
  return true;
}

void Core::FollowCommit(Follower& follower, Zxid commit) {
  // What lies beyond the matched part may be another history's.
  const Zxid known =
      On(Guard::kCommitWithinMatch) ? follower.matched : log_.last();
  commit_ = std::max(commit_, std::min(commit, known));
}

Zxid Core::AckZxid(const Follower& follower) const {
  if (!On(Guard::kSyncBeforeAck)) return follower.matched;
  if (!On(Guard::kAckWithinMatch)) return durable();
  return std::min(durable(), follower.matched);
}

void Core::SendAck() {
  const auto& follower = std::get<Follower>(role_);
  const Zxid zxid = AckZxid(follower);
  if (follower.leader.IsNone() || zxid.IsNone()) return;
  SendDurably(follower.leader, follower.leader_address, Ack{epoch(), zxid});
}

void Core::OnHeartbeat(const Envelope& envelope, const Heartbeat& heartbeat) {
  if (!FollowSender(envelope, heartbeat.epoch)) return;
  auto& follower = std::get<Follower>(role_);
  FollowCommit(follower, heartbeat.commit);
  SendDurably(envelope.from.id, envelope.from_address,
              HeartbeatAck{epoch(), heartbeat.read_round, heartbeat.sent_ms,
                           follower.matched, AckZxid(follower), fsync_ms_});
}

void Core::OnSnapshotChunk(const Envelope& envelope,
                           const SnapshotChunk& chunk) {
  if (!FollowSender(envelope, chunk.epoch)) return;
  auto& follower = std::get<Follower>(role_);
  const SnapshotMeta& meta = chunk.meta;
  auto answer = [&](uint64_t next_offset) {
    SendDurably(envelope.from.id, envelope.from_address,
                SnapshotAck{chunk.epoch, meta.zxid, next_offset});
  };
  if (meta.zxid <= commit_) return answer(meta.size_bytes);  // has it all
  if (chunk.offset == 0 && follower.snapshot != meta.zxid) {
    follower.snapshot = meta.zxid;
    follower.snapshot_offset = 0;
  }
  if (follower.snapshot != meta.zxid) return answer(0);
  if (chunk.offset != follower.snapshot_offset &&
      On(Guard::kSnapshotChunkOrder)) {
    return answer(follower.snapshot_offset);
  }
  if (SizeOf(chunk.data) != chunk.length ||
      chunk.length > meta.size_bytes - follower.snapshot_offset) {
    return;  // malformed; asked for again
  }
  output_.snapshot_chunks.push_back(chunk);
  follower.snapshot_offset += chunk.length;
  if (follower.snapshot_offset == meta.size_bytes) {
    output_.install_snapshot = meta;
    follower.snapshot = Zxid();
    follower.matched = meta.zxid;
    ResetLog(meta);
  }
  answer(chunk.offset + chunk.length);
}

// A member without a vote that hears no leader may have been removed while it
// was away; nobody would tell it unless it asks.
void Core::AskWhetherMember() {
  const std::string address = NextAddress();
  if (!address.empty()) SendTo(MemberId(), address, JoinRequest{});
}

}  // namespace quorate::consensus
