// GroupMember: a consumer's membership of its group: joins, sends heartbeats on
// a thread of its own, and tells when it has to join again.
//
// The cycle, seen by the consumer:
//   kJoining   wait
//   kJoined    take the partitions (TakeAssignment()), read, commit
//   kRevoking  the group rebalances: commit, give up the partitions, Rejoin()
//   kLost      the group goes on without us: give up the partitions, Rejoin()
//
// Thread-safe.

#ifndef QUORATE_BROKER_CLIENT_GROUP_MEMBER_H_
#define QUORATE_BROKER_CLIENT_GROUP_MEMBER_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/client/topic_partition.h"

namespace quorate::broker {

class Cluster;

// Committed offsets of a group.
using Offsets = std::map<TopicPartition, int64_t>;

// As who offsets are committed. By hand: no member, generation -1.
struct Membership {
  std::string member_id = {};
  int32_t generation = -1;
};
// OK: durable. `rewind`: also offsets below those committed.
absl::Status CommitOffsets(Cluster& cluster, const std::string& group,
                           const Membership& as, const Offsets& offsets,
                           bool rewind, int64_t deadline_ms);
absl::StatusOr<Offsets> FetchOffsets(Cluster& cluster, const std::string& group,
                                     int64_t deadline_ms);

class GroupMember {
 public:
  struct Options {
    std::string group = {};
    std::vector<std::string> topics = {};
    int64_t session_timeout_ms = 10'000;
    int64_t rebalance_timeout_ms = 30'000;
  };
  enum class State { kJoining, kJoined, kRevoking, kLost };

  // Begins to join. `on_change` is called on its thread whenever the state has
  // changed or an error has come.
  GroupMember(std::shared_ptr<Cluster> cluster, Options options,
              std::function<void()> on_change);
  // Ends without leaving.
  ~GroupMember();

  State state() const;
  // Why it cannot join, for good; OK: it can, or tries.
  absl::Status error() const;
  Membership membership() const;
  // Of the generation that was joined, with the committed offsets; once.
  std::optional<std::map<TopicPartition, std::optional<int64_t>>>
  TakeAssignment();
  // Partitions are given up: joins again.
  void Rejoin();
  // A commit was refused: somebody else has them.
  void Lose(const absl::Status& why);
  // Ends, and tells the group.
  void Leave(int64_t deadline_ms);

 private:
  using Lock = std::unique_lock<std::mutex>;

  void Run();
  // With the lock released meanwhile.
  void Join(Lock& lock);
  void Beat(Lock& lock);
  void SetState(State state);
  void Stop();

  const std::shared_ptr<Cluster> cluster_;
  const Options options_;
  const std::function<void()> on_change_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  State state_ = State::kJoining;
  Membership membership_;
  std::optional<std::map<TopicPartition, std::optional<int64_t>>> assignment_;
  absl::Status error_;
  bool stopping_ = false;
  bool ended_ = false;  // the thread has
  std::thread thread_;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CLIENT_GROUP_MEMBER_H_
