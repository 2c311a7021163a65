// PeerTransport: sends what the replica has for its peers.

#ifndef QUORATE_COORD_RPC_PEER_TRANSPORT_H_
#define QUORATE_COORD_RPC_PEER_TRANSPORT_H_

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "coord/consensus/message.h"
#include "coord/replica/peer_message.h"
#include "coord/rpc/codec/peer_codec.h"
#include "coord/rpc/context.h"
#include "coord/rpc/host.h"
#include "coord/rpc/peer_link.h"
#include "coord/rpc/workers.h"

namespace quorate::rpc {

// Thread-safe. The links to an address are closed when they were not used for a
// minute.
class PeerTransport : public PeerSink,
                      public std::enable_shared_from_this<PeerTransport> {
 public:
  static std::shared_ptr<PeerTransport> Make(std::shared_ptr<Context> context);
  explicit PeerTransport(std::shared_ptr<Context> context)
      : context_(std::move(context)) {}

  void Send(std::vector<consensus::Envelope> messages) override;
  void Send(std::vector<replica::PeerEnvelope> messages) override;

  // Ends all streams, and sends nothing any more.
  void Shutdown() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Key = std::pair<std::string, PeerMethod>;

  template <typename Envelope>
  void SendAll(std::vector<Envelope> messages);
  // nullptr: shut down, or too many addresses.
  std::shared_ptr<PeerLink> LinkTo(const std::string& address,
                                   PeerMethod method)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Keeps a message, and adds what flushes it, if need be.
  void Keep(AnyEnvelope envelope, PeerMethod method,
            std::vector<Workers::Task>& flushes);
  // Reads a piece of a snapshot on the disk's thread, then keeps it.
  void SendChunk(consensus::Envelope envelope) ABSL_LOCKS_EXCLUDED(mutex_);
  void ReadChunk(consensus::Envelope envelope) ABSL_LOCKS_EXCLUDED(mutex_);
  void CloseIdleLater();
  void CloseIdle() ABSL_LOCKS_EXCLUDED(mutex_);
  void CountDropped() { context_->counts.peer_dropped.fetch_add(1); }

  const std::shared_ptr<Context> context_;
  absl::Mutex mutex_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<Key, std::shared_ptr<PeerLink>> links_ ABSL_GUARDED_BY(mutex_);
  size_t chunks_waiting_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_PEER_TRANSPORT_H_
