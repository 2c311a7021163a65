#include "coord/tree/watches.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "coord/tree/error.h"
#include "coord/tree/path.h"

namespace quorate::tree {
namespace {

constexpr uint8_t kDataBit = static_cast<uint8_t>(WatchKind::kData);
constexpr uint8_t kChildBit = static_cast<uint8_t>(WatchKind::kChild);
constexpr uint8_t kPersistentBit = static_cast<uint8_t>(WatchKind::kPersistent);
constexpr uint8_t kRecursiveBit = static_cast<uint8_t>(WatchKind::kRecursive);

// The kinds on the event's own path that are told of it.
uint8_t KindsToldOf(EventType type) {
  if (type == EventType::kChildrenChanged) return kChildBit | kPersistentBit;
  constexpr uint8_t kKinds = kDataBit | kPersistentBit | kRecursiveBit;
  return type == EventType::kDeleted ? kKinds | kChildBit : kKinds;
}

}  // namespace

void Watches::Add(SessionId session, absl::string_view path, WatchKind kind) {
  OnPath& on_path = by_path_[path];
  const auto [entry, inserted] = on_path.try_emplace(session, 0);
  if (inserted) {
    by_session_[session].insert(std::string(path));
    ++size_;
  }
  if (kind == WatchKind::kRecursive && !(entry->second & kRecursiveBit)) {
    ++recursive_;
  }
  entry->second |= Bit(kind);
}

bool Watches::Has(SessionId session, absl::string_view path,
                  WatchKind kind) const {
  const auto on_path = by_path_.find(path);
  if (on_path == by_path_.end()) return false;
  const auto entry = on_path->second.find(session);
  return entry != on_path->second.end() && (entry->second & Bit(kind)) != 0;
}

absl::Status Watches::Remove(SessionId session, absl::string_view path,
                             WatchKind kind) {
  return Take(session, path, Bit(kind));
}

absl::Status Watches::RemoveAny(SessionId session, absl::string_view path) {
  return Take(session, path,
              kDataBit | kChildBit | kPersistentBit | kRecursiveBit);
}

absl::Status Watches::Take(SessionId session, absl::string_view path,
                           Kinds kinds) {
  const auto on_path = by_path_.find(path);
  const absl::Status none = Error(ErrorCode::kNoWatcher, path);
  if (on_path == by_path_.end()) return none;
  const auto entry = on_path->second.find(session);
  if (entry == on_path->second.end() || (entry->second & kinds) == 0) {
    return none;
  }
  if (entry->second & kinds & kRecursiveBit) --recursive_;
  entry->second &= static_cast<Kinds>(~kinds);
  if (entry->second == 0) {
    on_path->second.erase(entry);
    if (on_path->second.empty()) by_path_.erase(on_path);
    Forget(session, path);
  }
  return absl::OkStatus();
}

void Watches::RemoveSession(SessionId session) {
  const auto found = by_session_.find(session);
  if (found == by_session_.end()) return;
  for (const std::string& path : found->second) {
    const auto on_path = by_path_.find(path);
    const auto entry = on_path->second.find(session);
    if (entry->second & kRecursiveBit) --recursive_;
    on_path->second.erase(entry);
    if (on_path->second.empty()) by_path_.erase(on_path);
    --size_;
  }
  by_session_.erase(found);
}

// Takes `path` from the list of `session`.
void Watches::Forget(SessionId session, absl::string_view path) {
  const auto found = by_session_.find(session);
  const auto entry = found->second.find(path);
  found->second.erase(entry);
  if (found->second.empty()) by_session_.erase(found);
  --size_;
}

void Watches::Collect(absl::string_view path, Kinds firing, Kinds spent,
                      std::vector<SessionId>& fired) {
  const auto found = by_path_.find(path);
  if (found == by_path_.end()) return;
  OnPath left;  // only if something is taken away; built in order
  bool changed = false;
  for (auto& [session, kinds] : found->second) {
    if (kinds & firing) fired.push_back(session);
    const Kinds remaining = kinds & static_cast<Kinds>(~spent);
    changed |= remaining != kinds;
    if (remaining != 0) {
      if (spent != 0) left.emplace_hint(left.end(), session, remaining);
    } else {
      Forget(session, path);
    }
  }
  if (!changed) return;
  if (left.empty()) {
    by_path_.erase(found);
  } else {
    found->second = std::move(left);
  }
}

std::vector<WatchFiring> Watches::Fire(const std::vector<TreeEvent>& events) {
  std::vector<WatchFiring> firings;
  for (const TreeEvent& event : events) {
    if (by_path_.empty()) break;
    const Kinds firing = KindsToldOf(event.type);
    std::vector<SessionId> fired;
    Collect(event.path, firing, firing & (kDataBit | kChildBit), fired);
    if (recursive_ > 0 && event.type != EventType::kChildrenChanged) {
      absl::string_view above = event.path;
      while (above != kRootPath) {
        above = ParentPath(above);
        Collect(above, kRecursiveBit, 0, fired);
      }
      std::sort(fired.begin(), fired.end());
      fired.erase(std::unique(fired.begin(), fired.end()), fired.end());
    }
    if (!fired.empty()) firings.push_back({event, std::move(fired)});
  }
  return firings;
}

bool Watches::Matches(WatchKind kind, absl::string_view path,
                      const TreeEvent& event) {
  if (event.path == path) return (KindsToldOf(event.type) & Bit(kind)) != 0;
  return kind == WatchKind::kRecursive &&
         event.type != EventType::kChildrenChanged &&
         IsAtOrBelow(event.path, path);
}

void Watches::ForEach(
    absl::FunctionRef<bool(absl::string_view, SessionId, uint8_t)> visit)
    const {
  for (const auto& [session, paths] : by_session_) {
    for (const std::string& path : paths) {
      if (!visit(path, session, by_path_.find(path)->second.at(session))) {
        return;
      }
    }
  }
}

}  // namespace quorate::tree
