#include "tools/quorate/bench/schedule.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace quorate::tools {

int64_t Schedule::LeftBefore(int64_t end_ns) const {
  if (Next() >= end_ns) return 0;
  const double span = static_cast<double>(end_ns - Next()) /
                      (interval_ns_ * static_cast<double>(stride_));
  int64_t left = std::max<int64_t>(1, static_cast<int64_t>(std::ceil(span)));
  // Rounding may be off by one.
  while (At(next_ + left * stride_) < end_ns) ++left;
  while (left > 1 && At(next_ + (left - 1) * stride_) >= end_ns) --left;
  return left;
}

}  // namespace quorate::tools
