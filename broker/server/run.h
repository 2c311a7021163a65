// Run: the life of a brokerd process after its flags were read.

#ifndef QUORATE_BROKER_SERVER_RUN_H_
#define QUORATE_BROKER_SERVER_RUN_H_

#include "broker/server/format.h"
#include "broker/server/settings.h"

namespace quorate::broker {

// Runs one broker until SIGTERM or SIGINT comes, or it has stopped for good.
// While it starts, a signal ends the process at once, which is safe; so does
// another one that comes a second or more after the first. Once in a process,
// before any thread was started.
Ended Run(const Settings& settings);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_SERVER_RUN_H_
