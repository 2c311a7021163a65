// Reign: one broker's time as controller: from its election until somebody else
// may have been elected.
//
// It alone writes below /broker/topics, by multis that are fenced; so it reads
// them once, and again only after a write that failed. It decides by the
// planner, writes, and only then tells the brokers.
//
// On one thread, which may block. Requests are answered there, too.

#ifndef QUORATE_BROKER_CONTROLLER_REIGN_H_
#define QUORATE_BROKER_CONTROLLER_REIGN_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/controller/broker_link.h"
#include "broker/controller/cluster_reader.h"
#include "broker/controller/image_pushers.h"
#include "broker/controller/leadership.h"
#include "broker/controller/planner.h"
#include "broker/image/cluster_image.h"
#include "coord/client/session.h"
#include "coord/client/types.h"
#include "coord/rpc/timer.h"
#include "coord/server/logger.h"
#include "coord/server/rate_limiter.h"

namespace quorate::broker {

template <typename T>
using Done = std::function<void(absl::StatusOr<T>)>;

struct NewTopic {
  std::string name = {};
  int32_t partitions = 0;
  TopicConfig config = {};  // zeros: defaults
};

// What a reign needs of others; all must outlive it.
struct ReignOutside {
  OpenBrokerLink open_link;
  rpc::Timer* timer = nullptr;
  server::Logger* logger = nullptr;
  std::vector<LeadershipListener*> listeners = {};
  // A broker has answered: Work() has something to do. On any thread.
  std::function<void()> wake;
  // A broker obeys a newer controller: Doubt() is to be called. On any thread.
  std::function<void()> doubt;
};

class Reign {
 public:
  // REQUIRES: `leadership` was won by `session`, which outlives this.
  Reign(const Leadership& leadership, client::Session& session,
        ReignOutside outside);
  // Its end: requests that wait are answered, those that were carried out with
  // RequestTimedOut, others with NotController.
  ~Reign();
  Reign(const Reign&) = delete;
  Reign& operator=(const Reign&) = delete;

  // /broker/ids has changed, or may have.
  void BrokersChanged() { brokers_changed_ = true; }
  // Somebody else may be controller: looks who is.
  void Doubt();
  // Does what there is to do; to be called after everything else here, and at
  // the latest after WaitMs().
  void Work();
  int64_t WaitMs() const;
  // Somebody else is, or may be, controller: it does nothing any more.
  bool is_over() const { return is_over_; }

  // Requests. NotReady: it has not read everything yet. NotController: it was
  // over. RequestTimedOut: it may have been done.
  void AlterIsr(IsrRequest request, Done<PartitionState> done);
  void CreateTopic(const NewTopic& topic, const Done<TopicState>& done);
  void DeleteTopic(const std::string& name, const Done<bool>& done);
  // Answers how many were moved.
  void ElectPreferred(const Done<int32_t>& done);
  // Answers how many remain, once the others were told.
  void Resign(BrokerId broker, uint64_t broker_epoch,
              const Done<int32_t>& done);

  // For metrics: partitions without a leader, or with less than all in sync.
  size_t under_replicated() const;

 private:
  struct PendingIsr {
    IsrRequest request;
    Done<PartitionState> done;
  };
  // Waits until brokers have acknowledged an image.
  struct Waiter {
    uint64_t version = 0;
    std::vector<BrokerInfo> brokers;
    int64_t deadline_ms = 0;
    std::function<void(const absl::Status&)> done;
  };

  // A broker was told, or not. On any thread, one call at a time.
  void Answered(BrokerId broker, const absl::Status& status);

  void Decide();
  // Reads everything. False: not now.
  bool Load();
  bool RefreshBrokers();
  void TakeBrokers(RegisteredBrokers found);
  // Writes the changes, as far as it gets, and takes over what was written.
  absl::Status Commit(const std::vector<PartitionChange>& changes);
  absl::StatusOr<client::WriteResult> Write(std::vector<client::MultiOp> ops);
  void DecideIsrs();
  // The image as it is, to brokers and listeners.
  void Publish();
  void WaitUntilTold(std::vector<BrokerInfo> brokers, int64_t timeout_ms,
                     std::function<void(const absl::Status&)> done);
  void AnswerWaiters();
  std::vector<BrokerInfo> LeadersOf(const TopicState& topic) const;

  // Something went wrong with the session or the znodes: what that means.
  void Failed(const absl::Status& status, const char* what);
  void End(const char* why);
  // For a request that failed so.
  absl::Status AnswerFor(const absl::Status& status) const;
  // Not OK: no request can be carried out now.
  absl::Status CheckReady() const;

  const Leadership leadership_;
  client::Session& session_;
  const ReignOutside outside_;

  Cluster cluster_;
  std::map<BrokerId, uint64_t> resigning_;  // the life that resigns
  bool is_over_ = false;
  bool is_loaded_ = false;
  bool was_told_ = false;  // listeners, that it began
  bool brokers_changed_ = false;
  bool changed_ = false;  // the image, since it was published
  int64_t retry_at_ms_ = 0;
  std::vector<PendingIsr> isrs_;
  std::list<Waiter> waiters_;
  server::RateLimiter push_failures_;  // by Answered() alone
  std::unique_ptr<ImagePushers> pushers_;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CONTROLLER_REIGN_H_
