// Run: the life of a coordd process after its flags were read.

#ifndef QUORATE_COORD_SERVER_RUN_H_
#define QUORATE_COORD_SERVER_RUN_H_

#include <string>

#include "coord/server/exit_code.h"
#include "coord/server/settings.h"

namespace quorate::server {

struct Ended {
  ExitCode code = ExitCode::kOk;
  std::string why;  // unless kOk: one line for a person
};

// Runs one member until SIGTERM or SIGINT comes, or it has stopped for good.
// While it starts, a signal ends the process at once, which is safe; so does
// another one that comes a second or more after the first. Once in a
// process, before any thread was started.
Ended Run(const Settings& settings);

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_RUN_H_
