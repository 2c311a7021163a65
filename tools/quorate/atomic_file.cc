#include "tools/quorate/atomic_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <string>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {
namespace {

absl::Status WriteAll(int fd, const std::string& path,
                      absl::string_view content) {
  while (!content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemError(absl::StrCat("write ", path), errno);
    content.remove_prefix(written);
  }
  if (fsync(fd) != 0) return SystemError(absl::StrCat("sync ", path), errno);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path,
                                     size_t max_bytes) {
  const bool is_input = path == "-";
  const int fd =
      is_input ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return SystemError(absl::StrCat("cannot read ", path), errno);
  const absl::Cleanup closer = [fd, is_input] {
    if (!is_input) close(fd);
  };
  std::string content;
  char buffer[64 << 10];
  while (true) {
    const ssize_t got = read(fd, buffer, sizeof(buffer));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError(absl::StrCat("cannot read ", path), errno);
    if (got == 0) return content;
    content.append(buffer, got);
    if (content.size() > max_bytes) {
      return LocalError(absl::StrCat(is_input ? "standard input" : path,
                                     " is too large: at most ", max_bytes,
                                     " bytes are taken"));
    }
  }
}

bool FileExists(const std::string& path) {
  struct stat found;
  return stat(path.c_str(), &found) == 0;
}

absl::Status WriteFileAtomically(const std::string& path,
                                 absl::string_view content) {
  std::string temporary = absl::StrCat(path, ".XXXXXX");
  const int fd = mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return SystemError(absl::StrCat("cannot write ", path), errno);
  absl::Status status = WriteAll(fd, temporary, content);
  if (close(fd) != 0 && status.ok()) {
    status = SystemError(absl::StrCat("close ", temporary), errno);
  }
  if (status.ok() && rename(temporary.c_str(), path.c_str()) != 0) {
    status = SystemError(absl::StrCat("rename to ", path), errno);
  }
  if (!status.ok()) {
    unlink(temporary.c_str());
    return status;
  }
  return SyncDirectory(DirectoryOf(path));
}

absl::Status SyncDirectory(const std::string& directory) {
  const int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return SystemError(absl::StrCat("cannot open ", directory), errno);
  const int result = fsync(fd);
  const int error = errno;
  close(fd);
  if (result != 0) return SystemError(absl::StrCat("sync ", directory), error);
  return absl::OkStatus();
}

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

LockFile::LockFile(LockFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {}

LockFile& LockFile::operator=(LockFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

LockFile::~LockFile() {
  if (fd_ >= 0) close(fd_);
}

absl::StatusOr<LockFile> LockFile::Lock(const std::string& path) {
  LockFile lock;
  lock.fd_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock.fd_ < 0)
    return SystemError(absl::StrCat("cannot open ", path), errno);
  while (flock(lock.fd_, LOCK_EX) != 0) {
    if (errno != EINTR) return SystemError(absl::StrCat("lock ", path), errno);
  }
  return lock;
}

}  // namespace quorate::tools
