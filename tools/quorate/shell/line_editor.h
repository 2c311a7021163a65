// LineEditor: lines typed at a terminal, with history and completion (libedit).
//
// At most one at a time, on the main thread.

#ifndef QUORATE_TOOLS_QUORATE_SHELL_LINE_EDITOR_H_
#define QUORATE_TOOLS_QUORATE_SHELL_LINE_EDITOR_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace quorate::tools {

class LineEditor {
 public:
  // What could stand in place of the last of `words`, which may be empty.
  using Completer =
      std::function<std::vector<std::string>(const std::vector<std::string>&)>;

  // Loads the history; "" or a file that cannot be read: starts with none.
  LineEditor(std::string history_path, Completer completer);
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;
  // Saves the history, its last 1000 lines, for the owner only.
  ~LineEditor();

  // The next line; nothing at the end of input. Ctrl-C clears what
  // was typed.
  std::optional<std::string> Read(const std::string& prompt);

 private:
  const std::string history_path_;
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_SHELL_LINE_EDITOR_H_
