// Loopback: fetches from one data plane to another of the same process.

#ifndef QUORATE_BROKER_DATA_TESTING_LOOPBACK_H_
#define QUORATE_BROKER_DATA_TESTING_LOOPBACK_H_

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/data/data_plane.h"
#include "broker/data/outside.h"
#include "broker/data/requests.h"
#include "broker/image/cluster_image.h"

namespace quorate::broker {

// Addresses are broker ids. Thread-safe.
class Loopback final : public FetchClient {
 public:
  // nullptr: it is not there. It must live until all have stopped.
  void Set(BrokerId id, DataPlane* plane) {
    const std::scoped_lock lock(mutex_);
    planes_[std::to_string(id)] = plane;
  }
  // No fetch of `id` reaches its leader, or is answered.
  void Cut(BrokerId id, bool cut) {
    const std::scoped_lock lock(mutex_);
    if (cut) {
      cut_.insert(id);
    } else {
      cut_.erase(id);
    }
  }

  std::function<void()> Fetch(
      const std::string& address, const FetchQuery& query, int64_t,
      std::function<void(absl::StatusOr<FetchReply>)> done) override {
    DataPlane* plane = nullptr;
    {
      const std::scoped_lock lock(mutex_);
      if (!cut_.contains(query.replica_id)) plane = planes_[address];
    }
    if (plane == nullptr) {
      done(absl::UnavailableError("no way"));
      return [] {};
    }
    plane->Fetch(query, [this, id = query.replica_id,
                         done = std::move(done)](FetchReply reply) {
      {
        const std::scoped_lock lock(mutex_);
        if (cut_.contains(id)) reply.results.clear();
      }
      if (reply.results.empty()) {
        done(absl::UnavailableError("no way back"));
      } else {
        done(std::move(reply));
      }
    });
    return [] {};
  }

 private:
  std::mutex mutex_;
  std::map<std::string, DataPlane*> planes_;  // guarded by mutex_
  std::set<BrokerId> cut_;                    // guarded by mutex_
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_DATA_TESTING_LOOPBACK_H_
