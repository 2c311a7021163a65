// Deliveries: brings what the replica gives to the connection it is for.

#ifndef QUORATE_COORD_RPC_DELIVERIES_H_
#define QUORATE_COORD_RPC_DELIVERIES_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "coord/replica/client_message.h"
#include "coord/rpc/host.h"
#include "coord/rpc/workers.h"

namespace quorate::rpc {

// One connection, as the table sees it. Thread-safe.
class Receiver {
 public:
  virtual ~Receiver() = default;
  // Keeps a message. True: call Flush() on a worker; the receiver counts on it.
  // On the replica's thread: short.
  virtual bool Keep(replica::ServerMessage message) = 0;
  // Encodes and writes what is kept.
  virtual void Flush() = 0;
  // The server shuts down.
  virtual void End(const absl::Status& why) = 0;
};

// Thread-safe.
class Deliveries : public DeliverySink {
 public:
  explicit Deliveries(Workers& workers) : workers_(workers) {}

  // Ids begin at 1 and are never used twice.
  replica::ConnectionId MintId() { return {next_id_.fetch_add(1)}; }

  // False, and nothing happens, after Close().
  bool Add(replica::ConnectionId id, std::shared_ptr<Receiver> receiver)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void Remove(replica::ConnectionId id) ABSL_LOCKS_EXCLUDED(mutex_);

  void Deliver(std::vector<replica::Delivery> deliveries) override
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Ends all connections, and takes no more.
  void Close(const absl::Status& why) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  Workers& workers_;
  std::atomic<uint64_t> next_id_{1};
  absl::Mutex mutex_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  absl::flat_hash_map<uint64_t, std::shared_ptr<Receiver>> receivers_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_DELIVERIES_H_
