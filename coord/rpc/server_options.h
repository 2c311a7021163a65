// What a Server is told, and what it counts.

#ifndef QUORATE_COORD_RPC_SERVER_OPTIONS_H_
#define QUORATE_COORD_RPC_SERVER_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>

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
  // A stream of a client that has not said hello after this time is ended.
  int64_t hello_timeout_ms = 10'000;
  // Bytes that may wait to be sent to one peer; older ones are dropped first.
  size_t max_peer_bytes = 64 << 20;
};

// What was counted since the start, or is now; for metrics.
struct ServerStats {
  uint64_t frames_in = 0;
  uint64_t frames_out = 0;
  uint64_t sessions_open = 0;  // streams, now
  uint64_t calls = 0;
  uint64_t malformed = 0;  // messages that could not be translated
  uint64_t peer_batches_in = 0;
  uint64_t peer_batches_out = 0;
  uint64_t peer_dropped = 0;  // messages that could not be sent
};

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_SERVER_OPTIONS_H_
