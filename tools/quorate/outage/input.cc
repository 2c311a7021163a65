#include "tools/quorate/outage/input.h"

#include <openssl/sha.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "tools/quorate/atomic_file.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {

absl::StatusOr<Input> ReadInput(const std::string& path) {
  const absl::StatusOr<std::string> content = ReadFile(path, kMaxInputBytes);
  if (!content.ok()) return content.status();
  return ParseInput(path, *content);
}

absl::StatusOr<Input> ParseInput(const std::string& path,
                                 const std::string& content) {
  if (content.empty()) {
    return LocalError(
        absl::StrCat(path, " is empty; name a file with at least one line"));
  }
  Input input{.path = path, .bytes = content.size()};
  input.digest = Sha256(content);
  input.lines = absl::StrSplit(content, '\n');
  input.ends_with_newline = input.lines.back().empty();
  if (input.ends_with_newline) input.lines.pop_back();
  if (input.lines.size() > kMaxInputLines) {
    return LocalError(absl::StrCat(
        path, " has ", input.lines.size(), " lines; at most ", kMaxInputLines,
        " can be played in time: head --lines=", kMaxInputLines));
  }
  for (size_t i = 0; i < input.lines.size(); ++i) {
    if (input.lines[i].size() <= kMaxLineBytes) continue;
    return LocalError(absl::StrCat("line ", i + 1, " of ", path, " has ",
                                   input.lines[i].size(), " bytes, at most ",
                                   kMaxLineBytes, " are allowed; is it text?"));
  }
  return input;
}

std::string DigestOf(const std::vector<std::string>& lines,
                     bool ends_with_newline) {
  return Sha256(
      absl::StrCat(absl::StrJoin(lines, "\n"), ends_with_newline ? "\n" : ""));
}

std::string Sha256(absl::string_view bytes) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return absl::BytesToHexString(digest);
}

}  // namespace quorate::tools
