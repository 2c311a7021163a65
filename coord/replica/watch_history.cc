#include "coord/replica/watch_history.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "coord/consensus/zxid.h"
#include "coord/tree/event.h"
#include "coord/tree/watches.h"

namespace quorate::replica {
namespace {

// The event, its path twice, and its place in the index.
size_t BytesOf(const tree::TreeEvent& event) {
  return sizeof(tree::TreeEvent) + 2 * event.path.size() + 64;
}

}  // namespace

void WatchHistory::Reset(consensus::Zxid since) {
  since_ = since;
  first_ += events_.size();
  bytes_ = 0;
  events_.clear();
  by_path_.clear();
}

void WatchHistory::Add(const std::vector<tree::TreeEvent>& events) {
  for (const tree::TreeEvent& event : events) {
    by_path_[event.path].push_back(first_ + events_.size());
    events_.push_back(event);
    bytes_ += BytesOf(event);
  }
  while (bytes_ > max_bytes_) ForgetOldest();
}

void WatchHistory::ForgetOldest() {
  since_ = events_.front().zxid;
  while (!events_.empty() && events_.front().zxid == since_) {
    const tree::TreeEvent& event = events_.front();
    bytes_ -= BytesOf(event);
    const auto on_path = by_path_.find(event.path);
    on_path->second.pop_front();
    if (on_path->second.empty()) by_path_.erase(on_path);
    events_.pop_front();
    ++first_;
  }
}

std::optional<std::vector<const tree::TreeEvent*>> WatchHistory::After(
    consensus::Zxid after, absl::string_view path, tree::WatchKind kind) const {
  if (after < since_) return std::nullopt;
  std::vector<const tree::TreeEvent*> found;
  const auto take = [&](const tree::TreeEvent& event) {
    if (tree::Watches::Matches(kind, path, event)) found.push_back(&event);
  };
  if (kind == tree::WatchKind::kRecursive) {
    auto event =
        std::upper_bound(events_.begin(), events_.end(), after,
                         [](consensus::Zxid zxid, const tree::TreeEvent& each) {
                           return zxid < each.zxid;
                         });
    for (; event != events_.end(); ++event) take(*event);
    return found;
  }
  const auto on_path = by_path_.find(path);
  if (on_path == by_path_.end()) return found;
  const std::deque<uint64_t>& numbers = on_path->second;
  auto number = std::upper_bound(numbers.begin(), numbers.end(), after,
                                 [this](consensus::Zxid zxid, uint64_t each) {
                                   return zxid < At(each).zxid;
                                 });
  for (; number != numbers.end(); ++number) take(At(*number));
  return found;
}

}  // namespace quorate::replica
