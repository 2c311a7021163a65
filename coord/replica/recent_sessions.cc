#include "coord/replica/recent_sessions.h"

#include <string>

#include "coord/tree/session_id.h"

namespace quorate::replica {

void RecentSessions::Add(const std::string& password, tree::SessionId session) {
  const auto [found, is_new] = by_password_.try_emplace(password, session);
  if (!is_new) {
    found->second = session;
    return;
  }
  by_age_.push_back(password);
  if (by_age_.size() <= max_size_) return;
  by_password_.erase(by_age_.front());
  by_age_.pop_front();
}

tree::SessionId RecentSessions::Find(const std::string& password) const {
  const auto found = by_password_.find(password);
  return found == by_password_.end() ? tree::SessionId() : found->second;
}

}  // namespace quorate::replica
