#include "coord/tree/digest.h"

#include <cstdint>

// Header only: nothing of the library is linked.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "absl/strings/string_view.h"

namespace quorate::tree {

uint64_t HashBytes(absl::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

}  // namespace quorate::tree
