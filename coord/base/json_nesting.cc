#include "coord/base/json_nesting.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/string_view.h"

namespace quorate {

size_t JsonNesting(absl::string_view text) {
  size_t level = 0;
  size_t deepest = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char byte = text[i];
    if (in_string) {
      if (byte == '\\') ++i;
      in_string = byte != '"';
    } else if (byte == '"') {
      in_string = true;
    } else if (byte == '[' || byte == '{') {
      deepest = std::max(deepest, ++level);
    } else if ((byte == ']' || byte == '}') && level > 0) {
      --level;
    }
  }
  return deepest;
}

}  // namespace quorate
