#include "coord/replica/connections.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "coord/base/check.h"
#include "coord/replica/client_message.h"
#include "coord/tree/session_id.h"

namespace quorate::replica {

Connection* Connections::Find(ConnectionId id) {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second.get();
}

Connection* Connections::FindServing(tree::SessionId session) {
  const auto found = serving_.find(session.value);
  return found == serving_.end() ? nullptr : found->second;
}

const Connection* Connections::FindServing(tree::SessionId session) const {
  const auto found = serving_.find(session.value);
  return found == serving_.end() ? nullptr : found->second;
}

Connection* Connections::FindAttachment(uint64_t attachment) {
  const auto found = attachments_.find(attachment);
  return found == attachments_.end() ? nullptr : found->second;
}

Connection& Connections::Add(ConnectionId id) {
  auto [added, is_new] =
      connections_.try_emplace(id, std::make_unique<Connection>());
  QUORATE_CHECK(is_new);
  added->second->id = id;
  connecting_.insert(id);
  return *added->second;
}

void Connections::Remove(ConnectionId id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  const Connection& connection = *found->second;
  queued_ -= connection.queue.size();
  queued_bytes_ -= connection.queued_bytes;
  const auto serving = serving_.find(connection.session.value);
  if (serving != serving_.end() && serving->second == &connection) {
    serving_.erase(serving);
  }
  attachments_.erase(connection.attachment);
  connecting_.erase(id);
  busy_.erase(id);
  connections_.erase(found);
}

void Connections::SetAttachment(Connection& connection, uint64_t attachment) {
  QUORATE_CHECK(attachment != 0 && connection.attachment == 0);
  connection.attachment = attachment;
  QUORATE_CHECK(attachments_.try_emplace(attachment, &connection).second);
}

void Connections::StartServing(Connection& connection) {
  connection.state = Connection::State::kServing;
  connecting_.erase(connection.id);
  if (connection.session.IsNone()) return;
  QUORATE_CHECK(
      serving_.try_emplace(connection.session.value, &connection).second);
}

void Connections::Push(Connection& connection, QueuedRequest request) {
  ++queued_;
  queued_bytes_ += request.bytes;
  connection.queued_bytes += request.bytes;
  connection.queue.push_back(std::move(request));
  busy_.insert(connection.id);
}

void Connections::Pop(Connection& connection) {
  const size_t bytes = connection.queue.front().bytes;
  --queued_;
  queued_bytes_ -= bytes;
  connection.queued_bytes -= bytes;
  connection.queue.pop_front();
  if (connection.taken_in > 0) --connection.taken_in;
  if (connection.queue.empty()) busy_.erase(connection.id);
}

std::vector<ConnectionId> Connections::Connecting() const {
  return {connecting_.begin(), connecting_.end()};
}

std::vector<ConnectionId> Connections::Busy() const {
  return {busy_.begin(), busy_.end()};
}

std::vector<ConnectionId> Connections::All() const {
  std::vector<ConnectionId> ids;
  ids.reserve(connections_.size());
  for (const auto& [id, connection] : connections_) ids.push_back(id);
  return ids;
}

}  // namespace quorate::replica
