// KeyChoice: which key a request is about: all alike, or a few much more often
// than the others (Zipf: key k with a weight of 1 / (k + 1)^skew).
//
// Immutable, so threads may share one. Memory: 8 bytes a key, without skew
// none.

#ifndef QUORATE_TOOLS_QUORATE_BENCH_KEY_CHOICE_H_
#define QUORATE_TOOLS_QUORATE_BENCH_KEY_CHOICE_H_

#include <cstdint>
#include <random>
#include <vector>

namespace quorate::tools {

class KeyChoice {
 public:
  // REQUIRES: keys > 0; skew >= 0, where 0 means all alike.
  KeyChoice(int64_t keys, double skew);

  // 0 to keys - 1; key 0 is the hottest.
  int64_t Choose(std::mt19937_64& random) const;

 private:
  const int64_t keys_;
  // The chance of this key or one before it; empty: all alike.
  std::vector<double> through_;
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_BENCH_KEY_CHOICE_H_
