#include "coord/replica/proposer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/base/bytes.h"
#include "coord/base/check.h"
#include "coord/consensus/core.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/error.h"
#include "coord/replica/pending_writes.h"
#include "coord/replica/txn_bound.h"
#include "coord/tree/due_nodes.h"
#include "coord/tree/error.h"
#include "coord/tree/node_kind.h"
#include "coord/tree/txn_codec.h"

namespace quorate::replica {
namespace {

// How many containers and TTL nodes a sweep looks at.
constexpr size_t kSweepNodes = 10'000;

Verdict Refused(absl::Status why) {
  return {Verdict::Kind::kRefused, std::move(why)};
}

// Nothing of what a peer sends is trusted to make sense.
absl::Status CheckSense(const ForwardedRequest& request) {
  const bool opens =
      std::holds_alternative<tree::CreateSessionRequest>(request.body);
  const bool closes =
      std::holds_alternative<tree::CloseSessionRequest>(request.body);
  if (std::holds_alternative<tree::DeleteContainerRequest>(request.body)) {
    return Error(ErrorKind::kBadRequest, "not for clients");
  }
  if (request.session.IsNone()) {
    if (closes) return Error(ErrorKind::kBadRequest, "no session to close");
    if (opens || request.request_id != 0) return absl::OkStatus();
    return Error(ErrorKind::kBadRequest, "a write without a number");
  }
  if (opens) return Error(ErrorKind::kBadRequest, "the session is open");
  if (request.request_id <= 0 ||
      !tree::IsValidAck(request.request_id, request.acked_through)) {
    return Error(
        ErrorKind::kBadRequest,
        absl::StrCat("writes of a session have numbers from 1 on, "
                     "acknowledged ones below; found ",
                     request.request_id, " and ", request.acked_through));
  }
  return absl::OkStatus();
}

// In a time that does not tell how much of it fits.
bool SamePassword(const std::string& a, const std::string& b) {
  if (a.size() != b.size()) return false;
  unsigned char differs = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    differs |= static_cast<unsigned char>(a[i] ^ b[i]);
  }
  return differs == 0;
}

tree::Request ToRequest(const ForwardedRequest& forwarded, int64_t time_ms) {
  tree::Request request;
  request.session = forwarded.session;
  request.request_id = forwarded.request_id;
  request.acked_through = forwarded.acked_through;
  request.time_ms = time_ms;
  request.identities = forwarded.identities;
  request.body = forwarded.body;
  return request;
}

}  // namespace

Proposer::Proposer(const Options& options, consensus::Core& core,
                   const tree::StateMachine& state)
    : options_(options),
      core_(core),
      state_(state),
      epoch_(core.epoch()),
      outstanding_(state),
      recent_(2 * options.request_deadline_ms, kMaxRecentWrites),
      opened_(kMaxRecentWrites) {
  QUORATE_CHECK(core.IsLeader());
}

Verdict Proposer::Take(const ForwardedRequest& request, int64_t time_ms) {
  const absl::Status sense = CheckSense(request);
  if (!sense.ok()) return Refused(sense);
  if (!ready_) {
    return Refused(
        Error(ErrorKind::kNoLeader, "the new leader is not settled yet"));
  }
  return request.session.IsNone() ? TakeWithoutSession(request, time_ms)
                                  : TakeOfSession(request, time_ms);
}

Verdict Proposer::TakeOfSession(const ForwardedRequest& forwarded,
                                int64_t time_ms) {
  const tree::SessionId session = forwarded.session;
  if (!outstanding_.CheckSession(session, 0).ok()) {
    // While its close is not committed, the session may yet live on: the log
    // will tell.
    if (state_.sessions().Has(session)) return {Verdict::Kind::kComing, {}};
    return Refused(tree::Error(tree::ErrorCode::kSessionExpired, ""));
  }
  if (!attachments_.MayUse(session, forwarded.attachment)) {
    return {Verdict::Kind::kMoved, {}};
  }
  clock_.Touch(session);
  switch (outstanding_.Classify(session, forwarded.request_id)) {
    case tree::RequestState::kOutstanding:
    case tree::RequestState::kApplied:
      return {Verdict::Kind::kComing, {}};
    case tree::RequestState::kGap:
      return Refused(
          Error(ErrorKind::kNoLeader,
                absl::StrCat("a write before ", forwarded.request_id,
                             " is missing; send all unanswered ones again")));
    case tree::RequestState::kNew:
      break;
  }
  const tree::Request request = ToRequest(forwarded, time_ms);
  const absl::Status status = CheckNew(forwarded, request);
  if (!status.ok()) return Refused(status);
  Propose(core_.log().last().Next(), request, true);
  return {Verdict::Kind::kTaken, {}};
}

