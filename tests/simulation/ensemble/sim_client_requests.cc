// SimClient, second part: what it asks, and what it makes of the answers.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coord/replica/client_message.h"
#include "coord/tree/error.h"
#include "coord/tree/reads.h"
#include "coord/tree/request.h"
#include "coord/tree/watches.h"
#include "tests/simulation/ensemble/history.h"
#include "tests/simulation/ensemble/sim_client.h"
#include "tests/simulation/trace.h"

namespace quorate::simulation {

namespace {

constexpr size_t kMostWishes = 6;

const char* NameOf(const replica::ClientRequest& request) {
  static constexpr const char* kKinds[] = {
      "write", "read", "watch added", "watch removed", "identity", "ping"};
  const auto* read = std::get_if<replica::ReadRequest>(&request.body);
  if (read != nullptr) {
    return read->local ? "read, local" : "read, linearizable";
  }
  const auto* write = std::get_if<replica::WriteRequest>(&request.body);
  if (write != nullptr) {
    static constexpr const char* kWrites[] = {"write: create",
                                              "write: delete",
                                              "write: set data",
                                              "write: set ACL",
                                              "write: check",
                                              "write: multi",
                                              "write: delete recursively",
                                              "",
                                              "session closed",
                                              ""};
    return kWrites[write->body.index()];
  }
  return kKinds[request.body.index()];
}

}  // namespace

size_t SimClient::Room() const {
  const size_t most =
      options_.greedy ? options_.pipeline
                      : std::min<size_t>(options_.pipeline, max_outstanding_);
  const size_t used = std::max(in_flight_.size(), unanswered_.size());
  return most > used ? most - used : 0;
}

void SimClient::Act() {
  if (!welcomed_) return;
  const Micros quiet = world_.now() - sent_at_;
  if (quiet > options_.session_ms * kMillisecond / 3 && Room() > 0) {
    BeginOp(replica::Ping());
  }
  if (calm_) return MaybeProbe();
  if (closing_ || must_resend_) return;
  const auto turns = [this](uint32_t mean) {
    return mean > 0 && world_.OneIn(mean);
  };
  if (turns(options_.silence_turns)) return FallSilent();
  if (turns(options_.call_turns)) return Call();
  if (turns(options_.intrude_turns)) Intrude();
  if (turns(options_.close_turns)) return CloseSession();
  if (turns(options_.leave_turns)) {
    ++world_.statistics.faults["client leaves its member"];
    return Leave(world_.random.Between(0, 100 * kMillisecond));
  }
  if (!std::exchange(founded_, true)) {
    for (const std::string& path : ClientWorkload::Foundations()) {
      BeginWrite(workload_.Foundation(path));
    }
  }
  // Often one, sometimes as many as there is room for.
  size_t count = world_.OneIn(4) ? Room() : std::min<size_t>(1, Room());
  if (options_.greedy && world_.OneIn(10)) count = options_.pipeline;
  for (size_t i = 0; i < count; ++i) ActOnce();
}

void SimClient::ActOnce() {
  const uint64_t kind = world_.random.Below(100);
  if (kind < options_.watch_percent) {
    if (!wishes_.empty() && world_.OneIn(5)) {
      const Wish wish = wishes_[world_.random.Below(wishes_.size())];
      replica::RemoveWatch remove{wish.path, std::nullopt};
      if (world_.OneIn(2)) remove.kind = wish.kind;
      std::erase_if(wishes_, [&](const Wish& each) {
        return each.path == wish.path &&
               (!remove.kind.has_value() || each.kind == wish.kind);
      });
      return BeginOp(std::move(remove));
    }
    if (wishes_.size() < kMostWishes) return BeginOp(workload_.Watch());
  }
  if (kind < options_.watch_percent + options_.read_percent) {
    return BeginOp(workload_.Read(/*may_watch=*/true));
  }
  BeginWrite(workload_.Write());
}

void SimClient::BeginWrite(tree::RequestBody body) {
  replica::WriteRequest write;
  write.request_id = next_request_id_++;
  write.body = std::move(body);
  OpRecord op;
  op.client = index_;
  op.session = session_;
  op.request.body = write;
  const int index = world_.history.AddOp(std::move(op));
  unanswered_.push_back({index, write.request_id});
  Submit(index);
}

void SimClient::BeginOp(decltype(replica::ClientRequest::body) body) {
  OpRecord op;
  op.client = index_;
  op.session = session_;
  op.request.body = std::move(body);
  Submit(world_.history.AddOp(std::move(op)));
}

void SimClient::Submit(int op) {
  History& history = world_.history;
  replica::ClientRequest request = history.ops[static_cast<size_t>(op)].request;
  request.tag = next_tag_++;
  if (auto* write = std::get_if<replica::WriteRequest>(&request.body)) {
    write->acked_through = acked_through_;
    ++writes_in_flight_;
  }
  const int submission =
      history.Submit(op, connection_record_, request.tag, world_.now());
  // Patience begins when there is something to wait for.
  if (in_flight_.empty()) heard_at_ = world_.now();
  in_flight_[request.tag] = {submission, op};
  sent_at_ = world_.now();
  ++world_.statistics.operations[NameOf(request)];
  world_.trace.Line(TraceKind::kClient, index_,
                    {static_cast<uint64_t>(request.tag), request.body.index()},
                    [&] { return absl::StrCat("asks ", Describe(request)); });
  wire_.Send(connection_, std::move(request));
}

void SimClient::SubmitUnanswered() {
  if (unanswered_.empty()) return;
  if (world_.sabotage == Sabotage::kReplayElsewhere && next_request_id_ == 1) {
    for (const PendingWrite& write : std::exchange(unanswered_, {})) {
      ++world_.sabotaged;
      BeginWrite(
          world_.history.ops[static_cast<size_t>(write.op)].write()->body);
    }
    return;
  }
  const bool again = world_.sabotage == Sabotage::kRenumberResend;
  const int first = unanswered_.front().op;
  world_.statistics.operations["write sent again"] += unanswered_.size();
  for (const PendingWrite& write : unanswered_) Submit(write.op);
  if (!again || closing_) return;
  ++world_.sabotaged;
  BeginWrite(world_.history.ops[static_cast<size_t>(first)].write()->body);
}

void SimClient::RenewWatches() {
  const std::vector<Wish> wishes = wishes_;
  for (const Wish& wish : wishes) {
    ++world_.statistics.operations["watch resumed"];
    BeginOp(replica::AddWatch{wish.path, wish.kind, complete_});
  }
}

void SimClient::CloseSession() {
  closing_ = true;
  BeginWrite(tree::CloseSessionRequest());
}

// --- Answers ----------------------------------------------------------------

void SimClient::TakeWriteReply(const InFlight& asked,
                               const replica::Reply& reply) {
  --writes_in_flight_;
  if (reply.not_taken) {
    must_resend_ = true;
  } else {
    const auto pending = std::find_if(
        unanswered_.begin(), unanswered_.end(),
        [&](const PendingWrite& each) { return each.op == asked.op; });
    if (pending != unanswered_.end()) {
      acked_through_ = std::max(acked_through_, pending->request_id);
      unanswered_.erase(pending);
    }
  }
  ResendIfAllIn();
}

void SimClient::ResendIfAllIn() {
  if (!must_resend_ || writes_in_flight_ > 0) return;
  if (world_.OneIn(3)) {
    return Leave(world_.random.Between(0, 200 * kMillisecond));
  }
  world_.scheduler.After(world_.random.Between(0, 200 * kMillisecond),
                         [this, connection = connection_] {
                           if (connection_ != connection || !must_resend_)
                             return;
                           must_resend_ = false;
                           SubmitUnanswered();
                         });
}

void SimClient::TakeReadReply(const OpRecord& op, const replica::Reply& reply) {
  const auto want = [this](const std::string& path, tree::WatchKind kind) {
    for (const Wish& wish : wishes_) {
      if (wish.path == path && wish.kind == kind) return;
    }
    wishes_.push_back({path, kind});
  };
  const auto* read = op.read();
  if (const auto* watch = std::get_if<replica::AddWatch>(&op.request.body)) {
    if (reply.status.ok()) {
      // Of a one-shot watch that was resumed, the event may have come already.
      if (!watch->resume_after.has_value()) want(watch->path, watch->kind);
    } else {
      std::erase_if(wishes_, [&](const Wish& wish) {
        return wish.path == watch->path && wish.kind == watch->kind;
      });
    }
    return;
  }
  if (read == nullptr) return;
  if (const auto* data = std::get_if<replica::GetData>(&read->query)) {
    if (const auto* answer = std::get_if<tree::DataAnswer>(&reply.result)) {
      workload_.Saw(data->path, answer->stat.version);
      if (data->watch) want(data->path, tree::WatchKind::kData);
    }
  } else if (const auto* exists = std::get_if<replica::Exists>(&read->query)) {
    const bool none =
        tree::ErrorCodeOf(reply.status) == tree::ErrorCode::kNoNode;
    if (exists->watch && (reply.status.ok() || none)) {
      want(exists->path, tree::WatchKind::kData);
    }
  } else if (const auto* children =
                 std::get_if<replica::GetChildren>(&read->query)) {
    if (const auto* answer = std::get_if<tree::ChildrenAnswer>(&reply.result)) {
      workload_.SawChildren(children->path, answer->names);
      if (children->watch) want(children->path, tree::WatchKind::kChild);
    }
  }
}

// --- Calls without a session ------------------------------------------------

void SimClient::Call() {
  OpRecord op;
  op.client = index_;
  if (world_.OneIn(2)) {
    replica::WriteRequest write;
    write.body = workload_.LoneWrite();
    op.request.body = std::move(write);
    ++world_.statistics.operations["call without a session: write"];
  } else {
    op.request.body = workload_.Read(/*may_watch=*/false);
    ++world_.statistics.operations["call without a session: read"];
  }
  LoneCall call = {pin_, op.request};
  call.request.tag = next_tag_++;
  const int64_t tag = call.request.tag;
  const int member = AnyMember();
  History& history = world_.history;
  const int record =
      history.AddConnection({.client = index_, .member = member, .pin = pin_});
  const int index = history.AddOp(std::move(op));
  const int submission = history.Submit(index, record, tag, world_.now());
  const uint64_t connection = wire_.Open(index_, member, std::move(call));
  calls_[connection] = {submission, index};
  call_records_[connection] = record;
  world_.scheduler.After(world_.random.Between(kSecond, 12 * kSecond),
                         [this, connection] {
                           if (calls_.contains(connection)) EndCall(connection);
                         });
}

void SimClient::EndCall(uint64_t connection) {
  const auto record = static_cast<size_t>(call_records_[connection]);
  world_.history.connections[record].lost = true;
  calls_.erase(connection);
  call_records_.erase(connection);
  wire_.Close(connection);
}

// --- The end ----------------------------------------------------------------

void SimClient::MaybeProbe() {
  if (!probing_ || probe_done_ || !in_flight_.empty() || must_resend_) return;
  if (!unanswered_.empty()) return;
  const History& history = world_.history;
  const auto answered = [&](int op) {
    if (op < 0) return false;
    const replica::Reply* reply =
        history.OutcomeOf(history.ops[static_cast<size_t>(op)]);
    return reply != nullptr && reply->status.ok();
  };
  const bool read = answered(probe_read_);
  if (answered(probe_write_) && read) {
    probe_done_ = true;
    return;
  }
  if (!answered(probe_write_)) {
    // A session may end before its answer came.
    probe_write_ = static_cast<int>(history.ops.size());
    BeginWrite(tree::SetDataRequest{
        "/", absl::StrCat("probe.", index_, ".", probe_write_), -1});
  }
  if (!read) {
    probe_read_ = static_cast<int>(history.ops.size());
    BeginOp(replica::ReadRequest{false, replica::GetData{"/", false}});
  }
}

}  // namespace quorate::simulation
