#include "coord/replica/testing/harness.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coord/base/bytes.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/base/unsafe_ensemble.h"
#include "coord/consensus/message.h"
#include "coord/consensus/options.h"
#include "coord/replica/client_message.h"
#include "coord/replica/output.h"
#include "coord/replica/peer_message.h"
#include "coord/replica/replica.h"
#include "coord/tree/acl.h"

namespace quorate::replica {
namespace {

bool IsSnapshotJob(const Job& job) {
  return !std::holds_alternative<WriteBatch>(job) &&
         !std::holds_alternative<Compact>(job);
}

}  // namespace

Harness::Harness(int members, Options options)
    : options_(std::move(options)), founders_(members) {
  for (int id = 1; id <= members; ++id) {
    const uint64_t number = static_cast<uint64_t>(id);
    Node& node =
        nodes_.emplace(id, Node({MemberId{number}, Incarnation{100 + number}}))
            .first->second;
    node.options = options_;
    node.options.core.address = AddressOf(id);
    node.options.core.fresh_ensemble_id = {7, number};
    consensus::Manifest manifest;
    for (int founder = 1; founder <= founders_; ++founder) {
      manifest.founders.push_back(
          {MemberId{static_cast<uint64_t>(founder)}, AddressOf(founder)});
    }
    node.options.core.manifest = std::move(manifest);
    Start(id);
  }
}

std::string Harness::AddressOf(int id) { return absl::StrCat("member", id); }

int Harness::MemberAt(const std::string& address) const {
  for (const auto& [id, node] : nodes_) {
    if (AddressOf(id) == address) return id;
  }
  return 0;
}

void Harness::Start(int id) {
  Node& node = nodes_.at(id);
  node.replica = std::make_unique<Replica>(node.options, node.disk.Recover(),
                                           next_seed_++);
}

void Harness::Join(int id) {
  const uint64_t number = static_cast<uint64_t>(id);
  Node& node =
      nodes_.emplace(id, Node({MemberId{number}, Incarnation{100 + number}}))
          .first->second;
  node.options = options_;
  node.options.core.address = AddressOf(id);
  node.options.core.seeds = {AddressOf(1)};
  Start(id);
}

void Harness::StartStatic(int id, const std::set<int>& list) {
  const MemberKey key = {MemberId{static_cast<uint64_t>(id)},
                         kUnsafeIncarnation};
  Node& node = nodes_.try_emplace(id, Node(key)).first->second;
  QUORATE_CHECK(node.replica == nullptr);
  node.options = options_;
  node.options.core.address = AddressOf(id);
  for (const int other : list) {
    node.options.core.static_members.push_back(
        {MemberId{static_cast<uint64_t>(other)}, AddressOf(other)});
  }
  Start(id);
}

int Harness::Leader() {
  for (const auto& [id, node] : nodes_) {
    if (node.replica == nullptr || !node.replica->core().IsLeader()) continue;
    if (isolated_.contains(id)) continue;
    if (node.replica->state().applied().epoch() ==
        node.replica->core().epoch()) {
      return id;
    }
  }
  return 0;
}

int Harness::Elect() {
  for (int i = 0; i < 1'000 && Leader() == 0; ++i) Advance(kTickMs);
  QUORATE_CHECK(Leader() != 0);
  Advance(4 * kTickMs);  // all have heard of it
  return Leader();
}

int Harness::Follower() {
  const int leader = Leader();
  QUORATE_CHECK(leader != 0);
  for (const auto& [id, node] : nodes_) {
    if (id != leader && node.replica != nullptr && !isolated_.contains(id)) {
      return id;
    }
  }
  QUORATE_CHECK(false);
}

void Harness::Crash(int id) {
  Node& node = nodes_.at(id);
  node.replica = nullptr;
  node.jobs.clear();
  node.disk_held = false;
  node.snapshots_held = false;
  node.disk.Abandon();
}

void Harness::Restart(int id) {
  QUORATE_CHECK(!IsUp(id));
  Start(id);
}

void Harness::Settle() {
  for (bool busy = true; busy;) {
    busy = false;
    for (auto& [id, node] : nodes_) {
      if (node.replica != nullptr && Work(id)) busy = true;
    }
    while (!wires_.empty()) {
      busy = true;
      DeliverOne();
    }
  }
}

void Harness::Advance(int64_t ms) {
  for (; ms > 0; ms -= kTickMs) {
    wall_ms += kTickMs;
    for (auto& [id, node] : nodes_) {
      if (node.replica != nullptr) node.replica->Tick(kTickMs, wall_ms);
    }
    Settle();
  }
}

bool Harness::Work(int id) {
  Node& node = nodes_.at(id);
  Output output = node.replica->TakeOutput();
  const bool busy = !output.IsEmpty();
  for (Job& job : output.jobs) node.jobs.push_back(std::move(job));
  for (consensus::Envelope& envelope : output.consensus_messages) {
    Send(std::move(envelope), id);
  }
  for (PeerEnvelope& envelope : output.peer_messages) {
    Send(std::move(envelope));
  }
  for (Delivery& delivery : output.deliveries) {
    const auto client = clients_.find(delivery.connection);
    if (client == clients_.end()) continue;
    client->second.messages.push_back(std::move(delivery.message));
  }
  return DoJobs(id) || busy;
}

bool Harness::DoJobs(int id) {
  Node& node = nodes_.at(id);
  bool busy = false;
  std::deque<Job> waiting;
  while (!node.jobs.empty()) {
    Job job = std::move(node.jobs.front());
    node.jobs.pop_front();
    if (IsSnapshotJob(job) ? node.snapshots_held : node.disk_held) {
      waiting.push_back(std::move(job));
      continue;
    }
    busy = true;
    DoJob(id, job);
  }
  node.jobs = std::move(waiting);
  return busy;
}

void Harness::DoJob(int id, Job& job) {
  Node& node = nodes_.at(id);
  if (const auto* write = std::get_if<WriteBatch>(&job)) {
    node.disk.Write(write->batch);
    node.replica->Written(write->id);
  } else if (const auto* begin = std::get_if<SnapshotBegin>(&job)) {
    node.disk.Begin(*begin);
  } else if (const auto* piece = std::get_if<SnapshotPiece>(&job)) {
    node.disk.Append(*piece);
    node.replica->SnapshotPieceWritten();
  } else if (const auto* finish = std::get_if<SnapshotFinish>(&job)) {
    node.disk.Finish(*finish);
    if (node.snapshots_fail) node.disk.Abandon();
    const std::optional<uint64_t> size =
        node.snapshots_fail ? std::nullopt : node.disk.Publish(finish->zxid);
    if (size.has_value()) {
      node.replica->SnapshotPublished(finish->zxid, *size);
    } else {
      node.replica->SnapshotFailed(absl::UnknownError("broken"));
    }
  } else if (std::holds_alternative<SnapshotAbandon>(job)) {
    node.disk.Abandon();
  } else if (const auto* load = std::get_if<LoadSnapshot>(&job)) {
    node.replica->SnapshotLoaded(node.disk.Load(load->zxid));
  } else if (const auto* compact = std::get_if<Compact>(&job)) {
    node.disk.Drop(*compact);
  }
}

void Harness::LetDiskGo(int id) {
  nodes_.at(id).disk_held = false;
  Settle();
}

void Harness::LetSnapshotsGo(int id) {
  nodes_.at(id).snapshots_held = false;
  Settle();
}

bool Harness::MayPass(int from, int to) const {
  return to != 0 && IsUp(to) && !isolated_.contains(from) &&
         !isolated_.contains(to);
}

void Harness::Send(consensus::Envelope envelope, int from) {
  if (drop && drop(envelope)) return;
  if (auto* chunk = std::get_if<consensus::SnapshotChunk>(&envelope.message)) {
    chunk->data = MakeBytes(
        disk(from).Read(chunk->meta.zxid, chunk->offset, chunk->length));
  }
  wires_.push_back(std::move(envelope));
}

void Harness::Send(PeerEnvelope envelope) {
  if (drop_peer && drop_peer(envelope)) return;
  if (hold_peer && hold_peer(envelope)) {
    held_.push_back(std::move(envelope));
    return;
  }
  if (duplicate_peers) wires_.push_back(envelope);
  wires_.push_back(std::move(envelope));
}

void Harness::Release(bool reversed) {
  if (reversed) std::reverse(held_.begin(), held_.end());
  for (PeerEnvelope& envelope : held_) wires_.push_back(std::move(envelope));
  held_.clear();
  Settle();
}

void Harness::DeliverOne() {
  const Wire wire = std::move(wires_.front());
  wires_.pop_front();
  std::visit(
      [this](const auto& envelope) {
        const int to = MemberAt(envelope.to_address);
        if (!MayPass(MemberAt(envelope.from_address), to)) return;
        member(to).Step(envelope);
      },
      wire);
}

// --- Clients ----------------------------------------------------------------

ConnectionId Harness::Connect(int id, Hello hello) {
  const ConnectionId connection{next_connection_++};
  clients_[connection] = {id, hello.password, {}};
  member(id).Connect(connection, hello);
  Settle();
  return connection;
}

ConnectionId Harness::Open(int id, int32_t timeout_ms) {
  Hello hello;
  hello.password = absl::StrCat("password", 10'000'000 + next_connection_);
  hello.timeout_ms = timeout_ms;
  const ConnectionId connection = Connect(id, hello);
  QUORATE_CHECK(WelcomeOf(connection).has_value());
  return connection;
}

ConnectionId Harness::Resume(int id, ConnectionId before) {
  Hello hello;
  hello.session = SessionOf(before);
  hello.password = PasswordOf(before);
  return Connect(id, hello);
}

std::string Harness::PasswordOf(ConnectionId connection) const {
  return clients_.at(connection).password;
}

tree::SessionId Harness::SessionOf(ConnectionId connection) const {
  const auto welcome = WelcomeOf(connection);
  QUORATE_CHECK(welcome.has_value());
  return welcome->session;
}

int64_t Harness::Submit(ConnectionId connection,
                        decltype(ClientRequest::body) body) {
  const int64_t tag = next_tag_++;
  const int id = clients_.at(connection).member;
  if (IsUp(id)) member(id).Submit(connection, {tag, std::move(body)});
  return tag;
}

int64_t Harness::Write(ConnectionId connection, int64_t request_id,
                       tree::RequestBody body, int64_t acked_through) {
  return Submit(connection,
                WriteRequest{request_id, acked_through, std::move(body)});
}

int64_t Harness::Read(ConnectionId connection, Query query, bool local) {
  return Submit(connection, ReadRequest{local, std::move(query)});
}

ConnectionId Harness::Call(int id, decltype(ClientRequest::body) body,
                           std::vector<tree::Identity> identities) {
  const ConnectionId call{next_connection_++};
  clients_[call] = {id, "", {}};
  member(id).SubmitCall(call, {}, std::move(identities),
                        {next_tag_++, std::move(body)});
  return call;
}

void Harness::Disconnect(ConnectionId connection) {
  const int id = clients_.at(connection).member;
  if (IsUp(id)) member(id).Disconnect(connection);
}

const std::vector<ServerMessage>& Harness::Messages(
    ConnectionId connection) const {
  return clients_.at(connection).messages;
}

std::optional<Welcome> Harness::WelcomeOf(ConnectionId connection) const {
  for (const ServerMessage& message : Messages(connection)) {
    if (const auto* welcome = std::get_if<Welcome>(&message)) return *welcome;
  }
  return std::nullopt;
}

std::vector<Reply> Harness::Replies(ConnectionId connection) const {
  std::vector<Reply> replies;
  for (const ServerMessage& message : Messages(connection)) {
    if (const auto* reply = std::get_if<Reply>(&message)) {
      replies.push_back(*reply);
    }
  }
  return replies;
}

bool Harness::HasReply(ConnectionId connection, int64_t tag) const {
  for (const Reply& reply : Replies(connection)) {
    if (reply.tag == tag) return true;
  }
  return false;
}

Reply Harness::ReplyTo(ConnectionId connection, int64_t tag) const {
  for (const Reply& reply : Replies(connection)) {
    if (reply.tag == tag) return reply;
  }
  QUORATE_CHECK(false);
}

Reply Harness::LastReply(ConnectionId connection) const {
  const std::vector<Reply> replies = Replies(connection);
  QUORATE_CHECK(!replies.empty());
  return replies.back();
}

std::vector<WatchEvent> Harness::Events(ConnectionId connection) const {
  std::vector<WatchEvent> events;
  for (const ServerMessage& message : Messages(connection)) {
    if (const auto* event = std::get_if<WatchEvent>(&message)) {
      events.push_back(*event);
    }
  }
  return events;
}

std::optional<absl::Status> Harness::GoodbyeOf(ConnectionId connection) const {
  for (const ServerMessage& message : Messages(connection)) {
    if (const auto* goodbye = std::get_if<Goodbye>(&message)) {
      return goodbye->status;
    }
  }
  return std::nullopt;
}

tree::CreateRequest CreateOf(std::string path, std::string data,
                             tree::CreateMode mode) {
  tree::CreateRequest create;
  create.path = std::move(path);
  create.data = std::move(data);
  create.acl = tree::OpenAcl();
  create.mode = mode;
  return create;
}

}  // namespace quorate::replica
