#include "tools/quorate/bench/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "coord/base/check.h"

namespace quorate::tools {
namespace {

constexpr int kSubBits = 6;
constexpr uint64_t kSubBuckets = uint64_t{1} << kSubBits;
// One row of sub-buckets for the values below kSubBuckets, and one for each
// power of two from there on.
constexpr size_t kRows = 64 - kSubBits + 1;

}  // namespace

Histogram::Histogram() : buckets_(kRows * kSubBuckets) {}

size_t Histogram::IndexOf(uint64_t value) {
  if (value < kSubBuckets) return value;
  const int shift = std::bit_width(value) - 1 - kSubBits;
  // The leading bit names the row, the next six the bucket in it.
  return (static_cast<size_t>(shift) + 1) * kSubBuckets +
         ((value >> shift) - kSubBuckets);
}

uint64_t Histogram::BoundOf(size_t index) {
  if (index < kSubBuckets) return index;
  const size_t shift = index / kSubBuckets - 1;
  const uint64_t first = (index % kSubBuckets + kSubBuckets) << shift;
  return first + ((uint64_t{1} << shift) - 1);
}

void Histogram::Add(int64_t value) {
  value = std::max<int64_t>(0, value);
  ++buckets_[IndexOf(static_cast<uint64_t>(value))];
  ++count_;
  max_ = std::max(max_, value);
  sum_ += static_cast<double>(value);
}

void Histogram::Add(const Histogram& other) {
  for (size_t i = 0; i < buckets_.size(); ++i) {
    buckets_[i] += other.buckets_[i];
  }
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

double Histogram::Mean() const {
  return count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
}

int64_t Histogram::Percentile(double percent) const {
  QUORATE_CHECK(percent > 0 && percent <= 100);
  if (count_ == 0) return 0;
  const uint64_t wanted = std::max<uint64_t>(
      1, static_cast<uint64_t>(
             std::ceil(percent / 100 * static_cast<double>(count_))));
  uint64_t seen = 0;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= wanted) {
      return std::min(max_, static_cast<int64_t>(BoundOf(i)));
    }
  }
  return max_;
}

}  // namespace quorate::tools
