#include "coord/server/random_bits.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdint>

#include "coord/base/check.h"

namespace quorate::server {

uint64_t RandomBits() {
  uint64_t bits = 0;
  while (bits == 0) {
    const ssize_t got = getrandom(&bits, sizeof(bits), 0);
    if (got < 0 && errno == EINTR) continue;
    // Up to 256 bytes come whole once the system has been seeded.
    QUORATE_CHECK(got == static_cast<ssize_t>(sizeof(bits)));
  }
  return bits;
}

}  // namespace quorate::server
