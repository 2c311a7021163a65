#include "tests/fuzz/mutate.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

#include "coord/base/check.h"
#include "coord/base/seeded_random.h"

namespace quorate::fuzz {
namespace {

constexpr uint64_t kInteresting[] = {0,
                                     1,
                                     2,
                                     7,
                                     8,
                                     16,
                                     32,
                                     64,
                                     100,
                                     127,
                                     128,
                                     255,
                                     256,
                                     512,
                                     4096,
                                     32767,
                                     32768,
                                     65535,
                                     65536,
                                     0x7fffffff,
                                     0x80000000,
                                     0xffffffff,
                                     0x100000000,
                                     0x7fffffffffffffff,
                                     0x8000000000000000,
                                     0xffffffffffffffff};

// Overwrites some bytes with a number that is often handled wrongly, of one to
// eight bytes, in either order of bytes.
void PutNumber(std::string& input, SeededRandom& random) {
  if (input.empty()) return;
  const uint64_t number = kInteresting[random.Below(std::size(kInteresting))];
  const size_t width = size_t{1} << random.Below(4);
  const size_t at = random.Below(input.size());
  const bool big_endian = random.Below(2) == 0;
  for (size_t i = 0; i < width && at + i < input.size(); ++i) {
    const size_t byte = big_endian ? width - 1 - i : i;
    input[at + i] = static_cast<char>(number >> (8 * byte));
  }
}

std::string RandomPart(const std::string& input, SeededRandom& random) {
  if (input.empty()) return input;
  const size_t at = random.Below(input.size());
  return input.substr(
      at, 1 + random.Below(std::min<size_t>(input.size() - at, 64)));
}

void ChangeOnce(std::string& input, const std::vector<std::string>& inputs,
                SeededRandom& random) {
  const size_t at = random.Below(input.size() + 1);
  switch (random.Below(8)) {
    case 0:
      if (at < input.size()) {
        input[at] = static_cast<char>(input[at] ^ (1 << random.Below(8)));
      }
      break;
    case 1:
      if (at < input.size()) input[at] = static_cast<char>(random.Below(256));
      break;
    case 2:
      PutNumber(input, random);
      break;
    case 3:
      input.insert(at, std::string(1 + random.Below(8),
                                   static_cast<char>(random.Below(256))));
      break;
    case 4:
      input.erase(at, 1 + random.Below(16));
      break;
    case 5:
      input.insert(at, RandomPart(input, random));
      break;
    case 6:
      input.insert(at, RandomPart(inputs[random.Below(inputs.size())], random));
      break;
    default:
      input.resize(at);
      break;
  }
}

}  // namespace

std::string Mutate(const std::vector<std::string>& inputs,
                   SeededRandom& random) {
  QUORATE_CHECK(!inputs.empty());
  std::string input = inputs[random.Below(inputs.size())];
  const size_t max_bytes = std::max(input.size(), kMaxInputBytes);
  for (uint64_t left = 1 + random.Below(6); left > 0; --left) {
    ChangeOnce(input, inputs, random);
  }
  if (input.size() > max_bytes) input.resize(max_bytes);
  return input;
}

}  // namespace quorate::fuzz
