// Timings: what the threads of a member measure, for its metrics.
//
// Times are in microseconds. Thread-safe.

#ifndef QUORATE_COORD_SERVER_TIMINGS_H_
#define QUORATE_COORD_SERVER_TIMINGS_H_

#include "coord/server/histogram.h"

namespace quorate::server {

struct Timings {
  // The stages of a write, as far as they can be told apart from outside of
  // the replica, which has no clock.
  Histogram queue_us;  // from posting a work to its turn on the replica's
                       // thread
  Histogram turn_us;   // one turn: a run of works, what they commit and apply,
                       // and handing out their output
  Histogram apply_us;  // taking an output that applied something: the txns, and
                       // what clients are told of them
  Histogram log_us;    // from handing a batch to the log until it is durable
  Histogram quorum_us;  // on a leader, from the end of the turn that proposed
                        // until the end of the turn that saw it committed

  Histogram fsync_us;       // of the log: writing a group and making it durable
  Histogram group_batches;  // batches that one sync made durable
  Histogram turn_works;     // works of one turn
  Histogram snapshot_us;    // from the first to the last piece of one
};

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_TIMINGS_H_
