// ProcessStats: what the system says of this process.

#ifndef QUORATE_COORD_SERVER_PROCESS_STATS_H_
#define QUORATE_COORD_SERVER_PROCESS_STATS_H_

#include <cstdint>

namespace quorate::server {

struct ProcessStats {
  uint64_t resident_bytes = 0;  // 0: the system does not say
  double cpu_seconds = 0;       // of all threads, user and system
  uint64_t open_files = 0;      // 0: the system does not say
};

ProcessStats ReadProcessStats();

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_PROCESS_STATS_H_