absl::Status Proposer::CheckNew(const ForwardedRequest& forwarded,
                                const tree::Request& request) {
  const int64_t session = forwarded.session.value;
  const auto refused = refused_rounds_.find(session);
  if (refused != refused_rounds_.end() &&
      refused->second.attachment == forwarded.attachment &&
      forwarded.round <= refused->second.round) {
    return Error(ErrorKind::kOverloaded,
                 "this submission of the write was refused already");
  }
  absl::Status status = CheckRoom(request);
  if (!outstanding_.HasRoomFor(forwarded.session, forwarded.request_id,
                               forwarded.acked_through)) {
    status = Error(ErrorKind::kOverloaded,
                   "too many answers are remembered for the session; say which "
                   "have arrived");
  }
  if (absl::IsResourceExhausted(status)) {
    refused_rounds_[session] = {forwarded.attachment, forwarded.round};
  }
  return status;
}

Verdict Proposer::TakeWithoutSession(const ForwardedRequest& request,
                                     int64_t time_ms) {
  const WriteKey key = KeyOf(request);
  if (const absl::Status* decision = recent_.Find(key)) {
    if (!decision->ok()) return Refused(*decision);
    return key.password.empty() ? Verdict{Verdict::Kind::kComing, {}}
                                : TakeOpenedAgain(request, key.password);
  }
  if (!recent_.HasRoom(now_ms_)) {
    return Refused(Error(ErrorKind::kNoLeader, "too many writes of late"));
  }
  const Verdict verdict = OpenSession(request, time_ms);
  // What may be sent again must not be refused for ever.
  if (!absl::IsUnavailable(verdict.why)) {
    recent_.Remember(key, verdict.why, now_ms_);
  }
  return verdict;
}

// The same request again, or that of the same client by another connection.
Verdict Proposer::TakeOpenedAgain(const ForwardedRequest& request,
                                  const std::string& password) {
  const tree::SessionId session = opened_.Find(password);
  QUORATE_CHECK(!session.IsNone());
  const bool is_closing = !outstanding_.CheckSession(session, 0).ok() &&
                          state_.sessions().Has(session);
  if (is_closing) {
    return Refused(Error(ErrorKind::kNoLeader, "the session is being closed"));
  }
  if (!outstanding_.CheckSession(session, 0).ok()) {
    return Refused(Error(ErrorKind::kBadRequest,
                         "a session with this password has ended; draw it at "
                         "random"));
  }
  if (request.attachment != 0) attachments_.Attach(session, request.attachment);
  return {Verdict::Kind::kComing, {}};
}

// Opens one, or takes a write without.
Verdict Proposer::OpenSession(const ForwardedRequest& forwarded,
                              int64_t time_ms) {
  tree::Request request = ToRequest(forwarded, time_ms);
  auto* create = std::get_if<tree::CreateSessionRequest>(&request.body);
  const absl::Status room = CheckRoom(request);
  if (!room.ok()) return Refused(room);
  const consensus::Zxid zxid = core_.log().last().Next();
  if (create == nullptr) {
    Propose(zxid, request, true);
    return {Verdict::Kind::kTaken, {}};
  }
  request.session = tree::SessionId{static_cast<int64_t>(zxid.value())};
  create->timeout_ms = std::clamp(create->timeout_ms, options_.min_session_ms,
                                  options_.max_session_ms);
  if (create->password.size() != tree::kSessionPasswordBytes ||
      !tree::IsValidSessionId(request.session)) {
    return Refused(Error(ErrorKind::kBadRequest, "no password for a session"));
  }
  if (state_.sessions().sessions().size() >= kMaxSessions) {
    return Refused(Error(ErrorKind::kOverloaded,
                         absl::StrCat(kMaxSessions, " sessions are open")));
  }
  Propose(zxid, request, true);
  opened_.Add(create->password, request.session);
  if (forwarded.attachment != 0) {
    attachments_.Attach(request.session, forwarded.attachment);
  }
  return {Verdict::Kind::kTaken, {}};
}

absl::Status Proposer::CheckRoom(const tree::Request& request) const {
  if (disk_full_) {
    return Error(ErrorKind::kDiskFull, "the leader's disk is full");
  }
  const absl::Status status = core_.CanPropose(TxnSizeBound(request));
  if (status.ok()) return status;
  return Error(absl::IsResourceExhausted(status) ? ErrorKind::kOverloaded
                                                 : ErrorKind::kNoLeader,
               status.message());
}

