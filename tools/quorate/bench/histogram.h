// Histogram: latencies in log-linear buckets: 64 to each power of two, so a
// percentile is at most 1.6 % above the truth, and one histogram takes 32 KiB
// whatever it counts. Not thread-safe; histograms of threads are added up.

#ifndef QUORATE_TOOLS_QUORATE_BENCH_HISTOGRAM_H_
#define QUORATE_TOOLS_QUORATE_BENCH_HISTOGRAM_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace quorate::tools {

class Histogram {
 public:
  Histogram();

  // Any unit; negative values count as 0.
  void Add(int64_t value);
  void Add(const Histogram& other);

  uint64_t count() const { return count_; }
  int64_t max() const { return max_; }
  // 0 if nothing was added.
  double Mean() const;
  // The smallest bound that at least `percent` of the values do not exceed; at
  // most max(). 0 if nothing was added. REQUIRES: 0 < percent <= 100.
  int64_t Percentile(double percent) const;

 private:
  static size_t IndexOf(uint64_t value);
  // The largest value of a bucket.
  static uint64_t BoundOf(size_t index);

  std::vector<uint64_t> buckets_;
  uint64_t count_ = 0;
  int64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_BENCH_HISTOGRAM_H_
