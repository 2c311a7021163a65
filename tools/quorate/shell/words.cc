#include "tools/quorate/shell/words.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {
namespace {

class Splitter {
 public:
  explicit Splitter(absl::string_view line) : rest_(line) {}

  absl::StatusOr<std::vector<std::string>> Run() {
    std::vector<std::string> words;
    while (true) {
      rest_ = absl::StripLeadingAsciiWhitespace(rest_);
      if (rest_.empty() || rest_[0] == '#') return words;
      absl::StatusOr<std::string> word = Word();
      if (!word.ok()) return word.status();
      words.push_back(*std::move(word));
    }
  }

 private:
  char Take() {
    const char c = rest_[0];
    rest_.remove_prefix(1);
    return c;
  }

  absl::StatusOr<std::string> Word() {
    std::string word;
    while (!rest_.empty() && !absl::ascii_isspace(rest_[0])) {
      const char c = Take();
      absl::Status status;
      if (c == '\'') {
        status = SingleQuoted(word);
      } else if (c == '"') {
        status = DoubleQuoted(word);
      } else if (c == '\\') {
        if (rest_.empty()) return UsageError("nothing follows the last \\");
        word.push_back(Take());
      } else {
        word.push_back(c);
      }
      if (!status.ok()) return status;
    }
    return word;
  }

  absl::Status SingleQuoted(std::string& word) {
    const size_t end = rest_.find('\'');
    if (end == absl::string_view::npos) {
      return UsageError("a ' is not closed");
    }
    absl::StrAppend(&word, rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
    return absl::OkStatus();
  }

  absl::Status DoubleQuoted(std::string& word) {
    while (!rest_.empty()) {
      const char c = Take();
      if (c == '"') return absl::OkStatus();
      if (c != '\\') {
        word.push_back(c);
        continue;
      }
      const absl::Status status = Escape(word);
      if (!status.ok()) return status;
    }
    return UsageError("a \" is not closed");
  }

  absl::Status Escape(std::string& word) {
    if (rest_.empty()) return UsageError("a \" is not closed");
    const char c = Take();
    switch (c) {
      case '"':
      case '\\':
        word.push_back(c);
        return absl::OkStatus();
      case 'n':
        word.push_back('\n');
        return absl::OkStatus();
      case 't':
        word.push_back('\t');
        return absl::OkStatus();
      case 'r':
        word.push_back('\r');
        return absl::OkStatus();
      case 'x':
        if (rest_.size() >= 2 && absl::ascii_isxdigit(rest_[0]) &&
            absl::ascii_isxdigit(rest_[1])) {
          word += absl::HexStringToBytes(rest_.substr(0, 2));
          rest_.remove_prefix(2);
          return absl::OkStatus();
        }
        return UsageError("\\x needs two hexadecimal digits");
      default:
        return UsageError(absl::StrCat(
            "unknown escape \\", std::string(1, c),
            "; inside \"...\" there are \\\" \\\\ \\n \\t \\r and \\xHH"));
    }
  }

  absl::string_view rest_;
};

}  // namespace

absl::StatusOr<std::vector<std::string>> SplitWords(absl::string_view line) {
  return Splitter(line).Run();
}

std::string QuoteWord(absl::string_view text) {
  bool plain = !text.empty();
  for (const char c : text) {
    plain = plain && absl::ascii_isgraph(c) && c != '\'' && c != '"' &&
            c != '\\' && c != '#';
  }
  if (plain) return std::string(text);
  std::string word = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      word.push_back('\\');
      word.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      absl::StrAppendFormat(&word, "\\x%02x", static_cast<unsigned char>(c));
    } else {
      word.push_back(c);
    }
  }
  return word + "\"";
}

}  // namespace quorate::tools
