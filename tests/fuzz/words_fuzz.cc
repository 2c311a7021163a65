// Lines of the shell, as words.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "tests/fuzz/fuzz.h"
#include "tools/quorate/exit_code.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/shell/words.h"

namespace quorate::fuzz {
namespace {

using Words = absl::StatusOr<std::vector<std::string>>;

// Quoted, words are what they were.
void CheckQuoted(const std::vector<std::string>& words) {
  const std::string line =
      absl::StrJoin(words, " ", [](std::string* out, absl::string_view word) {
        *out += tools::QuoteWord(word);
      });
  const Words again = tools::SplitWords(line);
  QUORATE_CHECK(again.ok() && *again == words);
}

}  // namespace

std::vector<std::string> Seeds() {
  return {"create /a 'some data' --ephemeral",
          "set /a \"with \\\" and \\x0f and \\n\" # a comment",
          "a\\ b ''",
          "'not closed",
          "\"\\x1",
          "\\"};
}

}  // namespace quorate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quorate;  // NOLINT
  const absl::string_view line = fuzz::Text(data, size);
  fuzz::CheckQuoted({std::string(line)});
  const fuzz::Words words = tools::SplitWords(line);
  if (!words.ok()) {
    QUORATE_CHECK(tools::ExitCodeOf(words.status()) == tools::ExitCode::kUsage);
    return 0;
  }
  size_t bytes = 0;
  for (const std::string& word : *words) bytes += word.size();
  QUORATE_CHECK(bytes <= line.size());
  fuzz::CheckQuoted(*words);
  return 0;
}
