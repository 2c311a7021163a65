// Fetcher: the thread that follows one leader, for all partitions of this
// broker that it leads: one fetch at a time, the next once what came is durable
// here.

#ifndef QUORATE_BROKER_DATA_FETCHER_H_
#define QUORATE_BROKER_DATA_FETCHER_H_

#include <atomic>
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
#include "broker/data/data_options.h"
#include "broker/data/outside.h"
#include "broker/data/replica.h"
#include "broker/data/requests.h"
#include "broker/image/cluster_image.h"

namespace quorate::broker {

class Fetcher {
 public:
  // Starts the thread. `options` and `broker_epoch` must outlive this.
  Fetcher(const DataOptions& options, BrokerId leader,
          const std::atomic<uint64_t>& broker_epoch);
  ~Fetcher();  // stops
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;

  // Whom to ask for what, from now on: a fetch that is under way is given up.
  // Thread-safe.
  void Follow(const std::string& address,
              std::vector<std::shared_ptr<Replica>> replicas);
  // Ends the thread. May be called again.
  void Stop();

 private:
  struct Partition {
    std::shared_ptr<Replica> replica;
    int64_t retry_ms = 0;  // not before
  };
  // A fetch under way. Shared, as its answer may come late.
  struct Call {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<absl::StatusOr<FetchReply>> answer;  // guarded by mutex
    size_t syncing = 0;                                // guarded by mutex
    bool given_up = false;                             // guarded by mutex
  };

  void Run();
  // What to ask for; empty: nothing now. Sets how long that holds.
  FetchQuery Build(int64_t now_ms, int64_t* wait_ms);
  absl::StatusOr<FetchReply> Ask(const FetchQuery& query);
  void Take(const FetchQuery& query, const FetchReply& reply);
  void Pause(const PartitionId& of, const absl::Status& why);
  // Until there is something else to do, or so long. Returns false to stop.
  bool Rest(int64_t wait_ms);

  const DataOptions& options_;
  const BrokerId leader_;
  const std::atomic<uint64_t>& broker_epoch_;
  // Not Abseil's, whose timed waits go by the wall clock.
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;                        // guarded by mutex_
  bool is_news_ = false;                         // guarded by mutex_
  std::string address_;                          // guarded by mutex_
  std::map<PartitionId, Partition> partitions_;  // guarded by mutex_
  std::shared_ptr<Call> call_;                   // guarded by mutex_
  std::thread thread_;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_DATA_FETCHER_H_
