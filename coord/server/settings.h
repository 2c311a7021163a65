// Settings: everything that coordd is told when it starts.
//
// None of it is about who belongs to the ensemble, once there is one (rule 6).

#ifndef QUORATE_COORD_SERVER_SETTINGS_H_
#define QUORATE_COORD_SERVER_SETTINGS_H_

#include <cstdint>
#include <string>

#include "coord/base/ids.h"
#include "coord/replica/options.h"
#include "coord/server/logger.h"
#include "coord/storage/write_ahead_log.h"

namespace quorate::server {

struct Settings {
  std::string directory;
  MemberId id;  // none: whatever the directory says
  std::string listen_address = "127.0.0.1:7400";
  std::string metrics_address;  // empty: no metrics
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kText;
  // Without the fresh ensemble id, which is drawn when the member starts.
  // core.address is what --advertise says.
  replica::Options replica;
  storage::LogOptions log;
};

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_SETTINGS_H_
