// PersistQueue: what has been handed to the disk and is not known durable yet,
// and the messages that wait for it.
//
// It is the one place that decides when a promise may leave the member.

#ifndef QUORATE_COORD_CONSENSUS_PERSIST_QUEUE_H_
#define QUORATE_COORD_CONSENSUS_PERSIST_QUEUE_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "coord/consensus/message.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

class PersistQueue {
 public:
  // What one output asked to make durable.
  struct Item {
    uint64_t id = 0;
    Zxid log_end;             // end of the log once it is durable
    bool hard_state = false;  // a vote, an epoch or an identity is in it
    Epoch accepted_epoch = 0;
    int64_t since_ms = 0;
    std::vector<Envelope> held;  // may leave once it is durable
  };

  // Starts with a log that is durable up to `durable`.
  PersistQueue(Zxid durable, Epoch accepted_epoch)
      : durable_(durable), durable_epoch_(accepted_epoch) {}

  // REQUIRES: ids ascend.
  void Add(Item item);

  // Everything up to `id` is durable. Returns the messages that may leave now.
  // Unknown or repeated ids are harmless.
  std::vector<Envelope> Complete(uint64_t id);

  // Holds `envelope` behind the newest hard state that is under way. False if
  // there is none: it may leave at once.
  bool Hold(Envelope& envelope);

  // The log was cut behind `zxid`, or replaced by a snapshot: what was durable
  // of the part that is gone does not count any more.
  void LogTruncated(Zxid zxid);
  void LogReset();

  Zxid durable() const { return durable_; }
  // Highest accepted epoch that is durable.
  Epoch durable_epoch() const { return durable_epoch_; }
  // When the oldest unfinished item was added; nothing if all is durable.
  std::optional<int64_t> oldest_ms() const;

 private:
  Zxid durable_;
  Epoch durable_epoch_;
  std::deque<Item> items_;
};

}  // namespace quorate::consensus

#endif  // QUORATE_COORD_CONSENSUS_PERSIST_QUEUE_H_
