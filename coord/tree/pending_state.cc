#include "coord/tree/pending_state.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace quorate::tree {

PendingNode PendingState::NodeOf(const Tree& tree, absl::string_view path,
                                 const Znode& node) {
  PendingNode pending;
  pending.version = node.version();
  pending.aversion = node.aversion();
  pending.creations = node.creations();
  pending.num_children = static_cast<int64_t>(node.num_children());
  pending.ephemeral_owner = node.ephemeral_owner();
  pending.mtime_ms = node.mtime_ms();
  pending.data_bytes = static_cast<int64_t>(node.data().size());
  pending.acl = tree.AclOf(node);
  if (!PathOfQuotaLimits(path).empty()) {
    pending.limits = ParseQuotaLimits(node.data());
  }
  return pending;
}

std::optional<PendingNode> PendingState::Find(absl::string_view path) const {
  const auto found = entries_.find(path);
  if (found != entries_.end()) return found->second.node;
  const Znode* node = state_.tree().Find(path);
  if (node == nullptr) return std::nullopt;
  return NodeOf(state_.tree(), path, *node);
}

bool PendingState::HasSession(SessionId session) const {
  const auto found = sessions_.find(session);
  if (found != sessions_.end()) return found->second.open;
  return state_.sessions().Has(session);
}

bool PendingState::IsOpening(SessionId session) const {
  const auto found = sessions_.find(session);
  return found != sessions_.end() && found->second.open;
}

std::vector<std::string> PendingState::EphemeralsOf(SessionId session) const {
  std::vector<std::string> paths;
  if (const Tree::PathSet* applied = state_.tree().EphemeralsOf(session)) {
    for (const std::string& path : *applied) {
      if (!entries_.contains(path)) paths.push_back(path);
    }
  }
  for (const auto& [path, entry] : entries_) {
    if (entry.node && entry.node->ephemeral_owner == session.value) {
      paths.push_back(path);
    }
  }
  std::sort(paths.begin(), paths.end(), PathLess());
  return paths;
}

std::vector<std::string> PendingState::Subtree(absl::string_view path,
                                               size_t max) const {
  std::vector<std::string> paths;
  const Znode* node = state_.tree().Find(path);
  for (uint32_t left = node ? node->descendants() + 1 : 0;
       left > 0 && paths.size() <= max; --left) {
    std::string each = node->Path();
    if (!entries_.contains(each)) paths.push_back(std::move(each));
    node = Tree::Next(*node);
  }
  for (auto entry = entries_.lower_bound(path);
       entry != entries_.end() && IsAtOrBelow(entry->first, path); ++entry) {
    if (entry->second.node) paths.push_back(entry->first);
  }
  std::sort(paths.begin(), paths.end(), PathLess());
  if (paths.size() > max) paths.resize(max + 1);
  return paths;
}

bool PendingState::MayHaveQuotas() const {
  if (state_.tree().has_quotas()) return true;
  const auto entry = entries_.lower_bound(absl::string_view(kQuotaPath));
  return entry != entries_.end() && IsAtOrBelow(entry->first, kQuotaPath);
}

QuotaUsage PendingState::UsageOf(absl::string_view path) const {
  QuotaUsage usage = state_.tree().UsageOf(path);
  const auto found = usage_.find(path);
  if (found != usage_.end()) {
    usage.count += found->second.count;
    usage.bytes += found->second.bytes;
  }
  return usage;
}

void PendingState::Put(absl::string_view path, PendingNode node) {
  Write(path, std::move(node));
}

void PendingState::Remove(absl::string_view path) { Write(path, std::nullopt); }

void PendingState::Write(absl::string_view path,
                         std::optional<PendingNode> node) {
  const std::optional<PendingNode> old = Find(path);
  Change change{zxid_, std::string(path), {}, std::nullopt};
  change.usage.count = int64_t{node.has_value()} - int64_t{old.has_value()};
  change.usage.bytes =
      (node ? node->data_bytes : 0) - (old ? old->data_bytes : 0);
  AddUsage(path, change.usage);
  const auto [entry, inserted] = entries_.try_emplace(change.path);
  if (!inserted) change.before = entry->second;
  entry->second = Entry{zxid_, std::move(node)};
  changes_.push_back(std::move(change));
}

void PendingState::AddUsage(absl::string_view path, const QuotaUsage& usage) {
  if (usage.count == 0 && usage.bytes == 0) return;
  ForEachPrefix(path, [&](absl::string_view prefix) {
    const auto [found, inserted] = usage_.try_emplace(prefix);
    found->second.count += usage.count;
    found->second.bytes += usage.bytes;
    if (found->second.count == 0 && found->second.bytes == 0) {
      usage_.erase(found);
    }
  });
}

void PendingState::Keep() {
  for (; kept_ < changes_.size(); ++kept_) changes_[kept_].before.reset();
}

void PendingState::RollBack() {
  for (; changes_.size() > kept_; changes_.pop_back()) {
    Change& change = changes_.back();
    AddUsage(change.path, {-change.usage.count, -change.usage.bytes});
    if (change.before) {
      entries_[change.path] = *std::move(change.before);
    } else {
      entries_.erase(change.path);
    }
  }
}

void PendingState::OpenSession(Zxid zxid, SessionId session) {
  session_changes_.push_back({zxid, session, true});
  sessions_[session] = session_changes_.back();
}

void PendingState::CloseSession(Zxid zxid, SessionId session) {
  session_changes_.push_back({zxid, session, false});
  sessions_[session] = session_changes_.back();
}

void PendingState::DropUpTo(Zxid zxid) {
  for (; !changes_.empty() && changes_.front().zxid <= zxid;
       changes_.pop_front()) {
    const Change& change = changes_.front();
    AddUsage(change.path, {-change.usage.count, -change.usage.bytes});
    const auto entry = entries_.find(change.path);
    if (entry != entries_.end() && entry->second.zxid <= zxid) {
      entries_.erase(entry);
    }
    --kept_;
  }
  for (; !session_changes_.empty() && session_changes_.front().zxid <= zxid;
       session_changes_.pop_front()) {
    const auto entry = sessions_.find(session_changes_.front().session);
    if (entry != sessions_.end() && entry->second.zxid <= zxid) {
      sessions_.erase(entry);
    }
  }
}

}  // namespace quorate::tree
