// Consumer: reads the records of topics, as a member of a group or by hand.
//
//   auto consumer = Consumer::Create({.client = {.bootstrap = {...}},
//                                     .group = "billing",
//                                     .topics = {"orders"}});
//   for (;;) {
//     auto records = (*consumer)->Poll(1'000);
//     ...process them...
//   }
//   (*consumer)->Close();
//
// At least once, by default: what Poll() has given counts as processed when
// Poll() is called again, and only then is it committed. Before a rebalance
// takes partitions away, what was processed is committed. For effects that must
// not come twice: broker/processor.
//
// A group's partitions are assigned by its coordinator; who does not poll for
// longer than the rebalance time-out while others come or go is a member no
// more, and joins again at its next Poll().
//
// One thread polls, seeks and commits; Wake() may be called by any.

#ifndef QUORATE_BROKER_CLIENT_CONSUMER_H_
#define QUORATE_BROKER_CLIENT_CONSUMER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/client/client_options.h"
#include "broker/client/consumed_record.h"
#include "broker/client/fetch_core.h"
#include "broker/client/offset_at.h"
#include "broker/client/topic_partition.h"

namespace quorate::broker {

struct ConsumerOptions {
  ClientOptions client = {};
  // Empty: no group, and nothing can be committed.
  std::string group = {};
  // What a member wants to read. Empty: partitions are assigned by hand
  // (Assign()); a group then keeps only the offsets.
  std::vector<std::string> topics = {};
  FetchLimits fetch = {};
  size_t max_records = 500;  // of one Poll()
  // Off: only Commit() commits.
  bool auto_commit = true;
  int64_t auto_commit_ms = 1'000;         // not more often, but at a rebalance
  int64_t session_timeout_ms = 10'000;    // 1,000 to 300,000
  int64_t rebalance_timeout_ms = 30'000;  // likewise
  // Called by Poll(), on its thread. They may seek.
  std::function<void(const std::vector<TopicPartition>&)> on_assigned = {};
  // What was processed is committed after it. `lost`: others may have the
  // partitions already, and nothing can be committed any more.
  std::function<void(const std::vector<TopicPartition>&, bool lost)>
      on_revoked = {};
};

class ConsumerDriver;

class Consumer {
 public:
  // InvalidArgument: options that are out of their range.
  static absl::StatusOr<std::unique_ptr<Consumer>> Create(
      ConsumerOptions options);
  // As Close(), without its error.
  ~Consumer();

  // Records, as soon as there are some; empty: there were none in time. Errors
  // are those that do not go by themselves: OffsetOutOfRange, NoTopic,
  // DamagedBatch, WrongEnsemble; it can be called again all the same.
  absl::StatusOr<std::vector<ConsumedRecord>> Poll(int64_t timeout_ms);
  // Lets a Poll() that waits return at once.
  void Wake();

  // By hand, in place of what was assigned before. A position that is not given
  // is the committed one, if there is a group, or comes from
  // FetchLimits::reset. FailedPrecondition: it has topics.
  absl::Status Assign(
      const std::map<TopicPartition, std::optional<int64_t>>& partitions);
  std::vector<TopicPartition> Assignment() const;

  // NotFound: the partition is not assigned to this consumer.
  absl::Status Seek(const TopicPartition& partition, int64_t offset);
  absl::Status SeekTo(const TopicPartition& partition, OffsetAt at);
  // Of the next records that Poll() gives, where they are known.
  std::map<TopicPartition, int64_t> Positions() const;
  // Ends of the partitions as the last answers had them.
  std::map<TopicPartition, int64_t> HighWatermarks() const;

  // Commits the positions: all that Poll() has given counts as processed. OK:
  // durable. RebalanceInProgress is no error; FencedGeneration, UnknownMember:
  // others have the partitions now. FailedPrecondition: there is no group.
  absl::Status Commit();
  absl::Status Commit(const std::map<TopicPartition, int64_t>& offsets);
  // Of the group, all partitions.
  absl::StatusOr<std::map<TopicPartition, int64_t>> Committed();
  // Where a partition begins or ends.
  absl::StatusOr<int64_t> Offset(const TopicPartition& partition, OffsetAt at);
  // Partitions of a topic. NoTopic.
  absl::StatusOr<int32_t> PartitionCount(const std::string& topic);
  // Its id: a topic that is made again under the same name has another.
  absl::StatusOr<uint64_t> TopicId(const std::string& topic);

  // Commits (if auto_commit), leaves the group, ends. An error: the commit has
  // failed, and the records since the last one will come again.
  absl::Status Close();

 private:
  explicit Consumer(std::unique_ptr<ConsumerDriver> driver);

  const std::unique_ptr<ConsumerDriver> driver_;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CLIENT_CONSUMER_H_
