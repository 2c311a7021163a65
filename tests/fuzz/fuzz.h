// What a fuzz target is made of. README.md says how to run one and how to add
// one.
//
// A target decodes its input, which may be any bytes, and checks what must hold
// of the result: that it encodes to the same again, that nothing is larger than
// promised, that an error is one of those which the header lists. A broken
// property stops the process (QUORATE_CHECK), as a fuzzing engine expects.

#ifndef QUORATE_TESTS_FUZZ_FUZZ_H_
#define QUORATE_TESTS_FUZZ_FUZZ_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

// The target. Returns 0.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace quorate::fuzz {

// Inputs to begin with, made by the real encoders, so that they are never of
// an old format. Each target has its own; the same in every run.
std::vector<std::string> Seeds();

inline absl::string_view Text(const uint8_t* data, size_t size) {
  return absl::string_view(reinterpret_cast<const char*>(data), size);
}

// Takes small numbers off the front of an input, for targets that want more
// than the bytes to be decoded; 0 when nothing is left.
class Choices {
 public:
  explicit Choices(absl::string_view input) : rest_(input) {}

  uint8_t Byte() {
    if (rest_.empty()) return 0;
    const auto byte = static_cast<uint8_t>(rest_[0]);
    rest_.remove_prefix(1);
    return byte;
  }
  uint32_t Word() {
    uint32_t word = 0;
    for (int i = 0; i < 2; ++i) word = word << 8 | Byte();
    return word;
  }
  // Up to `size` bytes.
  absl::string_view Bytes(size_t size) {
    const absl::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(bytes.size());
    return bytes;
  }
  absl::string_view rest() const { return rest_; }

 private:
  absl::string_view rest_;
};

}  // namespace quorate::fuzz

#endif  // QUORATE_TESTS_FUZZ_FUZZ_H_
