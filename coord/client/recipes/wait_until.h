// WaitUntil: waits for a znode to become as wanted, told by a watch.

#ifndef QUORATE_COORD_CLIENT_RECIPES_WAIT_UNTIL_H_
#define QUORATE_COORD_CLIENT_RECIPES_WAIT_UNTIL_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coord/client/session.h"

namespace quorate::client {

// Watches `path`, and calls `is_so` at first and after each event, until it
// answers true: OK. An error of it ends the waiting, and so do
//   DeadlineExceeded   `deadline` has come
//   SessionExpired     (FailedPrecondition) the session is over
// A change is never missed: the watch is set before the first look. A call of
// the session that is under way at `deadline` is waited for. Blocks; not on the
// session's thread.
absl::Status WaitUntil(Session& session, const std::string& path,
                       absl::Time deadline,
                       const std::function<absl::StatusOr<bool>()>& is_so);

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_RECIPES_WAIT_UNTIL_H_
