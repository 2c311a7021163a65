#include "broker/group/assignment.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "broker/group/group_types.h"

namespace quorate::broker {
namespace {

// One topic's partitions and those that may have them, by index of the member.
struct TopicShare {
  std::string topic = {};
  std::vector<size_t> subscribers = {};  // ascending
  std::vector<size_t> owners = {};       // by partition
};

constexpr size_t kNobody = SIZE_MAX;

class Sharing {
 public:
  Sharing(const std::map<std::string, Subscriber>& members,
          const TopicTable& topics)
      : loads_(members.size(), 0) {
    std::map<std::string, std::vector<size_t>> subscribers;
    size_t index = 0;
    for (const auto& [id, member] : members) {
      for (const std::string& topic : member.topics) {
        std::vector<size_t>& list = subscribers[topic];
        if (list.empty() || list.back() != index) list.push_back(index);
      }
      ++index;
    }
    for (auto& [topic, list] : subscribers) {
      const auto facts = topics.find(topic);
      if (facts == topics.end()) continue;
      shares_[topic] = {
          .topic = topic,
          .subscribers = list,
          .owners = std::vector<size_t>(
              static_cast<size_t>(facts->second.partitions), kNobody)};
    }
  }

  void Keep(size_t member, const std::vector<GroupPartition>& had) {
    for (const GroupPartition& partition : had) {
      const auto share = shares_.find(partition.topic);
      if (share == shares_.end()) continue;
      const auto index = static_cast<size_t>(partition.partition);
      const std::vector<size_t>& may = share->second.subscribers;
      if (index >= share->second.owners.size() ||
          share->second.owners[index] != kNobody ||
          !std::binary_search(may.begin(), may.end(), member)) {
        continue;
      }
      share->second.owners[index] = member;
      ++loads_[member];
    }
  }

  void GiveRest() {
    for (auto& [topic, share] : shares_) {
      for (size_t& owner : share.owners) {
        if (owner != kNobody) continue;
        owner = LeastLoaded(share);
        ++loads_[owner];
      }
    }
  }

  // Each move makes the sum of the squares of the loads smaller, so that this
  // ends.
  void Even() {
    bool moved = true;
    while (moved) {
      moved = false;
      for (auto& [topic, share] : shares_) {
        for (size_t& owner : share.owners) {
          const size_t other = LeastLoaded(share);
          if (loads_[owner] < loads_[other] + 2) continue;
          --loads_[owner];
          ++loads_[other];
          owner = other;
          moved = true;
        }
      }
    }
  }

  std::vector<std::vector<GroupPartition>> Result() const {
    std::vector<std::vector<GroupPartition>> result(loads_.size());
    for (const auto& [topic, share] : shares_) {
      for (size_t i = 0; i < share.owners.size(); ++i) {
        result[share.owners[i]].push_back({topic, static_cast<int32_t>(i)});
      }
    }
    return result;
  }

 private:
  size_t LeastLoaded(const TopicShare& share) const {
    return *std::min_element(
        share.subscribers.begin(), share.subscribers.end(),
        [this](size_t a, size_t b) { return loads_[a] < loads_[b]; });
  }

  std::map<std::string, TopicShare> shares_;
  std::vector<size_t> loads_;  // partitions, by index of the member
};

}  // namespace

std::map<std::string, std::vector<GroupPartition>> AssignPartitions(
    const std::map<std::string, Subscriber>& members,
    const TopicTable& topics) {
  Sharing sharing(members, topics);
  size_t index = 0;
  for (const auto& [id, member] : members) sharing.Keep(index++, member.had);
  sharing.GiveRest();
  sharing.Even();
  const std::vector<std::vector<GroupPartition>> shares = sharing.Result();
  std::map<std::string, std::vector<GroupPartition>> result;
  index = 0;
  for (const auto& [id, member] : members) result[id] = shares[index++];
  return result;
}

}  // namespace quorate::broker
