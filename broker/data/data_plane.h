// DataPlane: the replicas of one broker at work.
//
// It owns the logs below DIRECTORY/data, makes and deletes replicas and changes
// their roles as images say, makes durable what was appended, follows the
// leaders of the partitions that it does not lead, and answers producers and
// consumers for those that it leads.
//
// A log that is damaged, or whose sync has failed, stops that replica alone,
// for good: clients are answered NoLeader with the cause, `on_failed` is told.
// brokerd should then stop, so that its partitions get other leaders.
//
// Thread-safe. Callbacks come on threads of the data plane or before the call
// returns; they must be short and must not block.

#ifndef QUORATE_BROKER_DATA_DATA_PLANE_H_
#define QUORATE_BROKER_DATA_DATA_PLANE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/data/data_options.h"
#include "broker/data/requests.h"
#include "broker/image/cluster_image.h"

namespace quorate::broker {

class DataPlane {
 public:
  // Opens and recovers all logs that are there; reads them whole. An error if
  // the directory cannot be used or is of another ensemble; a damaged log is
  // not one: see above.
  static absl::StatusOr<std::unique_ptr<DataPlane>> Open(DataOptions options);
  // Stops.
  virtual ~DataPlane() = default;

  // The cluster is so now. Whoever calls has checked the controller's token.
  // Blocks for the files that are to be made and removed; calls are made one
  // after the other. An image older than the newest one changes nothing. A
  // replica that the image does not have is deleted with its data.
  virtual absl::Status ApplyImage(
      std::shared_ptr<const ClusterImage> image) = 0;
  // nullptr: there was none yet.
  virtual std::shared_ptr<const ClusterImage> image() const = 0;

  // Of this broker's registration; followers' fetches carry it. 0 at first.
  virtual void SetBrokerEpoch(uint64_t broker_epoch) = 0;

  // `done` once all batches are answered. A batch has been verified by the
  // caller (VerifyBatch), for it is not here.
  virtual void Produce(ProduceQuery request,
                       std::function<void(ProduceReply)> done) = 0;
  virtual void Fetch(FetchQuery request,
                     std::function<void(FetchReply)> done) = 0;
  // Offsets of this leader. kTimestamp: the base offset of the first batch
  // below the high watermark that ends at or after `timestamp_ms`; the high
  // watermark if there is none.
  virtual absl::StatusOr<int64_t> ListOffset(const PartitionId& of,
                                             OffsetKind at,
                                             int64_t timestamp_ms) = 0;

  // By topic and partition.
  virtual std::vector<ReplicaInfo> Replicas() const = 0;

  // Answers all that waits with Stopping, ends the threads, makes logs and high
  // watermarks durable. Later requests are answered with Stopping. May be
  // called again.
  virtual void Stop() = 0;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_DATA_DATA_PLANE_H_
