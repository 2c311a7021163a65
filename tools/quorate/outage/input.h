// Input: the lines that are written and must come out again, each once.

#ifndef QUORATE_TOOLS_QUORATE_OUTAGE_INPUT_H_
#define QUORATE_TOOLS_QUORATE_OUTAGE_INPUT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace quorate::tools {

// What can be played in the time that a demo may take.
inline constexpr size_t kMaxInputBytes = 8 << 20;
inline constexpr size_t kMaxInputLines = 20'000;
// Far below the largest batch of a topic.
inline constexpr size_t kMaxLineBytes = 256 << 10;

struct Input {
  std::string path = {};
  std::vector<std::string> lines = {};  // without their newlines
  bool ends_with_newline = true;
  size_t bytes = 0;
  std::string digest = {};  // SHA-256, as sha256sum prints it
};

// Any file, text or not; "-" is standard input. Local: it cannot be read, is
// empty, or has more than the bounds above allow; the message says what to do.
absl::StatusOr<Input> ReadInput(const std::string& path);
absl::StatusOr<Input> ParseInput(const std::string& path,
                                 const std::string& content);

// The digest of a file with these lines.
std::string DigestOf(const std::vector<std::string>& lines,
                     bool ends_with_newline);
std::string Sha256(absl::string_view bytes);  // in hexadecimal

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_OUTAGE_INPUT_H_
