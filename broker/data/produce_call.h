// ProduceCall: one produce request, until each of its batches is answered.

#ifndef QUORATE_BROKER_DATA_PRODUCE_CALL_H_
#define QUORATE_BROKER_DATA_PRODUCE_CALL_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "broker/data/replica.h"
#include "broker/data/requests.h"
#include "broker/data/tasks.h"

namespace quorate::broker {

// Thread-safe. Held by shared_ptr, by whoever may still answer.
class ProduceCall : public std::enable_shared_from_this<ProduceCall> {
 public:
  using Find = std::function<std::shared_ptr<Replica>(const PartitionId&,
                                                      absl::Status*)>;
  using Done = std::function<void(ProduceReply)>;

  ProduceCall(Tasks& tasks, Done done)
      : tasks_(tasks), done_(std::move(done)) {}

  // Hands the batches to their replicas. Call once. `find` as in FetchCall.
  void Start(ProduceQuery query, const Find& find);

 private:
  void Answer(size_t at, BatchReply reply);
  void GiveUp();

  Tasks& tasks_;
  std::mutex mutex_;
  Done done_;               // guarded by mutex_
  ProduceReply reply_;      // guarded by mutex_
  size_t open_ = 0;         // guarded by mutex_; batches without an answer
  bool has_timer_ = false;  // guarded by mutex_
  Tasks::Key timer_ = {};   // guarded by mutex_
  // What to give up when time is up. Guarded by mutex_.
  std::vector<std::pair<std::shared_ptr<Replica>, uint64_t>> asked_;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_DATA_PRODUCE_CALL_H_
