// JsonNesting: how deep a JSON text is nested, to be asked before it is parsed.
//
// The JSON library copies and prints values by recursion, so that a text of
// nothing but brackets, which anybody can write, would exhaust the stack. Ours
// never needs more than a few levels.

#ifndef QUORATE_COORD_BASE_JSON_NESTING_H_
#define QUORATE_COORD_BASE_JSON_NESTING_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace quorate {

// More than any of our formats has, and far less than is dangerous.
inline constexpr size_t kMaxJsonNesting = 64;

// Levels of arrays and objects in `text`; 0: none. Brackets in strings do not
// count. Of a text that is no JSON, an upper bound of what a parser can reach.
size_t JsonNesting(absl::string_view text);

}  // namespace quorate

#endif  // QUORATE_COORD_BASE_JSON_NESTING_H_
