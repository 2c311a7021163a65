#include "tools/quorate/shell/line_editor.h"

#include <editline/readline.h>
#include <sys/stat.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "tools/quorate/shell/words.h"

namespace quorate::tools {
namespace {

constexpr int kMaxHistory = 1000;

// libedit knows functions only, and no state of ours.
LineEditor::Completer* completer_in_use = nullptr;
std::vector<std::string>* candidates = nullptr;

char* NextCandidate(const char*, int state) {
  const size_t index = static_cast<size_t>(state);
  if (candidates == nullptr || index >= candidates->size()) return nullptr;
  return strdup((*candidates)[index].c_str());
}

// The words up to the cursor; the last is what is being typed.
std::vector<std::string> WordsUpTo(absl::string_view line, int start,
                                   const char* text) {
  std::vector<std::string> words =
      SplitWords(line.substr(0, start)).value_or(std::vector<std::string>());
  words.push_back(text);
  return words;
}

char** Complete(const char* text, int start, int) {
  // Never the names of files.
  rl_attempted_completion_over = 1;
  std::vector<std::string> found =
      (*completer_in_use)(WordsUpTo(rl_line_buffer, start, text));
  candidates = &found;
  char** matches = rl_completion_matches(text, NextCandidate);
  candidates = nullptr;
  // A path goes on below it.
  const bool is_path =
      found.size() == 1 && !found[0].empty() && found[0].back() == '/';
  rl_completion_append_character = is_path ? 0 : ' ';
  return matches;
}

// While a line is edited, Ctrl-C is a key like others: it clears the line.
// libedit forgets this with each line.
int MakeInterruptAKey() { return rl_parse_and_bind("setty -d -isig"); }

}  // namespace

LineEditor::LineEditor(std::string history_path, Completer completer)
    : history_path_(std::move(history_path)) {
  static char name[] = "quorate";
  static char breaks[] = " \t\n\"'";
  rl_readline_name = name;
  rl_initialize();
  rl_pre_input_hook = MakeInterruptAKey;
  rl_parse_and_bind("bind ^C ed-start-over");
  rl_basic_word_break_characters = breaks;
  completer_in_use = new Completer(std::move(completer));
  rl_attempted_completion_function = Complete;
  using_history();
  stifle_history(kMaxHistory);
  if (!history_path_.empty()) read_history(history_path_.c_str());
}

LineEditor::~LineEditor() {
  if (!history_path_.empty()) {
    const mode_t before = umask(0077);
    write_history(history_path_.c_str());
    umask(before);
  }
  delete completer_in_use;
  completer_in_use = nullptr;
}

std::optional<std::string> LineEditor::Read(const std::string& prompt) {
  char* line = readline(prompt.c_str());
  if (line == nullptr) return std::nullopt;
  std::string read = line;
  std::free(line);
  if (!read.empty()) add_history(read.c_str());
  return read;
}

}  // namespace quorate::tools
