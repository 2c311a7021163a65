#include "coord/storage/checksum.h"

#include <xxhash.h>

#include <cstdint>

#include "absl/strings/string_view.h"
#include "coord/storage/little_endian.h"

namespace quorate::storage {

uint64_t Checksum(absl::string_view bytes, uint64_t seed) {
  const uint64_t sum = XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
  return sum == 0 ? 1 : sum;
}

uint64_t ChainChecksum(uint64_t chain, uint64_t next) {
  char bytes[sizeof(next)];
  StoreNumber(bytes, next);
  return Checksum(absl::string_view(bytes, sizeof(bytes)), chain);
}

}  // namespace quorate::storage
