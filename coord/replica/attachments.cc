#include "coord/replica/attachments.h"

#include <algorithm>
#include <cstdint>

#include "coord/base/check.h"
#include "coord/tree/session_id.h"

namespace quorate::replica {

bool Attachments::Attach(tree::SessionId session, uint64_t attachment) {
  QUORATE_CHECK(attachment != 0);
  Users& users = sessions_[session.value];
  if (users.now == attachment) return true;
  if (std::find(users.before.begin(), users.before.end(), attachment) !=
      users.before.end()) {
    return false;
  }
  if (users.now != 0) users.before.push_back(users.now);
  if (users.before.size() > kRemembered) {
    users.before.erase(users.before.begin());
  }
  users.now = attachment;
  return true;
}

bool Attachments::MayUse(tree::SessionId session, uint64_t attachment) const {
  const auto found = sessions_.find(session.value);
  return found == sessions_.end() || found->second.now == attachment;
}

void Attachments::Forget(tree::SessionId session) {
  sessions_.erase(session.value);
}

}  // namespace quorate::replica
