// Words: one typed line, cut into words as a shell does.
//
// Words are separated by blanks. 'single quotes' take everything literally;
// "double quotes" know \" \\ \n \t \r and \xHH; outside of quotes \ takes the
// next character literally. # begins a comment where a word could begin.

#ifndef QUORATE_TOOLS_QUORATE_SHELL_WORDS_H_
#define QUORATE_TOOLS_QUORATE_SHELL_WORDS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace quorate::tools {

// Usage: a quote is not closed, or an escape is none.
absl::StatusOr<std::vector<std::string>> SplitWords(absl::string_view line);

// A word that SplitWords() reads as `text`.
std::string QuoteWord(absl::string_view text);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_SHELL_WORDS_H_
