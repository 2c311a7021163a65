// Queue: many put items in, many take them out, each item once, first in first
// out.
//
// Taking is at most once: an item is the taker's when it has been deleted; if
// the taker dies then, the item has gone with it. Who must not lose any keeps
// items elsewhere. Items are small: the data of one znode.
//
// Of many who wait at an empty queue one is woken by an item, not all.
//
// Not thread-safe; each thread uses its own. The session must outlive it.

#ifndef QUORATE_COORD_CLIENT_RECIPES_QUEUE_H_
#define QUORATE_COORD_CLIENT_RECIPES_QUEUE_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/client/session.h"

namespace quorate::client {

class Queue {
 public:
  // `directory` is for this queue alone; made if it is not there.
  Queue(Session& session, std::string directory);

  absl::Status Put(std::string item);
  // The first item; nothing: the queue was empty.
  absl::StatusOr<std::optional<std::string>> TryTake();
  // The first item, as soon as there is one. DeadlineExceeded: there was none
  // in time. SessionExpired: the session is over.
  absl::StatusOr<std::string> Take(int64_t timeout_ms);

 private:
  absl::Status EnsureDirectories();
  // Fills names_.
  absl::Status List();

  Session& session_;
  const std::string items_;    // a znode for each item
  const std::string waiting_;  // a lock: who holds it waits for items
  bool ensured_ = false;
  // Names of items as listed last, oldest first. Some may have gone.
  std::deque<std::string> names_;
};

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_RECIPES_QUEUE_H_
