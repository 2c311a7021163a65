// Little endian numbers, as every format in FORMAT.md writes them.
//
// Encoding appends to a string. A Decoder reads within bounds: reading beyond
// the end yields 0 and makes ok() false for good, so a caller checks once.

#ifndef QUORATE_COORD_STORAGE_LITTLE_ENDIAN_H_
#define QUORATE_COORD_STORAGE_LITTLE_ENDIAN_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace quorate::storage {

template <typename Number>
void StoreNumber(char* to, Number number) {
  for (size_t i = 0; i < sizeof(Number); ++i) {
    to[i] = static_cast<char>(static_cast<uint8_t>(number >> (8 * i)));
  }
}

template <typename Number>
Number LoadNumber(const char* from) {
  Number number = 0;
  for (size_t i = 0; i < sizeof(Number); ++i) {
    number = static_cast<Number>(
        number |
        static_cast<Number>(static_cast<Number>(static_cast<uint8_t>(from[i]))
                            << (8 * i)));
  }
  return number;
}

template <typename Number>
void PutNumber(std::string* out, Number number) {
  char bytes[sizeof(Number)];
  StoreNumber(bytes, number);
  out->append(bytes, sizeof(Number));
}

inline void PutU8(std::string* out, uint8_t number) { PutNumber(out, number); }
inline void PutU16(std::string* out, uint16_t number) {
  PutNumber(out, number);
}
inline void PutU32(std::string* out, uint32_t number) {
  PutNumber(out, number);
}
inline void PutU64(std::string* out, uint64_t number) {
  PutNumber(out, number);
}

class Decoder {
 public:
  explicit Decoder(absl::string_view bytes) : bytes_(bytes) {}

  uint8_t U8() { return Number<uint8_t>(); }
  uint16_t U16() { return Number<uint16_t>(); }
  uint32_t U32() { return Number<uint32_t>(); }
  uint64_t U64() { return Number<uint64_t>(); }
  // Valid as long as what the decoder was made from.
  absl::string_view Text(size_t size) {
    if (size > bytes_.size()) {
      ok_ = false;
      return absl::string_view();
    }
    const absl::string_view text = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return text;
  }

  bool ok() const { return ok_; }
  size_t left() const { return bytes_.size(); }

 private:
  template <typename T>
  T Number() {
    const absl::string_view text = Text(sizeof(T));
    return text.empty() ? T{0} : LoadNumber<T>(text.data());
  }

  absl::string_view bytes_;
  bool ok_ = true;
};

}  // namespace quorate::storage

#endif  // QUORATE_COORD_STORAGE_LITTLE_ENDIAN_H_
