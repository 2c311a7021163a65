// Replay: sends the letters of a spool to their topics again.
//
// A letter is marked done only after its acknowledgement. Whoever interrupts
// it, or kills it, loses nothing: what was sent and not marked is sent again
// the next time, under the same message id, by which those who process the
// topic know it (broker/processor). Letters that fail again go on waiting.

#ifndef QUORATE_BROKER_DLQ_REPLAY_H_
#define QUORATE_BROKER_DLQ_REPLAY_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/client/producer.h"
#include "broker/dlq/spool.h"

namespace quorate::broker {

struct ReplayOptions {
  SpoolFilter filter = {};    // which of those that wait
  std::string to_topic = {};  // empty: each to its own
  // How many are sent before they are marked.
  int64_t page = 500;
  // Asked before each page; true: it stops there. null: never.
  std::function<bool()> should_stop = {};
  // Told after each page.
  std::function<void(int64_t done, int64_t failed)> on_progress = {};
};

struct ReplayResult {
  int64_t done = 0;
  int64_t failed = 0;    // they wait on
  bool stopped = false;  // there may be more
  // Why the first of them failed; OK: none has.
  absl::Status first_failure = {};
};

// `producer` has no dead letter queue of its own: REQUIRES it. An error of the
// spool ends it; what was sent may then be sent again.
absl::StatusOr<ReplayResult> Replay(SpoolDlq& spool, Producer& producer,
                                    const ReplayOptions& options);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_DLQ_REPLAY_H_
