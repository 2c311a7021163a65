// Messages of the other replicas.

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/error.h"
#include "coord/replica/replica_impl.h"
#include "coord/tree/error.h"

namespace quorate::replica {
namespace {

absl::Status NotLeading() {
  return Error(ErrorKind::kNoLeader, "this member does not lead");
}

SessionAttached Moved(tree::SessionId session, uint64_t attachment) {
  SessionAttached moved;
  moved.session = session;
  moved.attachment = attachment;
  moved.status = tree::Error(tree::ErrorCode::kSessionMoved, "",
                             "the session is used by another connection");
  return moved;
}

}  // namespace

// Rules 1 and 4; UNSAFE members hear nobody outside their own list.
bool Replica::Impl::IsAdmissible(const PeerEnvelope& envelope) const {
  const consensus::HardState& own = core_.hard_state();
  if (own.ensemble.IsNone() || envelope.ensemble != own.ensemble) return false;
  if (!envelope.to.IsNone() && envelope.to != own.member) return false;
  const consensus::Member* known = core_.configuration().Find(envelope.from.id);
  if (known == nullptr) return !core_.IsUnsafe();
  return known->incarnation == envelope.from.incarnation;
}

void Replica::Impl::OnPeer(const PeerEnvelope& envelope) {
  if (!stop_reason_.ok() || !IsAdmissible(envelope)) return;
  const PeerMessage& message = envelope.message;
  if (const auto* forward = std::get_if<Forward>(&message)) {
    OnForward(envelope, *forward);
  } else if (const auto* refused = std::get_if<ForwardRefused>(&message)) {
    OnForwardRefused(envelope, *refused);
  } else if (const auto* attach = std::get_if<AttachSession>(&message)) {
    OnAttachSession(envelope, *attach);
  } else if (const auto* attached = std::get_if<SessionAttached>(&message)) {
    OnAttached(*attached);
  } else if (const auto* touches = std::get_if<SessionTouches>(&message)) {
    OnTouches(envelope, *touches);
  } else if (const auto* told = std::get_if<StateDigest>(&message)) {
    const auto divergence = digests_.Told(told->zxid, told->digest);
    if (divergence.has_value()) Diverged(*divergence);
  }
}

void Replica::Impl::OnForward(const PeerEnvelope& envelope,
                              const Forward& forward) {
  ForwardRefused refused;
  refused.epoch = forward.epoch;
  uint64_t moved = 0;  // the attachment that was told last
  for (const ForwardedRequest& request : forward.requests) {
    const bool leads =
        proposer_.has_value() && proposer_->epoch() == forward.epoch;
    const Verdict verdict =
        leads ? proposer_->Take(request, wall_ms_)
              : Verdict{Verdict::Kind::kRefused, NotLeading()};
    if (verdict.kind == Verdict::Kind::kRefused) {
      WriteKey key = KeyOf(request);
      refused.items.push_back({key.session, key.request_id,
                               std::move(key.password), request.round,
                               verdict.why});
    } else if (verdict.kind == Verdict::Kind::kMoved &&
               request.attachment != moved) {
      moved = request.attachment;
      SendToPeer(envelope.from.id, envelope.from_address,
                 Moved(request.session, moved));
    } else if (verdict.kind == Verdict::Kind::kComing) {
      ++counters_.duplicates;
    }
  }
  if (refused.items.empty()) return;
  SendToPeer(envelope.from.id, envelope.from_address, std::move(refused));
}

// An earlier leader's refusal says nothing of what was sent to this one.
void Replica::Impl::OnForwardRefused(const PeerEnvelope& envelope,
                                     const ForwardRefused& refused) {
  if (envelope.from.id != core_.leader() || refused.epoch != core_.epoch()) {
    return;
  }
  for (const ForwardRefused::Item& item : refused.items) {
    const WriteKey key = {item.session, item.request_id, item.password};
    const PendingWrites::Write* write = writes_.Find(key);
    // One of an earlier round was told to the client already.
    if (write == nullptr || write->request.round != item.round) continue;
    OnRefused(key, item.status);
  }
}

void Replica::Impl::OnAttachSession(const PeerEnvelope& envelope,
                                    const AttachSession& attach) {
  SessionAttached answer;
  if (proposer_.has_value()) {
    answer = proposer_->Attach(attach);
  } else {
    answer.session = attach.session;
    answer.attachment = attach.attachment;
    answer.status = NotLeading();
  }
  SendToPeer(envelope.from.id, envelope.from_address, std::move(answer));
}

void Replica::Impl::OnTouches(const PeerEnvelope& envelope,
                              const SessionTouches& touches) {
  if (!proposer_.has_value()) return;
  for (const SessionTouches::Touch& touch : touches.touches) {
    if (proposer_->Touch(touch.session, touch.attachment)) continue;
    SendToPeer(envelope.from.id, envelope.from_address,
               Moved(touch.session, touch.attachment));
  }
}

}  // namespace quorate::replica
