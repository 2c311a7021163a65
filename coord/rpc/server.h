// Server: everything of one member that listens and sends over gRPC.
//
// One port carries the services for clients (Coord), operators (Admin), peers
// (Peer), the standard health service ("" and "quorate.coord.v1.Coord") and
// server reflection. It translates and forwards; it decides nothing.
//
//   auto server = Server::Start(options, host, snapshots);
//   ... the host hands outputs to (*server)->deliveries() and peers() ...
//   (*server)->Shutdown();   // before the host goes
//
// Thread-safe.

#ifndef QUORATE_COORD_RPC_SERVER_H_
#define QUORATE_COORD_RPC_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "coord/rpc/host.h"

namespace quorate::rpc {

struct ServerOptions {
  // Where it listens, "host:port". Port 0: any free one.
  std::string listen_address;
  // What the program calls itself, for status.
  std::string version;
  // Longest message taken from a client; a longer one fails its stream with
  // ResourceExhausted. At least what the tree allows in one request.
  size_t max_message_bytes = 8 << 20;
  // Bytes that may wait to be written to one client; a client that does not
  // read ends with a Goodbye (Overloaded).
  size_t max_unsent_bytes = 64 << 20;
  // Bytes that may wait to be sent to one peer; older ones are dropped first.
  size_t max_peer_bytes = 64 << 20;
};

// What was counted since the start, or is now; for metrics.
struct ServerStats {
  uint64_t frames_in = 0;
  uint64_t frames_out = 0;
  uint64_t sessions_open = 0;   // streams, now
  uint64_t calls = 0;
  uint64_t malformed = 0;       // messages that could not be translated
  uint64_t peer_batches_in = 0;
  uint64_t peer_batches_out = 0;
  uint64_t peer_dropped = 0;    // messages that could not be sent
};

class Server {
 public:
  // Unavailable: the address cannot be listened on (the message says which and
  // why). Both arguments must outlive the server.
  static absl::StatusOr<std::unique_ptr<Server>> Start(
      const ServerOptions& options, ReplicaHost& host,
      SnapshotSource& snapshots);
  virtual ~Server() = default;

  virtual int port() const = 0;
  virtual DeliverySink& deliveries() = 0;
  virtual PeerSink& peers() = 0;
  // What the health service answers; not serving at first.
  virtual void SetServing(bool serving) = 0;
  virtual ServerStats stats() const = 0;
  // Ends all streams and refuses new ones; returns when no thread of it uses
  // the host any more.
  virtual void Shutdown() = 0;
};

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_SERVER_H_
