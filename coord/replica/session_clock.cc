#include "coord/replica/session_clock.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "coord/base/check.h"
#include "coord/tree/session_id.h"

namespace quorate::replica {

void SessionClock::Add(tree::SessionId session, int32_t timeout_ms) {
  QUORATE_CHECK(timeout_ms > 0);
  Entry& entry = sessions_[session.value];
  entry.timeout_ms = timeout_ms;
  entry.deadline_ms = now_ms_ + timeout_ms;
  Put(session, entry, entry.deadline_ms / kBucketMs);
}

void SessionClock::Remove(tree::SessionId session) {
  sessions_.erase(session.value);  // its place in a bucket is passed over
}

void SessionClock::Touch(tree::SessionId session) {
  const auto found = sessions_.find(session.value);
  if (found == sessions_.end()) return;
  found->second.deadline_ms = now_ms_ + found->second.timeout_ms;
}

std::vector<tree::SessionId> SessionClock::Advance(int64_t elapsed_ms) {
  now_ms_ += std::max<int64_t>(elapsed_ms, 0);
  std::vector<tree::SessionId> expired;
  while (!buckets_.empty() &&
         (buckets_.begin()->first + 1) * kBucketMs <= now_ms_) {
    const int64_t bucket = buckets_.begin()->first;
    const std::vector<tree::SessionId> due =
        std::move(buckets_.begin()->second);
    buckets_.erase(buckets_.begin());
    for (const tree::SessionId session : due) {
      const auto found = sessions_.find(session.value);
      if (found == sessions_.end() || found->second.bucket != bucket) continue;
      Entry& entry = found->second;
      if (entry.deadline_ms <= now_ms_) {
        expired.push_back(session);
        Put(session, entry, now_ms_ / kBucketMs);
      } else {
        Put(session, entry, entry.deadline_ms / kBucketMs);
      }
    }
  }
  std::sort(expired.begin(), expired.end());
  return expired;
}

void SessionClock::Put(tree::SessionId session, Entry& entry, int64_t bucket) {
  entry.bucket = bucket;
  buckets_[bucket].push_back(session);
}

}  // namespace quorate::replica
