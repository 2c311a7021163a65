// Options of one replica, beside those of its core.

#ifndef QUORATE_COORD_REPLICA_OPTIONS_H_
#define QUORATE_COORD_REPLICA_OPTIONS_H_

#include <cstddef>
#include <cstdint>

#include "coord/consensus/options.h"

namespace quorate::replica {

struct Options {
  consensus::Options core;

  // Bounds of session timeouts, which are negotiated, in milliseconds.
  int32_t min_session_ms = 1'000;
  int32_t max_session_ms = 600'000;

  // A snapshot is taken when so many bytes of log have been applied since the
  // last one, and at least as many as that one had.
  uint64_t snapshot_log_bytes = 64 << 20;
  // Bytes of a snapshot that are made at once, on the thread that drives the
  // replica; small, so that commits need not wait.
  size_t snapshot_piece_bytes = 128 << 10;

  // Bounds of memory. Of one connection: requests and their bytes that are
  // unanswered. Of the member: bytes of all requests that wait, connections,
  // watches, and the bytes of past events that watches can be resumed from.
  uint32_t max_outstanding = 1'024;
  uint64_t max_outstanding_bytes = 8 << 20;
  uint64_t max_waiting_bytes = 256 << 20;
  size_t max_connections = 20'000;
  size_t max_watches = 4'000'000;
  size_t watch_history_bytes = 16 << 20;

  // A request that was forwarded and has not come back is sent again after
  // this time.
  int64_t resend_ms = 500;
  // A write without a session that has not come back after this time is
  // answered with kUnknownOutcome, a read with kNoLeader. 0 is not allowed.
  int64_t request_deadline_ms = 10'000;
  // Empty containers and TTL nodes that are due are looked for this often.
  int64_t sweep_ms = 1'000;
};

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_OPTIONS_H_
