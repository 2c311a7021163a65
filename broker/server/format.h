// Format: brokerd --format.

#ifndef QUORATE_BROKER_SERVER_FORMAT_H_
#define QUORATE_BROKER_SERVER_FORMAT_H_

#include <string>

#include "broker/server/settings.h"
#include "coord/server/exit_code.h"

namespace quorate::broker {

struct Ended {
  server::ExitCode code = server::ExitCode::kOk;
  std::string why = {};  // unless kOk: one line for a person
};

// Learns the ensemble's id, makes the znodes if it is told to, and formats the
// directory. Prints what it did to stdout.
Ended Format(const Settings& settings);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_SERVER_FORMAT_H_
