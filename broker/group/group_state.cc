#include "broker/group/group_state.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "broker/error/broker_error.h"
#include "broker/group/assignment.h"
#include "broker/group/group_record.h"
#include "broker/group/group_types.h"
#include "coord/base/check.h"

namespace quorate::broker {
namespace {

absl::Status UnknownMember(const std::string& id) {
  return BrokerError(ErrorKind::kUnknownMember,
                     absl::StrCat("\"", id,
                                  "\" is no member of the group (any more); "
                                  "join without a member id"));
}

absl::Status Rebalancing() {
  return BrokerError(ErrorKind::kRebalanceInProgress,
                     "the group shares its partitions out anew; commit what "
                     "is done, and join again");
}

absl::Status Overloaded(absl::string_view what, size_t limit) {
  return BrokerError(
      ErrorKind::kOverloaded,
      absl::StrCat("the group has ", limit, " ", what, ", and takes no more"));
}

absl::Status BeingDeleted() {
  return BrokerError(ErrorKind::kNotReady, "the group is being deleted");
}

std::vector<std::string> Sorted(std::vector<std::string> words) {
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

}  // namespace

GroupState::GroupState(std::string name, std::optional<StoredGroup> stored,
                       std::shared_ptr<const TopicTable> topics)
    : name_(std::move(name)),
      stored_(std::move(stored)),
      topics_(std::move(topics)) {
  if (!stored_) return;
  for (const auto& [topic, entry] : stored_->topics) {
    accepted_[topic] = entry.offsets;
  }
  DropOffsetsOfGoneTopics();
}

void GroupState::Join(int64_t now_ms, uint64_t request,
                      const std::string& fresh_id,
                      const JoinArguments& arguments) {
  if (next_.removal || (under_way_ && under_way_->removal)) {
    return Reply(request, BeingDeleted());
  }
  const bool is_new = arguments.member_id.empty();
  const std::string& id = is_new ? fresh_id : arguments.member_id;
  if (is_new) {
    if (members_.size() >= kMaxGroupMembers) {
      return Reply(request, Overloaded("members", kMaxGroupMembers));
    }
    QUORATE_CHECK(members_.try_emplace(id).second);
  } else if (members_.count(id) == 0) {
    return Reply(request, UnknownMember(id));
  }
  Member& member = members_.at(id);
  std::vector<std::string> topics = Sorted(arguments.topics);
  const bool same_topics = !is_new && member.topics == topics;
  member.client_id = arguments.client_id;
  member.topics = std::move(topics);
  member.session_timeout_ms = arguments.session_timeout_ms;
  member.rebalance_timeout_ms = arguments.rebalance_timeout_ms;
  member.heard_ms = now_ms;
  if (member.join) {
    Reply(*member.join,
          BrokerError(ErrorKind::kRebalanceInProgress,
                      "a later join of the same member takes its place"));
  }
  member.join = request;
  switch (phase_) {
    case Phase::kStable:
      // It has not heard the answer that it was given.
      if (same_topics) return AnswerJoin(id, member);
      [[fallthrough]];
    case Phase::kEmpty:
      BeginRound(now_ms);
      break;
    case Phase::kWriting:
      if (!same_topics) another_round_ = true;
      return;
    case Phase::kJoining:
      break;
  }
  CompleteRoundIfAllJoined();
}

void GroupState::AnswerJoin(const std::string& id, Member& member) {
  replies_.push_back({.request = *member.join,
                      .join = {.member_id = id,
                               .generation = member.generation,
                               .partitions = member.partitions}});
  member.join.reset();
}

const TopicFacts* GroupState::FactsFor(const OffsetCommit& commit,
                                       bool by_hand) const {
  const auto facts = topics_->find(commit.topic);
  if (facts == topics_->end() || commit.partition < 0 ||
      commit.partition >= facts->second.partitions) {
    return nullptr;
  }
  if (by_hand) return &facts->second;
  const auto assigned = assigned_topics_.find(commit.topic);
  if (assigned == assigned_topics_.end() ||
      assigned->second.topic_id != facts->second.topic_id) {
    return nullptr;
  }
  return &facts->second;
}

absl::Status GroupState::CheckCommit(int64_t now_ms,
                                     const CommitArguments& arguments) {
  if (next_.removal || (under_way_ && under_way_->removal)) {
    return BeingDeleted();
  }
  if (next_.commits.size() + next_.fetches.size() >= kMaxWaitingPerGroup) {
    return Overloaded("requests that wait", kMaxWaitingPerGroup);
  }
  if (arguments.member_id.empty() && arguments.generation == -1) {
    if (!members_.empty() || phase_ != Phase::kEmpty) {
      return BrokerError(
          ErrorKind::kGroupNotEmpty,
          absl::StrCat("the group has ", members_.size(),
                       " members; offsets are set by hand while it has none"));
    }
    for (const OffsetCommit& commit : arguments.offsets) {
      if (FactsFor(commit, /*by_hand=*/true) == nullptr) {
        return BrokerError(
            ErrorKind::kNoTopic,
            absl::StrCat("there is no partition ", commit.partition,
                         " of a topic \"", commit.topic, "\""));
      }
    }
    return absl::OkStatus();
  }
  const auto found = members_.find(arguments.member_id);
  if (found == members_.end()) return UnknownMember(arguments.member_id);
  Member& member = found->second;
  if (member.generation == 0 || member.generation != arguments.generation) {
    return BrokerError(ErrorKind::kFencedGeneration,
                       absl::StrCat("generation ", arguments.generation,
                                    " is over; join again"));
  }
  member.heard_ms = now_ms;
  if (phase_ == Phase::kWriting) return Rebalancing();
  for (const OffsetCommit& commit : arguments.offsets) {
    if (!std::binary_search(member.partitions.begin(), member.partitions.end(),
                            GroupPartition{commit.topic, commit.partition})) {
      return BrokerError(
          ErrorKind::kBadRequest,
          absl::StrCat("partition ", commit.partition, " of \"", commit.topic,
                       "\" is not assigned to this member"));
    }
  }
  return absl::OkStatus();
}

void GroupState::Commit(int64_t now_ms, uint64_t request,
                        const CommitArguments& arguments) {
  const absl::Status status = CheckCommit(now_ms, arguments);
  if (!status.ok()) return Reply(request, status);
  const bool by_hand = arguments.member_id.empty();
  for (const OffsetCommit& commit : arguments.offsets) {
    const TopicFacts* facts = FactsFor(commit, by_hand);
    // The topic was deleted: its offsets mean nothing, to nobody.
    if (facts == nullptr) continue;
    TopicOffsets& topic = accepted_[commit.topic];
    topic.topic_id = facts->topic_id;
    const auto [place, is_first] =
        topic.offsets.try_emplace(commit.partition, commit.offset);
    if (!is_first && (arguments.rewind || commit.offset > place->second)) {
      place->second = commit.offset;
    }
  }
  next_.commits.push_back(request);
}

void GroupState::FetchOffsets(uint64_t request) {
  if (next_.commits.size() + next_.fetches.size() >= kMaxWaitingPerGroup) {
    return Reply(request,
                 Overloaded("requests that wait", kMaxWaitingPerGroup));
  }
  next_.fetches.push_back(request);
}

void GroupState::Delete(uint64_t request) {
  if (next_.removal || (under_way_ && under_way_->removal)) {
    return Reply(request, BeingDeleted());
  }
  if (phase_ != Phase::kEmpty || !members_.empty()) {
    return Reply(request,
                 BrokerError(ErrorKind::kGroupNotEmpty,
                             absl::StrCat("the group has ", members_.size(),
                                          " members; stop them first")));
  }
  next_.removal = request;
}

absl::Status GroupState::Heartbeat(int64_t now_ms, const std::string& member_id,
                                   int32_t generation) {
  const auto found = members_.find(member_id);
  if (found == members_.end()) return UnknownMember(member_id);
  Member& member = found->second;
  if (member.generation == 0 || member.generation != generation) {
    return BrokerError(
        ErrorKind::kFencedGeneration,
        absl::StrCat("generation ", generation, " is over; join again"));
  }
  member.heard_ms = now_ms;
  return phase_ == Phase::kStable ? absl::OkStatus() : Rebalancing();
}

absl::Status GroupState::Leave(int64_t now_ms, const std::string& member_id) {
  if (members_.count(member_id) == 0) return UnknownMember(member_id);
  Remove(now_ms, member_id, UnknownMember(member_id));
  return absl::OkStatus();
}

void GroupState::Cancel(int64_t now_ms, uint64_t request) {
  for (auto& [id, member] : members_) {
    if (member.join != request) continue;
    Reply(request, absl::CancelledError("nobody waits for the answer"));
    member.join.reset();
    member.heard_ms = now_ms;
    if (member.generation == 0) {
      const std::string removed = id;
      Remove(now_ms, removed, absl::OkStatus());
    }
    return;
  }
}

void GroupState::SetTopics(int64_t now_ms,
                           std::shared_ptr<const TopicTable> topics) {
  topics_ = std::move(topics);
  DropOffsetsOfGoneTopics();
  if (phase_ == Phase::kStable && Subscribed() != assigned_topics_) {
    BeginRound(now_ms);
  } else if (phase_ == Phase::kWriting && Subscribed() != round_.topics) {
    another_round_ = true;
  }
}

void GroupState::Tick(int64_t now_ms) {
  std::vector<std::string> silent;
  const bool round_is_over =
      phase_ == Phase::kJoining && now_ms >= round_end_ms_;
  for (const auto& [id, member] : members_) {
    if (member.join) continue;
    if (round_is_over || now_ms - member.heard_ms > member.session_timeout_ms) {
      silent.push_back(id);
    }
  }
  for (const std::string& id : silent) {
    Remove(now_ms, id, absl::OkStatus());
  }
}

void GroupState::Remove(int64_t now_ms, const std::string& id,
                        const absl::Status& reason) {
  const auto found = members_.find(id);
  QUORATE_CHECK(found != members_.end());
  if (found->second.join) Reply(*found->second.join, reason);
  members_.erase(found);
  if (phase_ == Phase::kWriting) {
    another_round_ = true;
    return;
  }
  if (members_.empty()) {
    phase_ = Phase::kEmpty;
    return;
  }
  BeginRound(now_ms);
  CompleteRoundIfAllJoined();
}

void GroupState::BeginRound(int64_t now_ms) {
  if (phase_ == Phase::kJoining) return;
  phase_ = Phase::kJoining;
  int64_t patience_ms = 0;
  for (const auto& [id, member] : members_) {
    patience_ms = std::max(patience_ms, member.rebalance_timeout_ms);
  }
  round_end_ms_ = now_ms + patience_ms;
}

void GroupState::CompleteRoundIfAllJoined() {
  if (phase_ != Phase::kJoining || members_.empty()) return;
  std::map<std::string, Subscriber> subscribers;
  for (const auto& [id, member] : members_) {
    if (!member.join) return;
    subscribers[id] = {.topics = member.topics, .had = member.partitions};
  }
  phase_ = Phase::kWriting;
  another_round_ = false;
  round_ = {.generation = (stored_ ? stored_->generation : 0) + 1,
            .assignment = AssignPartitions(subscribers, *topics_),
            .topics = Subscribed()};
}

TopicTable GroupState::Subscribed() const {
  TopicTable subscribed;
  for (const auto& [id, member] : members_) {
    for (const std::string& topic : member.topics) {
      const auto facts = topics_->find(topic);
      if (facts != topics_->end()) subscribed.insert(*facts);
    }
  }
  return subscribed;
}

bool GroupState::IsOfThisTopic(const std::string& topic,
                               const TopicOffsets& offsets) const {
  const auto facts = topics_->find(topic);
  return facts != topics_->end() && facts->second.topic_id == offsets.topic_id;
}

GroupOffsets GroupState::DurableOffsets() const {
  GroupOffsets offsets;
  if (!stored_) return offsets;
  for (const auto& [topic, entry] : stored_->topics) {
    if (IsOfThisTopic(topic, entry.offsets)) offsets[topic] = entry.offsets;
  }
  return offsets;
}

void GroupState::DropOffsetsOfGoneTopics() {
  for (auto i = accepted_.begin(); i != accepted_.end();) {
    if (IsOfThisTopic(i->first, i->second)) {
      ++i;
      continue;
    }
    i = accepted_.erase(i);
    dirty_ = true;
  }
}

GroupDescription GroupState::Describe() const {
  GroupDescription description;
  description.state = phase_ == Phase::kEmpty    ? "empty"
                      : phase_ == Phase::kStable ? "stable"
                                                 : "rebalancing";
  if (stored_) description.generation = stored_->generation;
  description.offsets = DurableOffsets();
  for (const auto& [id, member] : members_) {
    description.members.push_back({.member_id = id,
                                   .client_id = member.client_id,
                                   .partitions = member.partitions});
  }
  return description;
}

}  // namespace quorate::broker
