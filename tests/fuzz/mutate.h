// Mutate: an input changed at random, the way fuzzing engines do it.

#ifndef QUORATE_TESTS_FUZZ_MUTATE_H_
#define QUORATE_TESTS_FUZZ_MUTATE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "coord/base/seeded_random.h"

namespace quorate::fuzz {

inline constexpr size_t kMaxInputBytes = 64 << 10;

// One of `inputs`, which is not empty, with a few changes: bits, bytes and
// numbers; parts removed, repeated or taken from another input. At most
// kMaxInputBytes long, or as long as the longest of them.
std::string Mutate(const std::vector<std::string>& inputs,
                   SeededRandom& random);

}  // namespace quorate::fuzz

#endif  // QUORATE_TESTS_FUZZ_MUTATE_H_
