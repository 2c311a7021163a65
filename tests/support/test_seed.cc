#include "tests/support/test_seed.h"

#include <cerrno>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "gtest/gtest.h"

namespace quorate {
namespace {

constexpr uint64_t kDefaultSeed = 1;

uint64_t SeedFromEnvironment() {
  const char* text = std::getenv("QUORATE_SEED");
  if (text == nullptr || *text == '\0') return kDefaultSeed;
  char* end = nullptr;
  errno = 0;
  const uint64_t seed = std::strtoull(text, &end, 10);
  if (errno != 0 || *end != '\0' || *text == '-') {
    std::fprintf(stderr, "QUORATE_SEED must be a number; found %s\n", text);
    std::abort();
  }
  return seed;
}

}  // namespace

uint64_t TestSeed() {
  const uint64_t seed = SeedFromEnvironment();
  // In the form of GoogleTest's own lines, and in its report.
  std::printf("[ SEED     ] QUORATE_SEED=%" PRIu64 "\n", seed);
  testing::Test::RecordProperty("seed", std::to_string(seed));
  return seed;
}

}  // namespace quorate
