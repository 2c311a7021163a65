// What the data plane asks of others: the controller, and leaders elsewhere.
//
// All calls are asynchronous, must not block, and may be made on any thread.
// The callback comes once in any case, on any thread, possibly before the call
// returns. All must outlive the DataPlane.

#ifndef QUORATE_BROKER_DATA_OUTSIDE_H_
#define QUORATE_BROKER_DATA_OUTSIDE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/data/requests.h"
#include "broker/image/cluster_image.h"

namespace quorate::broker {

// A leader wants another in-sync set.
struct IsrChange {
  std::string topic = {};
  uint64_t topic_id = 0;
  int32_t partition = 0;
  int32_t leader_epoch = 0;
  int32_t version = 0;  // of the state that it was decided on
  std::vector<BrokerId> isr = {};
  // One for each of `isr`: the life that the leader has heard from; 0: none.
  std::vector<uint64_t> isr_broker_epochs = {};

  bool operator==(const IsrChange&) const = default;
};

class IsrClient {
 public:
  virtual ~IsrClient() = default;
  // Control.AlterIsr at the controller, once, under a deadline of the client's
  // own; answers with the partition's state as it is now. After an error the
  // change may have been made all the same: the leader counts on the larger set
  // until a newer state tells.
  virtual void AlterIsr(
      const IsrChange& change,
      std::function<void(absl::StatusOr<PartitionState>)> done) = 0;
};

class ProducerIds {
 public:
  virtual ~ProducerIds() = default;
  // A producer id above 0 that nobody has been given.
  virtual void Next(std::function<void(absl::StatusOr<uint64_t>)> done) = 0;
};

// How a follower reaches leaders: Broker.Fetch. The gRPC one is in
// broker/rpc/fetch_client.h.
class FetchClient {
 public:
  virtual ~FetchClient() = default;
  // Asks the broker at `address`; an error if there is no answer within
  // `timeout_ms`. Returns what gives the call up: `done` then comes soon,
  // unless it has come. Call it as often as you like, also later.
  virtual std::function<void()> Fetch(
      const std::string& address, const FetchQuery& request, int64_t timeout_ms,
      std::function<void(absl::StatusOr<FetchReply>)> done) = 0;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_DATA_OUTSIDE_H_
