#include "coord/tree/sessions.h"

#include <string>

#include "coord/tree/wire.h"

namespace quorate::tree {
namespace {

Digest DigestOf(SessionId id, const Session& session) {
  std::string bytes;
  WireWriter writer(bytes);
  writer.U8('s');
  writer.I64(id.value);
  writer.I32(session.timeout_ms);
  return HashBytes(bytes);
}

}  // namespace

bool SessionTable::Open(SessionId id, Session session) {
  if (!sessions_.try_emplace(id, session).second) return false;
  digest_ += DigestOf(id, session);
  return true;
}

bool SessionTable::Close(SessionId id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return false;
  digest_ -= DigestOf(id, found->second);
  sessions_.erase(found);
  return true;
}

}  // namespace quorate::tree
