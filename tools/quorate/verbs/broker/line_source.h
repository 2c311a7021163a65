// LineSource: the lines of a file or of standard input, one by one, until there
// are no more or Ctrl-C comes.

#ifndef QUORATE_TOOLS_QUORATE_VERBS_BROKER_LINE_SOURCE_H_
#define QUORATE_TOOLS_QUORATE_VERBS_BROKER_LINE_SOURCE_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace quorate::tools {

class LineSource {
 public:
  static constexpr size_t kMaxLineBytes = 16 << 20;

  // `path` empty: standard input. `interrupt_fd` becomes readable when it is to
  // end; -1: never. Local: it cannot be opened.
  static absl::StatusOr<std::unique_ptr<LineSource>> Open(
      const std::string& path, int interrupt_fd);
  LineSource(const LineSource&) = delete;
  LineSource& operator=(const LineSource&) = delete;
  ~LineSource();

  // The next line, without its end; nothing: there are no more, or Ctrl-C has
  // come. Local: it cannot be read. Usage: a line of more than kMaxLineBytes.
  absl::StatusOr<std::optional<std::string>> Next();
  bool interrupted() const { return interrupted_; }

 private:
  LineSource(std::string name, int fd, int interrupt_fd)
      : name_(std::move(name)), fd_(fd), interrupt_fd_(interrupt_fd) {}

  // False: there is nothing more to read.
  absl::StatusOr<bool> Fill();

  const std::string name_;
  const int fd_;
  const int interrupt_fd_;
  std::string buffer_;
  size_t begin_ = 0;  // of what is not given yet
  bool at_end_ = false;
  bool interrupted_ = false;
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_VERBS_BROKER_LINE_SOURCE_H_
