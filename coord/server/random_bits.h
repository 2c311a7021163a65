// RandomBits: 64 bits of the system's entropy, for identities that must never
// come twice: incarnations and ensemble ids.

#ifndef QUORATE_COORD_SERVER_RANDOM_BITS_H_
#define QUORATE_COORD_SERVER_RANDOM_BITS_H_

#include <cstdint>

namespace quorate::server {

// Never 0. Thread-safe. A system without entropy stops the process.
uint64_t RandomBits();

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_RANDOM_BITS_H_
