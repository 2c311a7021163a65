#include "coord/tree/pending_requests.h"

#include <cstdint>

namespace quorate::tree {

const PendingRequests::Last* PendingRequests::LastOf(SessionId session) const {
  const auto found = last_.find(session.value);
  return found == last_.end() ? nullptr : &found->second;
}

void PendingRequests::Add(Zxid zxid, SessionId session, int64_t request_id) {
  last_[session.value] = {zxid, request_id};
  by_zxid_.push_back({zxid, session});
}

void PendingRequests::DropUpTo(Zxid zxid) {
  for (; !by_zxid_.empty() && by_zxid_.front().zxid <= zxid;
       by_zxid_.pop_front()) {
    const auto found = last_.find(by_zxid_.front().session.value);
    if (found != last_.end() && found->second.zxid <= zxid) last_.erase(found);
  }
}

}  // namespace quorate::tree
