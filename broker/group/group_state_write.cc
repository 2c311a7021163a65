// What GroupState makes durable.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "broker/error/broker_error.h"
#include "broker/group/group_record.h"
#include "broker/group/group_state.h"
#include "broker/group/group_types.h"
#include "coord/base/check.h"
#include "coord/client/types.h"

namespace quorate::broker {

std::optional<std::vector<client::MultiOp>> GroupState::TakeWrite() {
  const bool has_round = phase_ == Phase::kWriting;
  const bool wanted = has_round || next_.removal || dirty_ ||
                      !next_.commits.empty() || !next_.fetches.empty();
  if (under_way_ || !wanted) return std::nullopt;
  under_way_ = std::exchange(next_, {});
  under_way_->has_round = has_round;
  dirty_ = false;
  std::vector<client::MultiOp> ops;
  BuildOps(*under_way_, ops);
  return ops;
}

void GroupState::BuildOps(Write& write,
                          std::vector<client::MultiOp>& ops) const {
  const std::string path = GroupPath(name_);
  if (write.removal) {
    if (!stored_) return;
    for (const auto& [topic, entry] : stored_->topics) {
      ops.push_back(
          client::Delete{GroupTopicPath(name_, topic), entry.version});
    }
    ops.push_back(client::Delete{path, stored_->version});
    return;
  }
  write.result = stored_.value_or(StoredGroup());
  StoredGroup& result = write.result;
  if (write.has_round) result.generation = round_.generation;
  if (!stored_) {
    // Who only asked for offsets makes no group.
    if (!write.has_round && write.commits.empty()) return;
    ops.push_back(client::Create{.path = path,
                                 .data = EncodeGeneration(result.generation)});
  } else if (write.has_round) {
    ops.push_back(client::SetData{path, EncodeGeneration(result.generation),
                                  result.version});
    ++result.version;
  }
  for (const auto& [topic, offsets] : accepted_) {
    const std::string topic_path = GroupTopicPath(name_, topic);
    const auto [place, is_new] = result.topics.try_emplace(topic);
    if (is_new) {
      ops.push_back(
          client::Create{.path = topic_path, .data = EncodeOffsets(offsets)});
    } else if (place->second.offsets != offsets) {
      ops.push_back(client::SetData{topic_path, EncodeOffsets(offsets),
                                    place->second.version});
      ++place->second.version;
    }
    place->second.offsets = offsets;
  }
  for (auto i = result.topics.begin(); i != result.topics.end();) {
    if (accepted_.count(i->first) != 0) {
      ++i;
      continue;
    }
    ops.push_back(
        client::Delete{GroupTopicPath(name_, i->first), i->second.version});
    i = result.topics.erase(i);
  }
}

void GroupState::Written(int64_t now_ms, const absl::Status& status) {
  QUORATE_CHECK(under_way_.has_value());
  Write write = *std::exchange(under_way_, std::nullopt);
  if (!status.ok()) {
    // What was gathered meanwhile stands on what was not written.
    for (Write* failed : {&write, &next_}) {
      for (const uint64_t request : failed->commits) Reply(request, status);
      for (const uint64_t request : failed->fetches) Reply(request, status);
      if (failed->removal) Reply(*failed->removal, status);
    }
    next_ = {};
    accepted_.clear();
    if (stored_) {
      for (const auto& [topic, entry] : stored_->topics) {
        accepted_[topic] = entry.offsets;
      }
    }
    DropOffsetsOfGoneTopics();
    // Not at once again: with the next write.
    dirty_ = false;
    if (write.has_round) RoundFailed(now_ms, status);
    return;
  }
  for (const uint64_t request : write.commits) {
    Reply(request, absl::OkStatus());
  }
  if (write.removal) {
    stored_.reset();
    accepted_.clear();
    Reply(*write.removal, absl::OkStatus());
  } else if (stored_ || write.has_round || !write.commits.empty()) {
    stored_ = std::move(write.result);
  }
  for (const uint64_t request : write.fetches) {
    replies_.push_back({.request = request, .offsets = DurableOffsets()});
  }
  if (write.has_round) RoundWritten(now_ms);
}

void GroupState::RoundWritten(int64_t now_ms) {
  Round round = std::exchange(round_, {});
  assigned_topics_ = std::move(round.topics);
  phase_ = members_.empty() ? Phase::kEmpty : Phase::kStable;
  for (auto& [id, partitions] : round.assignment) {
    const auto found = members_.find(id);
    if (found == members_.end()) continue;
    Member& member = found->second;
    member.generation = round.generation;
    member.partitions = std::move(partitions);
    member.heard_ms = now_ms;
    if (member.join) AnswerJoin(id, member);
  }
  if (std::exchange(another_round_, false) && phase_ == Phase::kStable) {
    BeginRound(now_ms);
    CompleteRoundIfAllJoined();
  }
}

void GroupState::RoundFailed(int64_t now_ms, const absl::Status& status) {
  const Round round = std::exchange(round_, {});
  for (const auto& [id, partitions] : round.assignment) {
    const auto found = members_.find(id);
    if (found == members_.end()) continue;
    Member& member = found->second;
    member.heard_ms = now_ms;
    if (member.join) {
      Reply(*member.join, status);
      member.join.reset();
    }
    if (member.generation == 0) members_.erase(found);
  }
  another_round_ = false;
  phase_ = Phase::kEmpty;
  if (members_.empty()) return;
  BeginRound(now_ms);
  CompleteRoundIfAllJoined();
}

void GroupState::Abandon(const absl::Status& status,
                         const absl::Status& commit_status) {
  if (under_way_) {
    for (const uint64_t request : under_way_->commits) {
      Reply(request, commit_status);
    }
    for (const uint64_t request : under_way_->fetches) Reply(request, status);
    if (under_way_->removal) Reply(*under_way_->removal, commit_status);
  }
  for (const uint64_t request : next_.commits) Reply(request, status);
  for (const uint64_t request : next_.fetches) Reply(request, status);
  if (next_.removal) Reply(*next_.removal, status);
  for (const auto& [id, member] : members_) {
    if (member.join) Reply(*member.join, status);
  }
  members_.clear();
  next_ = {};
  under_way_.reset();
}

std::vector<GroupReply> GroupState::TakeReplies() {
  return std::exchange(replies_, {});
}

bool GroupState::IsBusy() const {
  return under_way_ || dirty_ || next_.removal || !next_.commits.empty() ||
         !next_.fetches.empty() || phase_ == Phase::kWriting;
}

bool GroupState::IsUnused() const {
  return !stored_ && members_.empty() && !IsBusy();
}

}  // namespace quorate::broker
