#include "broker/group/group_table.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "broker/error/broker_error.h"
#include "broker/group/group_record.h"
#include "broker/group/group_state.h"
#include "broker/group/group_types.h"
#include "coord/base/check.h"

namespace quorate::broker {
namespace {

absl::Status Bad(absl::string_view message) {
  return BrokerError(ErrorKind::kBadRequest, message);
}

absl::Status CheckTimeout(absl::string_view name, int64_t value_ms) {
  if (value_ms >= kMinGroupTimeoutMs && value_ms <= kMaxGroupTimeoutMs) {
    return absl::OkStatus();
  }
  return Bad(absl::StrCat(name, " is ", kMinGroupTimeoutMs, " to ",
                          kMaxGroupTimeoutMs, " ms; found ", value_ms));
}

absl::Status CheckSize(absl::string_view name, size_t size, size_t limit) {
  if (size <= limit) return absl::OkStatus();
  return Bad(absl::StrCat("at most ", limit, " ", name, "; found ", size));
}

absl::Status CheckJoin(const JoinArguments& arguments) {
  absl::Status status = CheckSize(
      "bytes of a member id", arguments.member_id.size(), kMaxMemberIdBytes);
  status.Update(CheckSize("bytes of a client id", arguments.client_id.size(),
                          kMaxClientIdBytes));
  status.Update(
      CheckSize("topics", arguments.topics.size(), kMaxTopicsPerMember));
  status.Update(
      CheckTimeout("session_timeout_ms", arguments.session_timeout_ms));
  status.Update(
      CheckTimeout("rebalance_timeout_ms", arguments.rebalance_timeout_ms));
  if (arguments.topics.empty()) {
    status.Update(Bad("a member names the topics that it reads; found none"));
  }
  for (const std::string& topic : arguments.topics) {
    // A topic's name is made as a group's; it need not exist yet.
    if (!CheckGroupName(topic).ok()) {
      status.Update(Bad("one of the topics has a name that no topic can have"));
    }
  }
  return status;
}

absl::Status CheckCommit(const CommitArguments& arguments) {
  absl::Status status = CheckSize(
      "bytes of a member id", arguments.member_id.size(), kMaxMemberIdBytes);
  status.Update(
      CheckSize("offsets", arguments.offsets.size(), kMaxOffsetsPerCommit));
  if (arguments.member_id.empty() != (arguments.generation == -1)) {
    status.Update(
        Bad("a commit has a member id and its generation, or neither "
            "(generation -1)"));
  }
  std::set<std::pair<absl::string_view, int32_t>> seen;
  for (const OffsetCommit& commit : arguments.offsets) {
    if (commit.offset < 0) {
      status.Update(
          Bad(absl::StrCat("an offset is 0 or above; found ", commit.offset)));
    }
    if (!seen.emplace(commit.topic, commit.partition).second) {
      status.Update(Bad(absl::StrCat("partition ", commit.partition,
                                     " stands twice in one commit")));
    }
  }
  return status;
}

absl::Status NotController() {
  return BrokerError(ErrorKind::kNotController,
                     "this broker is not controller any more");
}

}  // namespace

GroupTable::GroupTable(std::string member_prefix,
                       std::shared_ptr<const TopicTable> topics)
    : member_prefix_(std::move(member_prefix)), topics_(std::move(topics)) {}

GroupState* GroupTable::Find(const std::string& group, bool make,
                             absl::Status* status) {
  *status = CheckGroupName(group);
  if (!status->ok()) return nullptr;
  const auto found = groups_.find(group);
  if (found != groups_.end()) return &found->second;
  if (!listed_ || reading_.count(group) != 0) {
    *status = BrokerError(ErrorKind::kNotReady,
                          "the new controller is still reading its groups");
    return nullptr;
  }
  const auto failed = failed_.find(group);
  if (failed != failed_.end()) {
    *status =
        BrokerError(ErrorKind::kNotReady,
                    absl::StrCat("the group cannot be read: ", failed->second));
    failed_.erase(failed);
    reading_.insert(group);
    reads_.insert(group);
    return nullptr;
  }
  if (!make) {
    *status = BrokerError(ErrorKind::kNoGroup,
                          absl::StrCat("there is no group \"", group, "\""));
    return nullptr;
  }
  if (groups_.size() + reading_.size() + failed_.size() >= kMaxGroups) {
    *status = BrokerError(
        ErrorKind::kOverloaded,
        absl::StrCat("there are ", kMaxGroups,
                     " groups already; delete some that are not needed"));
    return nullptr;
  }
  return &groups_
              .emplace(std::piecewise_construct, std::forward_as_tuple(group),
                       std::forward_as_tuple(group, std::nullopt, topics_))
              .first->second;
}

void GroupTable::Reply(uint64_t request, absl::Status status) {
  replies_.push_back({.request = request, .status = std::move(status)});
}

void GroupTable::Collect(const std::string& group, GroupState& state) {
  if (std::optional<std::vector<client::MultiOp>> ops = state.TakeWrite()) {
    const uint64_t id = ++last_write_;
    under_way_[id] = group;
    writes_.push_back({.id = id, .ops = *std::move(ops)});
  }
  for (GroupReply& reply : state.TakeReplies()) {
    waiting_.erase(reply.request);
    replies_.push_back(std::move(reply));
  }
  if (state.IsUnused()) groups_.erase(group);
}

void GroupTable::Join(int64_t now_ms, uint64_t request,
                      const std::string& group,
                      const JoinArguments& arguments) {
  absl::Status status = CheckJoin(arguments);
  if (!status.ok()) return Reply(request, status);
  // Only a new member makes a group.
  const bool is_new = arguments.member_id.empty();
  GroupState* state = Find(group, is_new, &status);
  if (Is(status, ErrorKind::kNoGroup)) {
    status = BrokerError(ErrorKind::kUnknownMember, status.message());
  }
  if (state == nullptr) return Reply(request, status);
  std::string fresh_id;
  if (is_new) fresh_id = absl::StrCat(member_prefix_, "-", ++last_member_);
  waiting_[request] = group;
  state->Join(now_ms, request, fresh_id, arguments);
  Collect(group, *state);
}

void GroupTable::Commit(int64_t now_ms, uint64_t request,
                        const std::string& group,
                        const CommitArguments& arguments) {
  absl::Status status = CheckCommit(arguments);
  if (!status.ok()) return Reply(request, status);
  GroupState* state = Find(group, arguments.member_id.empty(), &status);
  if (Is(status, ErrorKind::kNoGroup)) {
    status = BrokerError(ErrorKind::kUnknownMember, status.message());
  }
  if (state == nullptr) return Reply(request, status);
  waiting_[request] = group;
  state->Commit(now_ms, request, arguments);
  Collect(group, *state);
}

void GroupTable::FetchOffsets(uint64_t request, const std::string& group) {
  absl::Status status;
  // A group that there is not has no offsets; that, too, is only said once a
  // write has shown that this is the controller.
  GroupState* state = Find(group, /*make=*/true, &status);
  if (state == nullptr) return Reply(request, status);
  waiting_[request] = group;
  state->FetchOffsets(request);
  Collect(group, *state);
}

void GroupTable::Delete(uint64_t request, const std::string& group) {
  absl::Status status;
  GroupState* state = Find(group, /*make=*/false, &status);
  if (state == nullptr) return Reply(request, status);
  waiting_[request] = group;
  state->Delete(request);
  Collect(group, *state);
}

void GroupTable::Cancel(int64_t now_ms, uint64_t request) {
  const auto found = waiting_.find(request);
  if (found == waiting_.end()) return;
  const std::string group = found->second;
  const auto state = groups_.find(group);
  if (state == groups_.end()) return;
  state->second.Cancel(now_ms, request);
  Collect(group, state->second);
}

absl::Status GroupTable::Heartbeat(int64_t now_ms, const std::string& group,
                                   const std::string& member_id,
                                   int32_t generation) {
  absl::Status status;
  GroupState* state = Find(group, /*make=*/false, &status);
  if (Is(status, ErrorKind::kNoGroup)) {
    return BrokerError(ErrorKind::kUnknownMember, status.message());
  }
  if (state == nullptr) return status;
  return state->Heartbeat(now_ms, member_id, generation);
}

absl::Status GroupTable::Leave(int64_t now_ms, const std::string& group,
                               const std::string& member_id) {
  absl::Status status;
  GroupState* state = Find(group, /*make=*/false, &status);
  if (Is(status, ErrorKind::kNoGroup)) {
    return BrokerError(ErrorKind::kUnknownMember, status.message());
  }
  if (state == nullptr) return status;
  status = state->Leave(now_ms, member_id);
  Collect(group, *state);
  return status;
}

absl::StatusOr<GroupDescription> GroupTable::Describe(
    const std::string& group) {
  absl::Status status;
  const GroupState* state = Find(group, /*make=*/false, &status);
  if (state == nullptr) return status;
  return state->Describe();
}

absl::StatusOr<std::vector<std::string>> GroupTable::List() const {
  if (!listed_) {
    return BrokerError(ErrorKind::kNotReady,
                       "the new controller is still reading its groups");
  }
  std::set<std::string> names = reading_;
  for (const auto& [name, state] : groups_) names.insert(name);
  for (const auto& [name, why] : failed_) names.insert(name);
  return std::vector<std::string>(names.begin(), names.end());
}

void GroupTable::SetTopics(int64_t now_ms,
                           std::shared_ptr<const TopicTable> topics) {
  topics_ = std::move(topics);
  for (auto i = groups_.begin(); i != groups_.end();) {
    const auto here = i++;  // Collect() may erase it
    here->second.SetTopics(now_ms, topics_);
    Collect(here->first, here->second);
  }
}

void GroupTable::Tick(int64_t now_ms) {
  for (auto i = groups_.begin(); i != groups_.end();) {
    const auto here = i++;
    here->second.Tick(now_ms);
    Collect(here->first, here->second);
  }
}

void GroupTable::Listed(const std::vector<std::string>& names) {
  listed_ = true;
  reading_.insert(names.begin(), names.end());
  reads_ = reading_;
}

void GroupTable::ReadDone(const std::string& group,
                          absl::StatusOr<std::optional<StoredGroup>> stored) {
  reading_.erase(group);
  if (!stored.ok()) {
    failed_[group] = std::string(stored.status().message());
    return;
  }
  if (!stored->has_value()) return;
  const auto [place, is_new] = groups_.emplace(
      std::piecewise_construct, std::forward_as_tuple(group),
      std::forward_as_tuple(group, *std::move(stored), topics_));
  QUORATE_CHECK(is_new);
  Collect(group, place->second);
}

void GroupTable::Written(int64_t now_ms, uint64_t write_id,
                         GroupWriteOutcome outcome,
                         const absl::Status& status) {
  const auto found = under_way_.find(write_id);
  QUORATE_CHECK(found != under_way_.end());
  const std::string group = found->second;
  under_way_.erase(found);
  GroupState& state = groups_.at(group);
  switch (outcome) {
    case GroupWriteOutcome::kDone:
      state.Written(now_ms, absl::OkStatus());
      return Collect(group, state);
    case GroupWriteOutcome::kRefused:
      state.Written(now_ms,
                    BrokerError(ErrorKind::kOverloaded,
                                absl::StrCat("the ensemble did not take it: ",
                                             status.message())));
      return Collect(group, state);
    case GroupWriteOutcome::kConflict:
    case GroupWriteOutcome::kUnknown:
      break;
  }
  const absl::Status again = BrokerError(
      ErrorKind::kNotReady, "the group has been changed; it is read again");
  state.Abandon(again, outcome == GroupWriteOutcome::kConflict
                           ? again
                           : BrokerError(ErrorKind::kRequestTimedOut,
                                         "it may have been written or not"));
  for (GroupReply& reply : state.TakeReplies()) {
    waiting_.erase(reply.request);
    replies_.push_back(std::move(reply));
  }
  groups_.erase(group);
  reading_.insert(group);
  reads_.insert(group);
}

void GroupTable::End() {
  const absl::Status unknown = BrokerError(
      ErrorKind::kRequestTimedOut,
      "this broker is not controller any more; it may have been written");
  for (auto& [name, state] : groups_) {
    state.Abandon(NotController(), unknown);
    for (GroupReply& reply : state.TakeReplies()) {
      replies_.push_back(std::move(reply));
    }
  }
  groups_.clear();
  waiting_.clear();
  under_way_.clear();
}

std::vector<std::string> GroupTable::TakeReads() {
  const std::set<std::string> reads = std::exchange(reads_, {});
  return std::vector<std::string>(reads.begin(), reads.end());
}

std::vector<GroupWrite> GroupTable::TakeWrites() {
  return std::exchange(writes_, {});
}

std::vector<GroupReply> GroupTable::TakeReplies() {
  return std::exchange(replies_, {});
}

}  // namespace quorate::broker
