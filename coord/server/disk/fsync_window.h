// FsyncWindow: the slowest fsync of the last seconds (rule 12).
//
// A disk that has nothing to do is not taken for a fast one: if there was no
// fsync in the window, the newest one counts. Not thread-safe.

#ifndef QUORATE_COORD_SERVER_DISK_FSYNC_WINDOW_H_
#define QUORATE_COORD_SERVER_DISK_FSYNC_WINDOW_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace quorate::server {

class FsyncWindow {
 public:
  static constexpr int64_t kSeconds = 10;

  // An fsync that took `took_us` has ended at `now_us`.
  void Add(int64_t now_us, int64_t took_us);
  // In milliseconds, rounded up; 0 if there was never one.
  int64_t SlowestMs(int64_t now_us) const;

 private:
  struct Second {
    int64_t number = -1;
    int64_t slowest_us = 0;
  };

  std::array<Second, kSeconds> seconds_;
  int64_t newest_us_ = 0;
};

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_DISK_FSYNC_WINDOW_H_
