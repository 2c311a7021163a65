// Histogram: counts values in buckets whose bounds are powers of two.
//
// Made for hot paths: Observe() is a shift and two atomic additions, without a
// lock. Thread-safe. A reader may see the parts of one Observe() apart, which
// no statistic notices.

#ifndef QUORATE_COORD_SERVER_HISTOGRAM_H_
#define QUORATE_COORD_SERVER_HISTOGRAM_H_

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace quorate::server {

class Histogram {
 public:
  // Bounds are 1, 2, 4, ... 2^(kBuckets - 1); the last bucket has no bound.
  static constexpr size_t kBuckets = 28;

  void Observe(uint64_t value) {
    // The least power of two that is not below the value.
    const size_t bucket =
        value <= 1 ? 0 : static_cast<size_t>(std::bit_width(value - 1));
    counts_[bucket < kBuckets ? bucket : kBuckets].fetch_add(
        1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
  }

  // How many values were at most 2^bucket and above the bound before;
  // kBuckets: above all bounds. REQUIRES: bucket <= kBuckets.
  uint64_t count(size_t bucket) const {
    return counts_[bucket].load(std::memory_order_relaxed);
  }
  uint64_t sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  std::array<std::atomic<uint64_t>, kBuckets + 1> counts_ = {};
  std::atomic<uint64_t> sum_ = 0;
};

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_HISTOGRAM_H_
