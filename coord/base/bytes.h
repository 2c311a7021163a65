// Bytes: an immutable, shared run of bytes.
//
// A txn is encoded once; the log, every peer's stream and a later DIFF hold the
// same buffer. Copying a Bytes copies a pointer. Thread-safe, as the buffer
// never changes. nullptr means "no bytes" and counts as empty.

#ifndef QUORATE_COORD_BASE_BYTES_H_
#define QUORATE_COORD_BASE_BYTES_H_

#include <memory>
#include <string>
#include <utility>

namespace quorate {

using Bytes = std::shared_ptr<const std::string>;

inline Bytes MakeBytes(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

inline size_t SizeOf(const Bytes& bytes) { return bytes ? bytes->size() : 0; }

}  // namespace quorate

#endif  // QUORATE_COORD_BASE_BYTES_H_
