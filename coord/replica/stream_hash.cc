#include "coord/replica/stream_hash.h"

#include <cstdint>
#include <memory>

// Header only: nothing of the library is linked.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "absl/strings/string_view.h"

namespace quorate::replica {

struct StreamHash::State {
  XXH3_state_t xxh3;
};

StreamHash::StreamHash() : state_(std::make_unique<State>()) {
  XXH3_64bits_reset(&state_->xxh3);
}

StreamHash::~StreamHash() = default;
StreamHash::StreamHash(StreamHash&&) noexcept = default;
StreamHash& StreamHash::operator=(StreamHash&&) noexcept = default;

void StreamHash::Add(absl::string_view bytes) {
  XXH3_64bits_update(&state_->xxh3, bytes.data(), bytes.size());
}

uint64_t StreamHash::Value() const { return XXH3_64bits_digest(&state_->xxh3); }

}  // namespace quorate::replica
