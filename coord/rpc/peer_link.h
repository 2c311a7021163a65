// PeerLink: one stream of messages to one address.
//
// It opens its stream when there is something to send, sends one batch at a
// time with all that has gathered by then, and drops what cannot be sent: peers
// count on no message. Each link has a connection of its own, so that a
// snapshot on one holds up nothing on the other.

#ifndef QUORATE_COORD_RPC_PEER_LINK_H_
#define QUORATE_COORD_RPC_PEER_LINK_H_

#include <cstdint>
#include <memory>
#include <string>

#include "coord/rpc/codec/peer_codec.h"
#include "coord/rpc/context.h"

namespace quorate::rpc {

enum class PeerMethod { kMessages, kSnapshots };

// Thread-safe.
class PeerLink {
 public:
  static std::shared_ptr<PeerLink> Make(std::shared_ptr<Context> context,
                                        std::string address, PeerMethod method);
  virtual ~PeerLink() = default;

  // Keeps a message, and drops the oldest ones beyond the bound. True: call
  // Flush() on a worker; the link counts on it.
  virtual bool Keep(AnyEnvelope envelope) = 0;
  virtual void Flush() = 0;
  // Nothing was kept for so long, and nothing is.
  virtual bool IsIdle(int64_t idle_ms) = 0;
  // Drops what is kept and ends the stream, soon; takes nothing any more.
  virtual void Close() = 0;
  // Waits until the stream that Close() ends is gone.
  virtual void AwaitClosed() = 0;
};

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_PEER_LINK_H_
