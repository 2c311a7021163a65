// Bootstrap: the znodes that a cluster of brokers begins with.

#ifndef QUORATE_BROKER_CONTROLLER_BOOTSTRAP_H_
#define QUORATE_BROKER_CONTROLLER_BOOTSTRAP_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "coord/client/session.h"

namespace quorate::broker {

// Makes all of them in one multi. OK also if they are there, by whomever they
// were made. Blocks. FailedPrecondition: /broker is there in another format, or
// one of the others is missing.
absl::Status MakeZnodes(client::Session& session);

// Makes those that are missing, a missing controller epoch as zero, producer
// ids from a random block on. For --unsafe-no-ensemble-pin alone: it cures what
// must not be cured silently.
absl::Status MakeMissingZnodes(client::Session& session);

// One of them is not there: what that means and what to do.
absl::Status MissingZnodeError(absl::string_view path,
                               const client::Session& session);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CONTROLLER_BOOTSTRAP_H_
