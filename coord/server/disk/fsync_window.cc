#include "coord/server/disk/fsync_window.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace quorate::server {
namespace {

constexpr int64_t kUsPerSecond = 1'000'000;
constexpr int64_t kUsPerMs = 1'000;

}  // namespace

void FsyncWindow::Add(int64_t now_us, int64_t took_us) {
  const int64_t number = now_us / kUsPerSecond;
  Second& second = seconds_[static_cast<size_t>(number % kSeconds)];
  if (second.number != number) second = {number, 0};
  second.slowest_us = std::max(second.slowest_us, took_us);
  newest_us_ = took_us;
}

int64_t FsyncWindow::SlowestMs(int64_t now_us) const {
  const int64_t oldest = now_us / kUsPerSecond - kSeconds + 1;
  int64_t slowest_us = -1;
  for (const Second& second : seconds_) {
    if (second.number >= oldest) {
      slowest_us = std::max(slowest_us, second.slowest_us);
    }
  }
  if (slowest_us < 0) slowest_us = newest_us_;
  return (slowest_us + kUsPerMs - 1) / kUsPerMs;
}

}  // namespace quorate::server
