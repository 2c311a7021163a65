// Checksums: XXH3, 64 bits, seeded.
//
// The seed ties bytes to where they belong: the same bytes at another place, or
// of another file, have another checksum. It finds accidents, not attackers.

#ifndef QUORATE_COORD_STORAGE_CHECKSUM_H_
#define QUORATE_COORD_STORAGE_CHECKSUM_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace quorate::storage {

// Never 0, so that zeros are never a checksum with what it covers.
uint64_t Checksum(absl::string_view bytes, uint64_t seed);

// One checksum over a row of them, in their order.
uint64_t ChainChecksum(uint64_t chain, uint64_t next);

}  // namespace quorate::storage

#endif  // QUORATE_COORD_STORAGE_CHECKSUM_H_
