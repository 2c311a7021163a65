// WireWriter and WireReader: the bytes of txns and snapshots.
//
// Numbers are little-endian and of fixed width; a string is its length in four
// bytes, then its bytes. So every value has exactly one encoding.
//
// A reader never reads beyond its input: what is missing makes it fail, and a
// reader that has failed yields zeros and empty strings. Check ok() or AtEnd()
// before use. The strings that it yields point into the input.

#ifndef QUORATE_COORD_TREE_WIRE_H_
#define QUORATE_COORD_TREE_WIRE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace quorate::tree {

class WireWriter {
 public:
  // Appends to `out`, which must outlive the writer.
  explicit WireWriter(std::string& out) : out_(out) {}

  void U8(uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void U32(uint32_t value) { Fixed(value, 4); }
  void U64(uint64_t value) { Fixed(value, 8); }
  void I32(int32_t value) { U32(static_cast<uint32_t>(value)); }
  void I64(int64_t value) { U64(static_cast<uint64_t>(value)); }
  // REQUIRES: less than 4 GiB.
  void String(absl::string_view value) {
    U32(static_cast<uint32_t>(value.size()));
    out_.append(value.data(), value.size());
  }

 private:
  void Fixed(uint64_t value, size_t width) {
    char bytes[8];
    for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(value >> (8 * i));
    out_.append(bytes, width);
  }

  std::string& out_;
};

class WireReader {
 public:
  explicit WireReader(absl::string_view input) : rest_(input) {}

  uint8_t U8() { return static_cast<uint8_t>(Fixed(1)); }
  uint32_t U32() { return static_cast<uint32_t>(Fixed(4)); }
  uint64_t U64() { return Fixed(8); }
  int32_t I32() { return static_cast<int32_t>(U32()); }
  int64_t I64() { return static_cast<int64_t>(U64()); }

  absl::string_view String() {
    const uint32_t size = U32();
    if (!Has(size)) return Fail(), absl::string_view();
    const absl::string_view value = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return value;
  }

  // The number of elements that follow, each of at least `min_bytes` bytes; it
  // fails if so many cannot follow. So a count cannot make anyone allocate more
  // than a multiple of the input. REQUIRES: min_bytes > 0.
  uint32_t Count(size_t min_bytes) {
    const uint32_t count = U32();
    if (count > rest_.size() / min_bytes) return Fail(), 0;
    return count;
  }

  void Fail() {
    ok_ = false;
    rest_ = absl::string_view();
  }

  bool ok() const { return ok_; }
  // All was read, and nothing was missing.
  bool AtEnd() const { return ok_ && rest_.empty(); }

 private:
  bool Has(size_t size) const { return ok_ && size <= rest_.size(); }

  uint64_t Fixed(size_t width) {
    if (!Has(width)) return Fail(), 0;
    uint64_t value = 0;
    for (size_t i = 0; i < width; ++i) {
      value |= uint64_t{static_cast<uint8_t>(rest_[i])} << (8 * i);
    }
    rest_.remove_prefix(width);
    return value;
  }

  absl::string_view rest_;
  bool ok_ = true;
};

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_WIRE_H_
