// Host: how the transport reaches the one thread that drives the replica, and
// how that thread hands out what the replica gives.
//
// coord/server implements ReplicaHost and SnapshotSource with threads; tests
// implement them as they like. The transport implements the two sinks.

#ifndef QUORATE_COORD_RPC_HOST_H_
#define QUORATE_COORD_RPC_HOST_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "coord/base/bytes.h"
#include "coord/consensus/message.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/client_message.h"
#include "coord/replica/peer_message.h"
#include "coord/replica/replica.h"

namespace quorate::rpc {

class ReplicaHost {
 public:
  virtual ~ReplicaHost() = default;

  // Runs `work` on the replica's thread, in the order of posting; its outputs
  // are taken after it, or after a batch of works. Thread-safe, does not block,
  // and may be called from within a work. Once the host is stopping, `work` is
  // destroyed without having run.
  virtual void Post(std::function<void(replica::Replica&)> work) = 0;
};

// Takes what is for clients. Called on the replica's thread: must not block.
class DeliverySink {
 public:
  virtual ~DeliverySink() = default;
  virtual void Deliver(std::vector<replica::Delivery> deliveries) = 0;
};

// Takes what is for peers. Called on the replica's thread: must not block.
// What cannot be sent is dropped.
class PeerSink {
 public:
  virtual ~PeerSink() = default;
  virtual void Send(std::vector<consensus::Envelope> messages) = 0;
  virtual void Send(std::vector<replica::PeerEnvelope> messages) = 0;
};

// Reads the snapshots on this member's disk. Thread-safe; blocks on the disk.
class SnapshotSource {
 public:
  virtual ~SnapshotSource() = default;
  // Exactly `length` bytes. NotFound: there is no such snapshot any more.
  virtual absl::StatusOr<Bytes> ReadSnapshot(consensus::Zxid zxid,
                                             uint64_t offset,
                                             uint64_t length) = 0;
};

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_HOST_H_
