#include "coord/replica/recent_writes.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coord/base/check.h"
#include "coord/replica/pending_writes.h"

namespace quorate::replica {

// Numbers and passwords are told apart: "#17", "@PASSWORD".
std::string RecentWrites::Name(const WriteKey& key) {
  return key.password.empty() ? absl::StrCat("#", key.request_id)
                              : absl::StrCat("@", key.password);
}

const absl::Status* RecentWrites::Find(const WriteKey& key) const {
  const auto found = decisions_.find(Name(key));
  return found == decisions_.end() ? nullptr : &found->second;
}

bool RecentWrites::HasRoom(int64_t now_ms) {
  Forget(now_ms);
  return decisions_.size() < max_size_;
}

void RecentWrites::Remember(const WriteKey& key, const absl::Status& decision,
                            int64_t now_ms) {
  std::string name = Name(key);
  QUORATE_CHECK(decisions_.try_emplace(name, decision).second);
  by_age_.push_back({now_ms, std::move(name)});
}

void RecentWrites::Forget(int64_t now_ms) {
  while (!by_age_.empty() && by_age_.front().at_ms < now_ms - keep_ms_) {
    decisions_.erase(by_age_.front().name);
    by_age_.pop_front();
  }
}

}  // namespace quorate::replica
