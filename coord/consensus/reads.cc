// Linearizable reads through the read index, at the leader and forwarded to it.

#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/guard.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "coord/consensus/progress.h"
#include "coord/consensus/quorum.h"
#include "coord/consensus/read_queue.h"
#include "coord/consensus/roles.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

void Core::RequestRead(uint64_t token) {
  if (IsLeader()) return LeadRead(MemberId(), token);
  auto* follower = std::get_if<Follower>(&role_);
  if (follower == nullptr || follower->leader.IsNone()) {
    return FailReads({token});
  }
  follower->new_reads.push_back(token);
}

void Core::LeadRead(MemberId from, uint64_t token) {
  auto& leader = std::get<Leader>(role_);
  // Until NEWLEADER is committed the leader does not know how much its
  // predecessors committed, so the read waits for NEWLEADER at least.
  const Zxid zxid = On(Guard::kReadAfterOwnCommit)
                        ? std::max(commit_, leader.newleader)
                        : commit_;
  leader.reads.Add(from, token, zxid);
  if (On(Guard::kReadConfirmation)) return;
  for (const ReadQueue::Read& read :
       leader.reads.Confirm(leader.reads.StartRound())) {
    AnswerRead(read, true);
  }
}

// One round at a time carries all reads that came before it; the next starts
// when it is confirmed, or with the next heartbeat if answers were lost.
void Core::StartReadRound() {
  auto& leader = std::get<Leader>(role_);
  if (!leader.reads.WantsRound()) return;
  const bool under_way = leader.confirmed_round < leader.reads.round();
  if (under_way && now_ms_ + 1 < leader.heartbeat_at_ms) return;
  leader.reads.StartRound();
  SendHeartbeats();
  ConfirmReads();  // a single voter is a quorum by itself
}

void Core::ConfirmReads() {
  auto& leader = std::get<Leader>(role_);
  auto answered = [&](MemberId id) {
    if (id == hard_state_.member) return leader.reads.round();
    const auto peer = leader.peers.find(id);
    return peer == leader.peers.end() ? uint64_t{0} : peer->second.read_round;
  };
  leader.confirmed_round = On(Guard::kQuorumOfBothInReads)
                               ? Effective().QuorumNumber(answered)
                               : MajorityNumber(Effective().voters(), answered);
  for (const ReadQueue::Read& read :
       leader.reads.Confirm(leader.confirmed_round)) {
    AnswerRead(read, true);
  }
}

void Core::AnswerRead(const ReadQueue::Read& read, bool ok) {
  if (read.from.IsNone()) {
    output_.reads.push_back({read.token, ok, ok ? read.zxid : Zxid()});
    return;
  }
  const auto* leader = std::get_if<Leader>(&role_);
  if (leader == nullptr || !ok) return;  // the follower gives up by itself
  const auto peer = leader->peers.find(read.from);
  if (peer == leader->peers.end()) return;
  SendTo(read.from, peer->second.address,
         ReadReply{epoch(), read.token, read.zxid});
}

void Core::FailReads(const std::vector<uint64_t>& tokens) {
  for (uint64_t token : tokens) {
    output_.reads.push_back({token, false, Zxid()});
  }
}

void Core::ForwardReads(Follower& follower) {
  if (follower.new_reads.empty()) return;
  const uint64_t batch = next_read_batch_++;
  follower.reads[batch] = {std::exchange(follower.new_reads, {}), now_ms_};
  SendTo(follower.leader, follower.leader_address, ReadRequest{epoch(), batch});
}

void Core::TickReads(Follower& follower) {
  while (!follower.reads.empty()) {
    const auto oldest = follower.reads.begin();
    if (now_ms_ - oldest->second.sent_ms < 2 * options_.election_ms) return;
    FailReads(oldest->second.tokens);
    follower.reads.erase(oldest);
  }
}

void Core::OnReadRequest(const Envelope& envelope, const ReadRequest& request) {
  if (PeerOf(envelope, request.epoch) == nullptr) return;
  LeadRead(envelope.from.id, request.batch);
}

void Core::OnReadReply(const Envelope& envelope, const ReadReply& reply) {
  auto* follower = std::get_if<Follower>(&role_);
  if (follower == nullptr || reply.epoch != epoch() ||
      follower->leader != envelope.from.id) {
    return;
  }
  const auto found = follower->reads.find(reply.batch);
  if (found == follower->reads.end()) return;
  for (uint64_t token : found->second.tokens) {
    output_.reads.push_back({token, true, reply.zxid});
  }
  follower->reads.erase(found);
}

}  // namespace quorate::consensus
