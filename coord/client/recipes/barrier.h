// Barrier: who comes waits while it is closed, and goes on when it is opened.
//
// It is closed while its znode exists. Thread-safe. The session must outlive
// it.

#ifndef QUORATE_COORD_CLIENT_RECIPES_BARRIER_H_
#define QUORATE_COORD_CLIENT_RECIPES_BARRIER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/client/session.h"

namespace quorate::client {

class Barrier {
 public:
  Barrier(Session& session, std::string path)
      : session_(session), path_(std::move(path)) {}

  // Closes it. False: it was closed already. The znode is persistent: it stays
  // closed, whatever becomes of the session, until somebody opens it.
  absl::StatusOr<bool> Close();
  // Opens it. False: it was open already.
  absl::StatusOr<bool> Open();
  // Returns when it is open. DeadlineExceeded, SessionExpired: see WaitUntil().
  absl::Status Wait(int64_t timeout_ms);

 private:
  Session& session_;
  const std::string path_;
};

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_RECIPES_BARRIER_H_
