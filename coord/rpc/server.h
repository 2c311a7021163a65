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

#include <memory>

#include "absl/status/statusor.h"
#include "coord/rpc/host.h"
#include "coord/rpc/server_options.h"

namespace quorate::rpc {

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
