// A target with a bug: what its decoder takes, its encoder does not give back.
// replay_test.sh shows with it that the driver can fail.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "tests/fuzz/fuzz.h"

namespace quorate::fuzz {

std::vector<std::string> Seeds() { return {"ab", "abcdefgh"}; }

}  // namespace quorate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text = quorate::fuzz::Text(data, size);
  const bool is_lost = text.size() > 2 && text.substr(0, 2) == "ab" &&
                       text.find('\xff') != absl::string_view::npos;
  QUORATE_CHECK(!is_lost);
  return 0;
}
