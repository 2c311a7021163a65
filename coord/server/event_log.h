// EventLog: the news of consensus as log lines.
//
// What a peer can cause at will is limited to a line a minute for each rule and
// peer, the first at once. Not thread-safe, except count().

#ifndef QUORATE_COORD_SERVER_EVENT_LOG_H_
#define QUORATE_COORD_SERVER_EVENT_LOG_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "coord/consensus/output.h"
#include "coord/server/logger.h"
#include "coord/server/rate_limiter.h"

namespace quorate::server {

class EventLog {
 public:
  // `logger` must outlive this. `clock` counts microseconds.
  EventLog(Logger& logger, std::function<int64_t()> clock);

  void Write(const std::vector<consensus::Event>& events);

  // Events of this kind so far.
  uint64_t count(consensus::EventKind kind) const {
    return counts_[static_cast<size_t>(kind)].load(std::memory_order_relaxed);
  }

 private:
  void WriteOne(const consensus::Event& event);
  void WriteSync(const consensus::Event& event, const char* by);
  void WriteAutomatic(const consensus::Event& event, const char* what);
  void WriteRefusal(const consensus::Event& event);

  Logger& logger_;
  const std::function<int64_t()> clock_;
  RateLimiter refusals_;
  std::array<std::atomic<uint64_t>,
             static_cast<size_t>(consensus::EventKind::kStopped) + 1>
      counts_ = {};
};

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_EVENT_LOG_H_
