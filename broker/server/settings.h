// Settings: everything that brokerd is told when it starts.

#ifndef QUORATE_BROKER_SERVER_SETTINGS_H_
#define QUORATE_BROKER_SERVER_SETTINGS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "broker/image/cluster_image.h"
#include "coord/server/logger.h"

namespace quorate::broker {

struct Settings {
  std::string directory;
  std::vector<std::string> endpoints;  // of the ensemble, "host:port"
  int32_t session_timeout_ms = 10'000;
  server::LogLevel log_level = server::LogLevel::kInfo;
  server::LogFormat log_format = server::LogFormat::kText;

  // With --format: formats, and does nothing else.
  bool format = false;
  BrokerId id = kNoBroker;
  bool bootstrap = false;

  // Without.
  std::string listen_address = "127.0.0.1:7500";
  std::string advertised_address;
  std::string metrics_address;  // empty: no metrics
  int64_t replica_lag_ms = 10'000;
  bool is_unsafe = false;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_SERVER_SETTINGS_H_
