#include "broker/group/testing/group_history.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "broker/group/group_types.h"

namespace quorate::broker {
namespace {

std::string Text(const GroupPartition& partition) {
  return absl::StrCat(partition.topic, "/", partition.partition);
}

}  // namespace

std::string CheckExclusive(const GroupHistory& history) {
  std::vector<GroupHistory::Commit> commits = history.commits;
  std::stable_sort(
      commits.begin(), commits.end(),
      [](const auto& a, const auto& b) { return a.index < b.index; });
  std::map<GroupPartition, std::pair<int32_t, std::string>> owners;
  for (const GroupHistory::Commit& commit : commits) {
    const int32_t before =
        commit.index == 0 ? 0 : history.durable[commit.index - 1].generation;
    if (before != commit.generation) {
      return absl::StrCat(Text(commit.partition), ": ", commit.member_id,
                          " committed in generation ", commit.generation,
                          " when ", before, " was durable");
    }
    const auto [place, is_first] = owners.try_emplace(
        commit.partition, commit.generation, commit.member_id);
    if (is_first) continue;
    auto& [generation, member_id] = place->second;
    if (commit.generation < generation ||
        (commit.generation == generation && commit.member_id != member_id)) {
      return absl::StrCat(Text(commit.partition), ": ", commit.member_id,
                          " committed in generation ", commit.generation,
                          " after ", member_id, " in ", generation);
    }
    place->second = {commit.generation, commit.member_id};
  }
  return "";
}

std::string CheckNeverBack(const GroupHistory& history) {
  std::map<GroupPartition, int64_t> offsets;
  for (const GroupHistory::Durable& durable : history.durable) {
    for (const auto& [partition, offset] : offsets) {
      const auto now = durable.offsets.find(partition);
      if (now == durable.offsets.end()) {
        return absl::StrCat(Text(partition), " has lost its offset ", offset);
      }
      // The lowest one stands first.
      const auto rewind = durable.rewinds.lower_bound({partition, 0});
      const bool was_asked_for = rewind != durable.rewinds.end() &&
                                 rewind->first == partition &&
                                 rewind->second <= now->second;
      if (now->second < offset && !was_asked_for) {
        return absl::StrCat(Text(partition), " went back from ", offset, " to ",
                            now->second, ", which nobody asked for");
      }
    }
    offsets = durable.offsets;
  }
  return "";
}

std::string CheckCommitsDurable(const GroupHistory& history) {
  std::map<std::pair<size_t, GroupPartition>, bool> rewound;
  for (const GroupHistory::Commit& commit : history.commits) {
    if (commit.rewind) rewound[{commit.index, commit.partition}] = true;
  }
  for (const GroupHistory::Commit& commit : history.commits) {
    const auto& offsets = history.durable.at(commit.index).offsets;
    const auto found = offsets.find(commit.partition);
    const bool is_durable =
        found != offsets.end() &&
        (found->second >= commit.offset ||
         rewound.count({commit.index, commit.partition}) != 0);
    if (!is_durable) {
      return absl::StrCat(
          Text(commit.partition), ": ", commit.offset, " was answered, and ",
          found == offsets.end() ? "nothing" : absl::StrCat(found->second),
          " is durable");
    }
  }
  return "";
}

std::string CheckGenerations(const GroupHistory& history) {
  int32_t last = 0;
  for (const GroupHistory::Durable& durable : history.durable) {
    if (durable.generation < last) {
      return absl::StrCat("generation ", durable.generation, " after ", last);
    }
    last = durable.generation;
  }
  std::map<std::pair<int32_t, GroupPartition>, std::string> owners;
  std::map<std::pair<int32_t, std::string>, std::vector<GroupPartition>> told;
  for (const GroupHistory::Join& join : history.joins) {
    const JoinAnswer& answer = join.answer;
    if (answer.generation > join.durable_generation) {
      return absl::StrCat("generation ", answer.generation,
                          " was told, and only ", join.durable_generation,
                          " is durable");
    }
    const auto [place, is_first] = told.try_emplace(
        {answer.generation, answer.member_id}, answer.partitions);
    if (!is_first && place->second != answer.partitions) {
      return absl::StrCat(answer.member_id,
                          " was told two different shares of "
                          "generation ",
                          answer.generation);
    }
    for (const GroupPartition& partition : answer.partitions) {
      const auto owner =
          owners.try_emplace({answer.generation, partition}, answer.member_id);
      if (owner.first->second != answer.member_id) {
        return absl::StrCat(Text(partition), " belongs to ", answer.member_id,
                            " and ", owner.first->second, " in generation ",
                            answer.generation);
      }
    }
  }
  return "";
}

}  // namespace quorate::broker
