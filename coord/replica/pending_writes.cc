#include "coord/replica/pending_writes.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "coord/replica/client_message.h"
#include "coord/replica/peer_message.h"
#include "coord/tree/request.h"

namespace quorate::replica {

WriteKey KeyOf(const ForwardedRequest& request) {
  if (const auto* create =
          std::get_if<tree::CreateSessionRequest>(&request.body)) {
    return {tree::SessionId(), 0, create->password};
  }
  return {request.session, request.request_id, ""};
}

bool PendingWrites::Add(ConnectionId connection, ForwardedRequest request) {
  if (!by_key_.try_emplace(KeyOf(request), next_number_).second) return false;
  writes_.emplace(next_number_,
                  Write{connection, std::move(request), false, 0});
  unsent_.insert(next_number_++);
  return true;
}

const PendingWrites::Write* PendingWrites::Find(const WriteKey& key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : &writes_.at(found->second);
}

ConnectionId PendingWrites::Take(const WriteKey& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return ConnectionId();
  const uint64_t number = found->second;
  const ConnectionId connection = writes_.at(number).connection;
  writes_.erase(number);
  unsent_.erase(number);
  deferred_.erase(number);
  by_key_.erase(found);
  return connection;
}

const PendingWrites::Write* PendingWrites::NextToSend(int64_t now_ms) {
  if (unsent_.empty()) return nullptr;
  Write& write = writes_.at(*unsent_.begin());
  if (unsent_.size() == writes_.size()) oldest_sent_ms_ = now_ms;
  unsent_.erase(unsent_.begin());
  write.was_sent = true;
  write.sent_ms = now_ms;
  return &write;
}

void PendingWrites::SendAllAgain() {
  deferred_.clear();
  for (const auto& [number, write] : writes_) unsent_.insert(number);
}

void PendingWrites::Defer(const WriteKey& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end() || unsent_.contains(found->second)) return;
  deferred_.insert(found->second);
}

void PendingWrites::Tick(int64_t now_ms, int64_t resend_ms) {
  unsent_.insert(deferred_.begin(), deferred_.end());
  deferred_.clear();
  if (writes_.empty() || oldest_sent_ms_ > now_ms - resend_ms) return;
  oldest_sent_ms_ = now_ms;
  for (const auto& [number, write] : writes_) {
    if (unsent_.contains(number)) continue;
    if (write.sent_ms <= now_ms - resend_ms) {
      unsent_.insert(number);
    } else {
      oldest_sent_ms_ = std::min(oldest_sent_ms_, write.sent_ms);
    }
  }
}

std::vector<WriteKey> PendingWrites::Keys() const {
  std::vector<WriteKey> keys;
  keys.reserve(by_key_.size());
  for (const auto& [key, number] : by_key_) keys.push_back(key);
  return keys;
}

}  // namespace quorate::replica
