// StreamHash: XXH3 (64 bits, seed 0) of bytes that come in pieces, however they
// are cut. It finds accidents, not attackers. Not thread-safe.

#ifndef QUORATE_COORD_REPLICA_STREAM_HASH_H_
#define QUORATE_COORD_REPLICA_STREAM_HASH_H_

#include <cstdint>
#include <memory>

#include "absl/strings/string_view.h"

namespace quorate::replica {

class StreamHash {
 public:
  StreamHash();
  ~StreamHash();
  StreamHash(StreamHash&&) noexcept;
  StreamHash& operator=(StreamHash&&) noexcept;

  void Add(absl::string_view bytes);
  // Of all that was added; more may be added afterwards.
  uint64_t Value() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_STREAM_HASH_H_
