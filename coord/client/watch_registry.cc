#include "coord/client/watch_registry.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "coord/base/check.h"
#include "coord/client/types.h"

namespace quorate::client {
namespace {

bool IsOneShot(WatchKind kind) {
  return kind == WatchKind::kData || kind == WatchKind::kChild;
}

bool SameEvent(const Event& a, const Event& b) {
  return a.type == b.type && a.path == b.path && a.zxid == b.zxid;
}

// How much of what happens to a path a watch is told.
int Completeness(WatchKind kind) {
  switch (kind) {
    case WatchKind::kData:
    case WatchKind::kChild:
      return 0;  // once
    case WatchKind::kRecursive:
      return 1;  // not of children
    case WatchKind::kPersistent:
      return 2;
  }
  return 0;
}

// "/a" for "/a/b", "/" for "/a", "" for "/".
std::string ParentOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos || path.size() <= 1) return "";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

void WatchRegistry::Arm(uint64_t id, const WatchKey& key) {
  QUORATE_CHECK(!by_id_.contains(id));
  const auto [at, is_new] = watches_.try_emplace(key);
  if (is_new && key.kind == WatchKind::kRecursive) ++recursive_;
  at->second.ids.insert(id);
  by_id_.emplace(id, key);
}

std::optional<WatchRegistry::Removed> WatchRegistry::Remove(uint64_t id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return std::nullopt;
  Removed removed;
  removed.key = found->second;
  by_id_.erase(found);
  const auto watch = watches_.find(removed.key);
  QUORATE_CHECK(watch != watches_.end());
  watch->second.ids.erase(id);
  if (watch->second.ids.empty()) {
    if (removed.key.kind == WatchKind::kRecursive) --recursive_;
    watches_.erase(watch);
    removed.last = true;
  }
  return removed;
}

void WatchRegistry::Clear() {
  watches_.clear();
  by_id_.clear();
  recursive_ = 0;
  OnBroken();
}

std::vector<WatchKey> WatchRegistry::BeginResume(Zxid zxid) {
  OnBroken();
  std::vector<WatchKey> keys;
  for (const auto& [key, watch] : watches_) keys.push_back(key);
  std::stable_sort(keys.begin(), keys.end(),
                   [](const WatchKey& a, const WatchKey& b) {
                     return Completeness(a.kind) < Completeness(b.kind);
                   });
  if (keys.empty()) {
    complete_ = std::max(complete_, zxid);
  } else {
    resuming_ = true;
    resumed_ = zxid;
  }
  return keys;
}

std::vector<Firing> WatchRegistry::EndResume() {
  std::vector<Firing> firings;
  if (!resuming_) return firings;
  resuming_ = false;
  std::vector<Told> all = std::move(collected_);
  collected_.clear();
  std::stable_sort(all.begin(), all.end(), [](const Told& a, const Told& b) {
    return a.event.zxid < b.event.zxid;
  });
  const Watches before = watches_;
  for (size_t from = 0; from < all.size();) {
    std::vector<Told> group;
    size_t to = from;
    while (to < all.size() && all[to].event.zxid == all[from].event.zxid) {
      // Keeps the last of equal ones.
      std::erase_if(group, [&](const Told& told) {
        return SameEvent(told.event, all[to].event) &&
               told.gap_kind == all[to].gap_kind;
      });
      group.push_back(all[to]);
      ++to;
    }
    TellGroup(group, before, firings);
    from = to;
  }
  if (!all.empty()) {
    complete_ = std::max(complete_, all.back().event.zxid - 1);
  }
  complete_ = std::max(complete_, resumed_);
  return firings;
}

bool WatchRegistry::WasTold(const Watch& watch, const std::vector<Told>& group,
                            size_t index) {
  const Event& event = group[index].event;
  if (event.zxid != watch.last_zxid) return event.zxid < watch.last_zxid;
  const auto last = watch.last.find(event.path);
  if (last == watch.last.end()) return false;
  // Events of one path come in order: all up to the last were told.
  for (size_t i = index; i < group.size(); ++i) {
    const Event& later = group[i].event;
    if (later.path == event.path && later.type == last->second) return true;
  }
  return false;
}

void WatchRegistry::TellGroup(const std::vector<Told>& group,
                              const Watches& before,
                              std::vector<Firing>& firings) {
  for (size_t i = 0; i < group.size(); ++i) {
    const Event& event = group[i].event;
    const bool is_gap = event.type == EventType::kGap;
    // A member was asked only for what is behind the mark. But a gap is told in
    // any case, as the member has not set a one-shot watch.
    if (event.zxid <= complete_ && !is_gap) continue;
    for (const WatchKey& key : Matching(group[i])) {
      const auto known = before.find(key);
      if (known != before.end() && !is_gap &&
          WasTold(known->second, group, i)) {
        continue;
      }
      Tell(key, event, firings);
    }
  }
}

void WatchRegistry::OnBroken() {
  resuming_ = false;
  collected_.clear();
}

void WatchRegistry::OnAnswer(Zxid zxid) {
  Zxid& mark = resuming_ ? resumed_ : complete_;
  mark = std::max(mark, zxid);
}

std::vector<Firing> WatchRegistry::OnEvent(const Event& event) {
  std::vector<Firing> firings;
  if (resuming_) {
    collected_.push_back({.event = event});
    return firings;
  }
  for (const WatchKey& key : Matching({.event = event})) {
    Tell(key, event, firings);
  }
  if (event.zxid > 0) complete_ = std::max(complete_, event.zxid - 1);
  return firings;
}

std::vector<Firing> WatchRegistry::OnGap(const WatchKey& key, Zxid zxid) {
  const Told told = {
      .event = {.type = EventType::kGap, .path = key.path, .zxid = zxid},
      .gap_kind = key.kind};
  std::vector<Firing> firings;
  if (resuming_) {
    collected_.push_back(told);
    return firings;
  }
  if (watches_.contains(key)) Tell(key, told.event, firings);
  return firings;
}

std::vector<WatchKey> WatchRegistry::Matching(const Told& told) const {
  const Event& event = told.event;
  std::vector<WatchKey> keys;
  const auto add = [&](const std::string& path, WatchKind kind) {
    WatchKey key = {path, kind};
    if (watches_.contains(key)) keys.push_back(std::move(key));
  };
  if (event.type == EventType::kGap) {
    add(event.path, told.gap_kind);
    return keys;
  }
  const bool of_children = event.type == EventType::kChildrenChanged;
  if (!of_children) add(event.path, WatchKind::kData);
  if (of_children || event.type == EventType::kDeleted) {
    add(event.path, WatchKind::kChild);
  }
  add(event.path, WatchKind::kPersistent);
  if (!of_children && recursive_ > 0) {
    for (std::string path = event.path; !path.empty(); path = ParentOf(path)) {
      add(path, WatchKind::kRecursive);
    }
  }
  return keys;
}

void WatchRegistry::Tell(const WatchKey& key, const Event& event,
                         std::vector<Firing>& firings) {
  const auto watch = watches_.find(key);
  QUORATE_CHECK(watch != watches_.end());
  if (watch->second.last_zxid != event.zxid) {
    watch->second.last_zxid = event.zxid;
    watch->second.last.clear();
  }
  watch->second.last[event.path] = event.type;
  const bool spent = IsOneShot(key.kind);
  const absl::btree_set<uint64_t> ids = watch->second.ids;
  for (const uint64_t id : ids) {
    firings.push_back({.id = id, .event = event, .last = spent});
    if (spent) Remove(id);
  }
}

}  // namespace quorate::client
