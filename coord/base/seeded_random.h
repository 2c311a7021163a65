// SeededRandom: the one source of chance in the pure layers.
//
// The same seed gives the same sequence on every machine and library version:
// the engine's output is fixed by the C++ standard, and the reduction to a
// range is ours, since the standard's distributions are not portable.
// Not thread-safe. Not for secrets.

#ifndef QUORATE_COORD_BASE_SEEDED_RANDOM_H_
#define QUORATE_COORD_BASE_SEEDED_RANDOM_H_

#include <cstdint>
#include <random>

namespace quorate {

class SeededRandom {
 public:
  explicit SeededRandom(uint64_t seed) : engine_(seed) {}

  uint64_t Next() { return engine_(); }

  // Uniform in [0, bound). REQUIRES: bound > 0.
  uint64_t Below(uint64_t bound) {
    return static_cast<uint64_t>(
        (static_cast<unsigned __int128>(engine_()) * bound) >> 64);
  }

  // Uniform in [low, high]. REQUIRES: low <= high.
  int64_t Between(int64_t low, int64_t high) {
    // In unsigned numbers, as the width may not fit into a signed one.
    const uint64_t width =
        static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
    const uint64_t step = width == UINT64_MAX ? Next() : Below(width + 1);
    return static_cast<int64_t>(static_cast<uint64_t>(low) + step);
  }

  // True `per_million` times in a million.
  bool Chance(uint64_t per_million) { return Below(1'000'000) < per_million; }

 private:
  std::mt19937_64 engine_;
};

}  // namespace quorate

#endif  // QUORATE_COORD_BASE_SEEDED_RANDOM_H_
