#include "tests/simulation/ensemble/sim_client.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/client_message.h"
#include "coord/replica/error.h"
#include "coord/tree/error.h"
#include "coord/tree/event.h"
#include "coord/tree/watches.h"
#include "tests/simulation/ensemble/history.h"
#include "tests/simulation/trace.h"

namespace quorate::simulation {

using consensus::Zxid;
using replica::ServerMessage;

namespace {

constexpr Micros kLeastPatience = 1'500 * kMillisecond;

}  // namespace

SimClient::SimClient(EnsembleWorld& world, Wire& wire, int index,
                     Members members, const SimClientOptions& options)
    : world_(world),
      wire_(wire),
      index_(index),
      members_(std::move(members)),
      options_(options),
      workload_(world.random, index) {}

void SimClient::Start() {
  ConnectSoon(world_.random.Between(0, 500 * kMillisecond));
  Turn();
}

void SimClient::Calm() {
  calm_ = true;
  if (!silent_) return;
  silent_ = false;
  if (connection_ == 0) ConnectSoon(0);
}

void SimClient::Probe() { probing_ = true; }

bool SimClient::IsIdle() const {
  return unanswered_.empty() && in_flight_.empty() && calls_.empty() &&
         !closing_;
}

bool SimClient::IsSettled() const { return connection_ != 0 && welcomed_; }

int SimClient::AnyMember() {
  const std::vector<int> members = members_();
  return members[world_.random.Below(members.size())];
}

// --- Connections ------------------------------------------------------------

void SimClient::Turn() {
  world_.scheduler.After(
      world_.random.Between(options_.min_think, options_.max_think),
      [this] { Turn(); });
  if (silent_ || connection_ == 0) return;
  if (AnswerIsOverdue()) {
    ++world_.statistics.outcomes["connections given up"];
    return Leave(world_.random.Between(0, 200 * kMillisecond));
  }
  Act();
}

bool SimClient::AnswerIsOverdue() const {
  if (welcomed_ && in_flight_.empty()) return false;
  const Micros patience =
      std::max(kLeastPatience, options_.session_ms * kMillisecond);
  return world_.now() - heard_at_ > patience;
}

void SimClient::ConnectSoon(Micros delay) {
  const uint64_t attempt = ++connect_attempt_;
  world_.scheduler.After(delay, [this, attempt] {
    if (attempt != connect_attempt_ || connection_ != 0 || silent_) return;
    Connect();
  });
}

void SimClient::Connect() {
  std::vector<SessionRecord>& sessions = world_.history.sessions;
  const bool resumes = !session_id_.IsNone();
  if (!resumes) {
    // Each attempt to open a session is another session.
    if (session_ >= 0) ForgetSession();
    session_ = static_cast<int>(sessions.size());
    password_.clear();
    for (size_t i = 0; i < replica::kPasswordBytes; ++i) {
      password_.push_back(static_cast<char>(world_.random.Below(256)));
    }
    sessions.push_back({.client = index_,
                        .password = password_,
                        .timeout_ms = options_.session_ms});
    ++world_.statistics.operations["session opened"];
  }
  replica::Hello hello;
  hello.pin = pin_;
  hello.session = session_id_;
  hello.password = password_;
  hello.timeout_ms = options_.session_ms;
  const int member = AnyMember();
  connection_record_ = world_.history.AddConnection({.client = index_,
                                                     .member = member,
                                                     .session = session_,
                                                     .resumes = resumes,
                                                     .pin = pin_});
  world_.trace.Line(
      TraceKind::kClient, index_,
      {static_cast<uint64_t>(member), static_cast<uint64_t>(session_id_.value)},
      [&] {
        return absl::StrCat("connects to ", member, " session ",
                            session_id_.value);
      });
  connection_ = wire_.Open(index_, member, std::move(hello));
  heard_at_ = sent_at_ = world_.now();
  // A client need not wait for Welcome.
  if (resumes && world_.OneIn(3)) {
    SubmitUnanswered();
    RenewWatches();
    welcomed_ = true;
  }
}

void SimClient::Leave(Micros away) {
  wire_.Close(connection_);
  ForgetConnection();
  ConnectSoon(away);
}

void SimClient::ForgetConnection() {
  if (connection_ == 0) return;
  world_.history.connections[static_cast<size_t>(connection_record_)].lost =
      true;
  connection_ = 0;
  welcomed_ = must_resend_ = false;
  in_flight_.clear();
  writes_in_flight_ = 0;
}

void SimClient::ForgetSession() {
  if (session_ < 0) return;
  SessionRecord& session =
      world_.history.sessions[static_cast<size_t>(session_)];
  if (session.left_at == 0) session.left_at = world_.now();
  session_ = -1;
  session_id_ = {};
  next_request_id_ = 1;
  acked_through_ = 0;
  closing_ = false;
  if (world_.OneIn(2)) wishes_.clear();
  if (world_.sabotage != Sabotage::kReplayElsewhere) unanswered_.clear();
}

void SimClient::FallSilent() {
  ++world_.statistics.faults["client falls silent"];
  silent_ = true;
  if (world_.OneIn(2)) wire_.Close(connection_);
  const bool for_ever = world_.OneIn(2);
  ForgetConnection();
  if (for_ever) ForgetSession();
  const Micros away =
      options_.session_ms * kMillisecond * world_.random.Between(1, 6) / 2;
  world_.scheduler.After(away, [this] {
    silent_ = false;
    if (connection_ == 0) ConnectSoon(0);
  });
}

void SimClient::Broken(uint64_t connection) {
  if (calls_.contains(connection)) return EndCall(connection);
  intrusions_.erase(connection);
  if (connection != connection_) return;
  ++world_.statistics.outcomes["connections broken"];
  ForgetConnection();
  ConnectSoon(world_.random.Between(0, 300 * kMillisecond));
}

// --- What it hears ----------------------------------------------------------

void SimClient::See(Zxid zxid) {
  pin_.highest_seen = std::max(pin_.highest_seen, zxid);
}

void SimClient::Take(uint64_t connection, ServerMessage message) {
  world_.trace.Line(TraceKind::kClient, index_,
                    {message.index(), ZxidOf(message).value()},
                    [&] { return absl::StrCat("hears ", Describe(message)); });
  const auto call = calls_.find(connection);
  if (call != calls_.end()) {
    const int record = call_records_[connection];
    const int heard = world_.history.Hear(record, message, world_.now());
    if (const auto* reply = std::get_if<replica::Reply>(&message)) {
      world_.history.Answer(call->second.submission, heard);
      See(reply->zxid);
    }
    return EndCall(connection);
  }
  if (intrusions_.contains(connection)) {
    return EndIntrusion(connection, message);
  }
  if (connection == connection_) Hear(std::move(message));
}

void SimClient::Hear(ServerMessage message) {
  heard_at_ = world_.now();
  const int heard =
      world_.history.Hear(connection_record_, message, world_.now());
  if (const auto* welcome = std::get_if<replica::Welcome>(&message)) {
    OnWelcome(*welcome);
  } else if (const auto* reply = std::get_if<replica::Reply>(&message)) {
    OnReply(*reply, heard);
  } else if (const auto* event = std::get_if<replica::WatchEvent>(&message)) {
    OnEvent(*event);
  } else {
    OnGoodbye(std::get<replica::Goodbye>(message));
  }
}

void SimClient::OnWelcome(const replica::Welcome& welcome) {
  SessionRecord& session =
      world_.history.sessions[static_cast<size_t>(session_)];
  if (world_.history.ensemble.IsNone()) {
    world_.history.ensemble = welcome.ensemble;
  }
  pin_.ensemble = welcome.ensemble;
  See(welcome.zxid);
  if (session_id_.IsNone()) {
    session.id = session_id_ = welcome.session;
    session.timeout_ms = welcome.timeout_ms;
    // No event before this was asked for.
    complete_ = std::max(complete_, wishes_.empty() ? welcome.zxid : Zxid());
  }
  max_outstanding_ = welcome.max_outstanding;
  if (std::exchange(welcomed_, true)) return;
  SubmitUnanswered();
  RenewWatches();
}

void SimClient::OnReply(const replica::Reply& reply, int heard) {
  const auto found = in_flight_.find(reply.tag);
  if (found == in_flight_.end()) {
    world_.Report("answered_once", absl::StrCat("client ", index_,
                                                " is answered what it did not "
                                                "ask: #",
                                                reply.tag));
    return;
  }
  const InFlight asked = found->second;
  in_flight_.erase(found);
  world_.history.Answer(asked.submission, heard);
  See(reply.zxid);
  complete_ = std::max(complete_, reply.zxid);
  const OpRecord& op = world_.history.ops[static_cast<size_t>(asked.op)];
  if (op.write() != nullptr) {
    TakeWriteReply(asked, reply);
  } else {
    TakeReadReply(op, reply);
  }
}

void SimClient::OnEvent(const replica::WatchEvent& event) {
  See(event.zxid);
  // There may be more at this zxid.
  complete_ = std::max(complete_, Zxid::FromValue(event.zxid.value() - 1));
  ++world_.statistics.outcomes[event.gap ? "watch gaps" : "watch events heard"];
  std::erase_if(wishes_, [&](const Wish& wish) {
    if (wish.path != event.path) return false;
    if (event.gap) {
      return wish.kind == event.kind && (wish.kind == tree::WatchKind::kData ||
                                         wish.kind == tree::WatchKind::kChild);
    }
    const bool children = event.type == tree::EventType::kChildrenChanged;
    if (wish.kind == tree::WatchKind::kData) return !children;
    return wish.kind == tree::WatchKind::kChild &&
           (children || event.type == tree::EventType::kDeleted);
  });
}

void SimClient::OnGoodbye(const replica::Goodbye& goodbye) {
  const absl::Status& status = goodbye.status;
  wire_.Close(connection_);
  ForgetConnection();
  const bool expired =
      tree::ErrorCodeOf(status) == tree::ErrorCode::kSessionExpired;
  if (status.ok() || expired) {
    ++world_.statistics
          .outcomes[expired ? "sessions found expired" : "sessions closed"];
    ForgetSession();
  } else if (replica::ErrorKindOf(status) ==
             replica::ErrorKind::kWrongPassword) {
    world_.Report("password", absl::StrCat("client ", index_,
                                           " is refused with its own "
                                           "password: ",
                                           status.ToString()));
  }
  ConnectSoon(world_.random.Between(0, 300 * kMillisecond));
}

}  // namespace quorate::simulation
