#include "coord/tree/sessions.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "coord/tree/wire.h"

namespace quorate::tree {
namespace {

Digest DigestOf(SessionId id, const Session& session) {
  std::string bytes;
  WireWriter writer(bytes);
  writer.U8('s');
  writer.I64(id.value);
  writer.I32(session.timeout_ms);
  writer.String(session.password);
  writer.I64(session.last_request_id);
  return HashBytes(bytes);
}

}  // namespace

bool SessionTable::Open(SessionId id, int32_t timeout_ms,
                        std::string password) {
  if (sessions_.contains(id)) return false;
  Observe(id, nullptr);
  Session& session = sessions_[id];
  session.timeout_ms = timeout_ms;
  session.password = std::move(password);
  digest_ += DigestOf(id, session);
  return true;
}

bool SessionTable::Close(SessionId id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return false;
  Observe(id, &found->second);
  for (const auto& [request_id, result] : found->second.results) {
    digest_ -= result.hash;
  }
  digest_ -= DigestOf(id, found->second);
  sessions_.erase(found);
  return true;
}

bool SessionTable::Remember(SessionId id, int64_t request_id,
                            int64_t acked_through, RememberedResult result) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return false;
  Session& session = found->second;
  if (request_id != session.last_request_id + 1) return false;
  Observe(id, &session);
  digest_ -= DigestOf(id, session);
  session.last_request_id = request_id;
  digest_ += DigestOf(id, session);
  while (!session.results.empty() &&
         session.results.begin()->first <= acked_through) {
    ForgetOldest(session);
  }
  AddResult(id, session, request_id, std::move(result));
  while (session.results.size() > kMaxRememberedResults ||
         (session.results.size() > 1 &&
          session.result_bytes > kMaxRememberedBytes)) {
    ForgetOldest(session);
  }
  return true;
}

void SessionTable::RestoreCount(SessionId id, int64_t last_request_id) {
  Session& session = sessions_.at(id);
  digest_ -= DigestOf(id, session);
  session.last_request_id = last_request_id;
  digest_ += DigestOf(id, session);
}

void SessionTable::RestoreResult(SessionId id, int64_t request_id,
                                 RememberedResult result) {
  AddResult(id, sessions_.at(id), request_id, std::move(result));
}

const Session* SessionTable::Find(SessionId id) const {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : &found->second;
}

const RememberedResult* SessionTable::ResultOf(SessionId id,
                                               int64_t request_id) const {
  const Session* session = Find(id);
  if (session == nullptr) return nullptr;
  const auto found = session->results.find(request_id);
  return found == session->results.end() ? nullptr : &found->second;
}

void SessionTable::AddResult(SessionId id, Session& session, int64_t request_id,
                             RememberedResult result) {
  std::string bytes;
  WireWriter writer(bytes);
  WriteResult(result, writer);
  result.size_bytes = static_cast<uint32_t>(bytes.size());
  writer.U8('r');
  writer.I64(id.value);
  writer.I64(request_id);
  result.hash = HashBytes(bytes);
  digest_ += result.hash;
  session.result_bytes += result.size_bytes;
  session.results.emplace_hint(session.results.end(), request_id,
                               std::move(result));
}

void SessionTable::ForgetOldest(Session& session) {
  const auto oldest = session.results.begin();
  digest_ -= oldest->second.hash;
  session.result_bytes -= oldest->second.size_bytes;
  session.results.erase(oldest);
}

void SessionTable::AddObserver(SessionObserver* observer) {
  observers_.push_back(observer);
}

void SessionTable::RemoveObserver(SessionObserver* observer) {
  observers_.erase(std::remove(observers_.begin(), observers_.end(), observer),
                   observers_.end());
}

void SessionTable::Observe(SessionId id, const Session* session) {
  for (SessionObserver* observer : observers_) {
    observer->BeforeSessionChange(id, session);
  }
}

}  // namespace quorate::tree
