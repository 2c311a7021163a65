#include "tools/quorate/bench/key_choice.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>

#include "coord/base/check.h"

namespace quorate::tools {

KeyChoice::KeyChoice(int64_t keys, double skew) : keys_(keys) {
  QUORATE_CHECK(keys > 0 && skew >= 0);
  if (skew == 0) return;
  through_.resize(static_cast<size_t>(keys));
  double sum = 0;
  for (size_t k = 0; k < through_.size(); ++k) {
    sum += std::pow(static_cast<double>(k + 1), -skew);
    through_[k] = sum;
  }
  for (double& chance : through_) chance /= sum;
}

int64_t KeyChoice::Choose(std::mt19937_64& random) const {
  if (through_.empty()) {
    return static_cast<int64_t>(random() % static_cast<uint64_t>(keys_));
  }
  // 53 random bits: from 0 to less than 1.
  const double chance = static_cast<double>(random() >> 11) * 0x1p-53;
  const auto found = std::upper_bound(through_.begin(), through_.end(), chance);
  return std::min<int64_t>(found - through_.begin(), keys_ - 1);
}

}  // namespace quorate::tools
