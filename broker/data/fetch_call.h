// FetchCall: one fetch of a consumer or a follower, until it is answered.

#ifndef QUORATE_BROKER_DATA_FETCH_CALL_H_
#define QUORATE_BROKER_DATA_FETCH_CALL_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include "absl/status/status.h"
#include "broker/data/replica.h"
#include "broker/data/requests.h"
#include "broker/data/tasks.h"
#include "coord/storage/file_system.h"

namespace quorate::broker {

// Thread-safe. Held by shared_ptr, by whoever may still wake or end it.
class FetchCall : public Watcher,
                  public std::enable_shared_from_this<FetchCall> {
 public:
  // nullptr, and why: it is not here.
  using Find = std::function<std::shared_ptr<Replica>(const PartitionId&,
                                                      absl::Status*)>;
  using Done = std::function<void(FetchReply)>;

  // `find` and what is referred to must outlive it until it has ended.
  FetchCall(FetchQuery query, uint64_t rotation, storage::FileSystem& files,
            Tasks& tasks, Find find, Done done);

  // Answers, or waits: for news, and no longer than was asked for.
  void Start();
  // News; looks again on a thread of the tasks.
  void Wake() override;
  // Answers at once, for every partition `status`, unless it has ended.
  void End(const absl::Status& status);

 private:
  enum class State : uint8_t { kLooking, kWaiting, kEnded };

  void Look();
  FetchReply Read();
  void ReadInto(const PartitionQuery& asked, int64_t left,
                PartitionReply* reply);
  void WatchAll();
  bool Finish(FetchReply reply);

  const FetchQuery query_;
  const uint64_t rotation_;  // with which partition it begins
  storage::FileSystem& files_;
  Tasks& tasks_;
  const Find find_;
  const int64_t deadline_ms_;

  std::mutex mutex_;
  State state_ = State::kLooking;  // guarded by mutex_
  bool is_news_ = false;           // guarded by mutex_; while it looks
  Done done_;                      // guarded by mutex_
  Tasks::Key timer_ = {};          // guarded by mutex_
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_DATA_FETCH_CALL_H_
