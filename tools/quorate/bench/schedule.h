// Schedule: when the requests of an open loop are meant to begin: at a fixed
// rate, whatever the answers do. Latency that is counted from these instants
// has no coordinated omission: a request that had to wait because earlier ones
// were slow has waited, and that counts.

#ifndef QUORATE_TOOLS_QUORATE_BENCH_SCHEDULE_H_
#define QUORATE_TOOLS_QUORATE_BENCH_SCHEDULE_H_

#include <cstdint>

namespace quorate::tools {

class Schedule {
 public:
  // The share of thread `index` of `threads` in `rate` requests a second from
  // `start_ns` on; the threads take turns. REQUIRES: rate > 0,
  // 0 <= index < threads.
  Schedule(int64_t start_ns, double rate, int64_t index, int64_t threads)
      : start_ns_(start_ns),
        interval_ns_(1e9 / rate),
        stride_(threads),
        next_(index) {}

  // When the next request is meant to begin.
  int64_t Next() const { return At(next_); }
  // It has begun.
  void Advance() { next_ += stride_; }

  // How many of this thread's, the next and those behind it, are meant to begin
  // before `end_ns`.
  int64_t LeftBefore(int64_t end_ns) const;

 private:
  // Multiplied, not added up: errors would add up as well.
  int64_t At(int64_t i) const {
    return start_ns_ +
           static_cast<int64_t>(static_cast<double>(i) * interval_ns_);
  }

  const int64_t start_ns_;
  const double interval_ns_;
  const int64_t stride_;
  int64_t next_;
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_BENCH_SCHEDULE_H_
