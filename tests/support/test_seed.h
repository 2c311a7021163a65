// TestSeed: where a randomised test takes its seed from.
//
// A test draws all its chance from one SeededRandom(TestSeed()). The seed is a
// fixed one, so that runs are alike, unless the environment variable
// QUORATE_SEED names another; to look further, or to replay a failure:
//
//   bazel test --test_env=QUORATE_SEED=42 LABEL

#ifndef QUORATE_TESTS_SUPPORT_TEST_SEED_H_
#define QUORATE_TESTS_SUPPORT_TEST_SEED_H_

#include <cstdint>

namespace quorate {

// Prints the seed and returns it. QUORATE_SEED that is no number stops the
// program.
uint64_t TestSeed();

}  // namespace quorate

#endif  // QUORATE_TESTS_SUPPORT_TEST_SEED_H_
