// ConsumerDriver: drives a FetchCore and a GroupMember with gRPC and a clock.
//
// One mutex guards the core. Fetches are answered on gRPC's threads, which put
// the records into the core and begin the next fetch; one thread asks for
// metadata and offsets. The user's thread, in Poll(), does all the rest.

#ifndef QUORATE_BROKER_CLIENT_CONSUMER_DRIVER_H_
#define QUORATE_BROKER_CLIENT_CONSUMER_DRIVER_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/client/cluster.h"
#include "broker/client/consumer.h"
#include "broker/client/fetch_core.h"
#include "broker/client/group_member.h"

namespace quorate::broker {

class ConsumerDriver {
 public:
  // REQUIRES: valid options.
  ConsumerDriver(ConsumerOptions options, std::shared_ptr<Cluster> cluster);
  ~ConsumerDriver();

  absl::StatusOr<std::vector<ConsumedRecord>> Poll(int64_t timeout_ms);
  void Wake();
  absl::Status Assign(
      const std::map<TopicPartition, std::optional<int64_t>>& partitions);
  std::vector<TopicPartition> Assignment() const;
  bool Seek(const TopicPartition& partition, int64_t offset);
  bool SeekTo(const TopicPartition& partition, OffsetAt at);
  Offsets Positions() const;
  Offsets HighWatermarks() const;
  absl::Status Commit(const Offsets& offsets);
  absl::StatusOr<Offsets> Committed();
  absl::Status Close();

  const ConsumerOptions& options() const { return options_; }
  Cluster& cluster() { return *cluster_; }

 private:
  struct Call;
  using Lock = std::unique_lock<std::mutex>;

  void Ask();
  // Makes the calls that are due. Releases the lock meanwhile.
  void Pump(Lock& lock);
  void StartCall(const FetchCall& order);
  void OnAnswered(Call* call, const absl::Status& status);

  // Follows the group: takes what is assigned, gives up what is not.
  void FollowGroup();
  void AutoCommit();

  const ConsumerOptions options_;
  const std::shared_ptr<Cluster> cluster_;

  mutable std::mutex mutex_;
  FetchCore core_;
  std::map<uint64_t, std::unique_ptr<Call>> calls_;
  std::deque<OffsetQuestion> questions_;
  bool refresh_ = false;
  bool woken_ = false;
  bool stopping_ = false;
  std::condition_variable changed_;
  std::condition_variable ask_;
  std::thread asker_;

  // Of the user's thread.
  std::unique_ptr<GroupMember> member_;
  bool assigned_ = false;  // what the group has assigned was taken
  Offsets committed_;      // as this consumer has committed or found them
  std::set<TopicPartition> rewound_;  // sought back below that
  int64_t committed_ms_ = 0;
  bool closed_ = false;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CLIENT_CONSUMER_DRIVER_H_