void Proposer::Propose(consensus::Zxid zxid, const tree::Request& request,
                       bool log_failure) {
  tree::Prepared prepared = outstanding_.Prepare(zxid, request);
  if (!prepared.status.ok()) {
    if (!log_failure) return;
    prepared.txn = outstanding_.Fail(zxid, request, prepared);
  }
  const absl::StatusOr<consensus::Zxid> proposed =
      core_.Propose(MakeBytes(tree::EncodeTxn(prepared.txn)));
  QUORATE_CHECK(proposed.ok() && *proposed == zxid);
}

SessionAttached Proposer::Attach(const AttachSession& attach) {
  SessionAttached answer;
  answer.session = attach.session;
  answer.attachment = attach.attachment;
  const tree::Session* session = state_.sessions().Find(attach.session);
  const bool may_be_open = outstanding_.CheckSession(attach.session, 0).ok();
  if (attach.attachment == 0 || attach.session.IsNone()) {
    answer.status = Error(ErrorKind::kBadRequest, "no session or attachment");
  } else if (!ready_ || may_be_open != (session != nullptr)) {
    answer.status = Error(ErrorKind::kNoLeader,
                          "the leader is not settled, or the session is just "
                          "being opened or closed");
  } else if (session == nullptr) {
    answer.status = tree::Error(tree::ErrorCode::kSessionExpired, "");
  } else if (!SamePassword(session->password, attach.password)) {
    answer.status = Error(ErrorKind::kWrongPassword,
                          "the session was opened with another password");
  } else if (!attachments_.Attach(attach.session, attach.attachment)) {
    answer.status = tree::Error(tree::ErrorCode::kSessionMoved, "");
  } else {
    clock_.Touch(attach.session);
    // All that the session has in the log, so that what comes after Welcome
    // was sent by the new connection.
    answer.zxid = core_.log().last();
  }
  return answer;
}

bool Proposer::Touch(tree::SessionId session, uint64_t attachment) {
  if (!attachments_.MayUse(session, attachment)) return false;
  clock_.Touch(session);
  return true;
}

void Proposer::OnApplied(consensus::Zxid zxid, const tree::Txn* txn) {
  outstanding_.OnApplied(zxid);
  if (!ready_) {
    if (zxid.epoch() == epoch_) BecomeReady();
    return;
  }
  if (txn == nullptr) return;
  if (const auto* create = std::get_if<tree::CreateSessionTxn>(&txn->body)) {
    clock_.Add(txn->session, create->timeout_ms);
  } else if (std::holds_alternative<tree::CloseSessionTxn>(txn->body)) {
    clock_.Remove(txn->session);
    attachments_.Forget(txn->session);
    refused_rounds_.erase(txn->session.value);
  }
}

void Proposer::BecomeReady() {
  ready_ = true;
  for (const auto& [id, session] : state_.sessions().sessions()) {
    clock_.Add(id, session.timeout_ms);
  }
}

size_t Proposer::Advance(int64_t elapsed_ms, int64_t time_ms) {
  now_ms_ += std::max<int64_t>(elapsed_ms, 0);
  if (!ready_) return 0;
  // While this member stood still it could hear nobody.
  const int64_t awake_ms = std::min(elapsed_ms, options_.core.election_ms);
  size_t expired = 0;
  for (const tree::SessionId session : clock_.Advance(awake_ms)) {
    if (!outstanding_.CheckSession(session, 0).ok()) continue;
    tree::Request request;
    request.session = session;
    request.time_ms = time_ms;
    request.body = tree::CloseSessionRequest();
    if (!CheckRoom(request).ok()) break;  // it comes again
    Propose(core_.log().last().Next(), request, false);
    ++expired;
  }
  if (now_ms_ >= sweep_at_ms_) {
    sweep_at_ms_ = now_ms_ + options_.sweep_ms;
    Sweep(time_ms);
  }
  return expired;
}

void Proposer::Sweep(int64_t time_ms) {
  std::vector<std::string> due =
      tree::DueNodes(state_, time_ms, kSweepNodes, sweep_position_);
  for (std::string& path : due) {
    tree::Request request;
    request.time_ms = time_ms;
    request.body = tree::DeleteContainerRequest{std::move(path)};
    if (!CheckRoom(request).ok()) return;  // the next sweep finds them again
    Propose(core_.log().last().Next(), request, false);
  }
}

}  // namespace quorate::replica
