// What consumer groups are made of: plain values, and the limits.

#ifndef QUORATE_BROKER_GROUP_GROUP_TYPES_H_
#define QUORATE_BROKER_GROUP_GROUP_TYPES_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace quorate::broker {

// More are refused: Overloaded what others could make room for, BadRequest the
// rest.
inline constexpr size_t kMaxGroups = 1'000;
inline constexpr size_t kMaxGroupMembers = 250;
inline constexpr size_t kMaxTopicsPerMember = 100;
inline constexpr size_t kMaxOffsetsPerCommit = 10'000;
// Requests of one group that wait for the ensemble.
inline constexpr size_t kMaxWaitingPerGroup = 1'000;
inline constexpr size_t kMaxGroupNameBytes = 200;
inline constexpr size_t kMaxMemberIdBytes = 200;
inline constexpr size_t kMaxClientIdBytes = 200;
inline constexpr int64_t kMinGroupTimeoutMs = 1'000;
inline constexpr int64_t kMaxGroupTimeoutMs = 300'000;

struct GroupPartition {
  std::string topic = {};
  int32_t partition = 0;

  auto operator<=>(const GroupPartition&) const = default;
};

// What a group knows of a topic.
struct TopicFacts {
  uint64_t topic_id = 0;
  int32_t partitions = 0;

  bool operator==(const TopicFacts&) const = default;
};
using TopicTable = std::map<std::string, TopicFacts>;

struct TopicOffsets {
  uint64_t topic_id = 0;                    // of the topic that they are of
  std::map<int32_t, int64_t> offsets = {};  // by partition

  bool operator==(const TopicOffsets&) const = default;
};
using GroupOffsets = std::map<std::string, TopicOffsets>;  // by topic

// --- Requests ----------------------------------------------------------------
struct JoinArguments {
  std::string member_id = {};  // empty: a new one
  std::string client_id = {};
  std::vector<std::string> topics = {};
  int64_t session_timeout_ms = 0;
  int64_t rebalance_timeout_ms = 0;
};

struct OffsetCommit {
  std::string topic = {};
  int32_t partition = 0;
  int64_t offset = 0;
};

struct CommitArguments {
  std::string member_id = {};  // empty with generation -1: by hand
  int32_t generation = -1;
  std::vector<OffsetCommit> offsets = {};
  bool rewind = false;  // also to lower offsets
};

// --- Answers -----------------------------------------------------------------
struct JoinAnswer {
  std::string member_id = {};
  int32_t generation = 0;
  std::vector<GroupPartition> partitions = {};  // sorted

  bool operator==(const JoinAnswer&) const = default;
};

struct MemberDescription {
  std::string member_id = {};
  std::string client_id = {};
  std::vector<GroupPartition> partitions = {};  // sorted
};

struct GroupDescription {
  std::string state = {};  // "empty", "rebalancing", "stable"
  int32_t generation = 0;  // 0: nobody has joined yet
  std::vector<MemberDescription> members = {};  // by id
  GroupOffsets offsets = {};
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_GROUP_GROUP_TYPES_H_
