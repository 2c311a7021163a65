#include "tools/quorate/verbs/broker/line_source.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {
namespace {

constexpr size_t kReadBytes = 256 << 10;

}  // namespace

absl::StatusOr<std::unique_ptr<LineSource>> LineSource::Open(
    const std::string& path, int interrupt_fd) {
  if (path.empty()) {
    return std::unique_ptr<LineSource>(
        new LineSource("standard input", STDIN_FILENO, interrupt_fd));
  }
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return SystemError(absl::StrCat("cannot open ", path), errno);
  return std::unique_ptr<LineSource>(new LineSource(path, fd, interrupt_fd));
}

LineSource::~LineSource() {
  if (fd_ != STDIN_FILENO) close(fd_);
}

absl::StatusOr<bool> LineSource::Fill() {
  pollfd fds[] = {{.fd = interrupt_fd_, .events = POLLIN, .revents = 0},
                  {.fd = fd_, .events = POLLIN, .revents = 0}};
  while (poll(fds, 2, -1) < 0) {
    if (errno != EINTR) return SystemError("cannot wait for input", errno);
  }
  if ((fds[0].revents & POLLIN) != 0) {
    interrupted_ = true;
    return false;
  }
  buffer_.erase(0, begin_);
  begin_ = 0;
  const size_t before = buffer_.size();
  buffer_.resize(before + kReadBytes);
  const ssize_t got = read(fd_, buffer_.data() + before, kReadBytes);
  const int error = errno;
  buffer_.resize(before + (got > 0 ? static_cast<size_t>(got) : 0));
  if (got < 0 && error != EINTR && error != EAGAIN) {
    return SystemError(absl::StrCat("cannot read ", name_), error);
  }
  if (got == 0) at_end_ = true;
  return got != 0;
}

absl::StatusOr<std::optional<std::string>> LineSource::Next() {
  size_t searched = begin_;
  for (;;) {
    const size_t end = buffer_.find('\n', searched);
    if (end != std::string::npos) {
      std::string line = buffer_.substr(begin_, end - begin_);
      begin_ = end + 1;
      return line;
    }
    if (buffer_.size() - begin_ > kMaxLineBytes) {
      return UsageError(absl::StrCat(name_, " has a line of more than ",
                                     kMaxLineBytes,
                                     " bytes; no record is that large"));
    }
    if (at_end_ || interrupted_) break;
    const size_t waiting = buffer_.size() - begin_;
    const absl::StatusOr<bool> more = Fill();
    if (!more.ok()) return more.status();
    searched = begin_ + waiting;
    if (interrupted_) return std::optional<std::string>();
  }
  if (interrupted_ || begin_ == buffer_.size()) {
    return std::optional<std::string>();
  }
  // The last line has no end.
  std::string line = buffer_.substr(begin_);
  begin_ = buffer_.size();
  return line;
}

}  // namespace quorate::tools
