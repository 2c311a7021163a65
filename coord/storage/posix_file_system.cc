#include "coord/storage/posix_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "coord/storage/storage_error.h"

namespace quorate::storage {
namespace {

constexpr mode_t kFileMode = 0640;
constexpr mode_t kDirectoryMode = 0750;
constexpr uint64_t kFreedAtOnceBytes = 4 << 20;

// Repeats a system call that a signal has interrupted.
template <typename Call>
auto Repeat(Call call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

absl::StatusOr<FileIdentity> IdentityOf(int fd, const std::string& path) {
  struct statx found = {};
  const int result = Repeat([&] {
    return ::statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &found);
  });
  if (result < 0) return SystemError("statx", path, errno);
  FileIdentity identity{.inode = found.stx_ino};
  if ((found.stx_mask & STATX_BTIME) != 0) {
    identity.birth_ns =
        found.stx_btime.tv_sec * 1'000'000'000 + found.stx_btime.tv_nsec;
  }
  return identity;
}

class PosixFile final : public File {
 public:
  PosixFile(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  absl::Status Write(uint64_t offset, absl::string_view data) override {
    while (!data.empty()) {
      const ssize_t written = Repeat([&] {
        return ::pwrite(fd(), data.data(), data.size(),
                        static_cast<off_t>(offset));
      });
      if (written < 0) return SystemError("pwrite", path_, errno);
      if (written == 0) return SystemError("pwrite", path_, EIO);
      offset += static_cast<uint64_t>(written);
      data.remove_prefix(static_cast<size_t>(written));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<size_t> Read(uint64_t offset,
                              absl::Span<char> out) const override {
    size_t total = 0;
    while (total < out.size()) {
      const ssize_t read = Repeat([&] {
        return ::pread(fd(), out.data() + total, out.size() - total,
                       static_cast<off_t>(offset + total));
      });
      if (read < 0) return SystemError("pread", path_, errno);
      if (read == 0) break;
      total += static_cast<size_t>(read);
    }
    return total;
  }

  absl::StatusOr<uint64_t> Size() const override {
    struct stat found = {};
    if (::fstat(fd(), &found) < 0) return SystemError("fstat", path_, errno);
    return static_cast<uint64_t>(found.st_size);
  }

  absl::Status Preallocate(uint64_t size_bytes) override {
    int error = EINTR;
    while (error == EINTR) {
      error = ::posix_fallocate(fd(), 0, static_cast<off_t>(size_bytes));
    }
    return error == 0 ? absl::OkStatus()
                      : SystemError("posix_fallocate", path_, error);
  }

  absl::Status SyncData() override {
    // Not repeated, whatever it says: a second one may lie.
    return ::fdatasync(fd()) == 0 ? absl::OkStatus()
                                  : SystemError("fdatasync", path_, errno);
  }

  absl::Status WriteOut(uint64_t offset, uint64_t size_bytes) override {
    constexpr unsigned int kAll = SYNC_FILE_RANGE_WAIT_BEFORE |
                                  SYNC_FILE_RANGE_WRITE |
                                  SYNC_FILE_RANGE_WAIT_AFTER;
    const int result =
        ::sync_file_range(fd(), static_cast<off64_t>(offset),
                          static_cast<off64_t>(size_bytes), kAll);
    // Not every file system knows it; the sync at the end does all the work.
    if (result == 0 || errno == ENOSYS || errno == EINVAL || errno == ESPIPE) {
      return absl::OkStatus();
    }
    return SystemError("sync_file_range", path_, errno);
  }

  void DropCache() override {
    (void)::posix_fadvise(fd(), 0, 0, POSIX_FADV_DONTNEED);
  }

  absl::StatusOr<FileIdentity> Identity() const override {
    return IdentityOf(fd(), path_);
  }

 private:
  int fd() const { return descriptor_.get(); }

  const Descriptor descriptor_;
  const std::string path_;
};

class PosixLock final : public FileLock {
 public:
  explicit PosixLock(Descriptor descriptor)
      : descriptor_(std::move(descriptor)) {}

 private:
  const Descriptor descriptor_;
};

absl::StatusOr<Descriptor> OpenDescriptor(const std::string& path, int flags) {
  const int fd = Repeat(
      [&] { return ::open(path.c_str(), flags | O_CLOEXEC, kFileMode); });
  if (fd < 0) return SystemError("open", path, errno);
  return Descriptor(fd);
}

absl::Status SyncDirectoryAt(const std::string& path) {
  const absl::StatusOr<Descriptor> directory =
      OpenDescriptor(path, O_RDONLY | O_DIRECTORY);
  if (!directory.ok()) return directory.status();
  if (::fsync(directory->get()) == 0) return absl::OkStatus();
  return SystemError("fsync", path, errno);
}

// Frees a file that has no name any more, a piece at a time. Freed at once,
// hundreds of MiB keep the whole disk from its work for tens of milliseconds,
// if the file system tells the disk what is free (mount option discard); and
// with it each sync of the log. Whatever goes wrong here does no harm.
void FreeInPieces(int fd, uint64_t size) {
  while (size > kFreedAtOnceBytes) {
    size -= kFreedAtOnceBytes;
    if (::ftruncate(fd, static_cast<off_t>(size)) < 0) return;
    if (::fdatasync(fd) < 0) return;
  }
}

class PosixFileSystem final : public FileSystem {
 public:
  absl::StatusOr<std::unique_ptr<File>> Open(absl::string_view path,
                                             OpenMode mode) override {
    int flags = O_RDWR;
    if (mode == OpenMode::kRead) flags = O_RDONLY;
    if (mode == OpenMode::kCreate) flags = O_RDWR | O_CREAT | O_EXCL;
    std::string name(path);
    absl::StatusOr<Descriptor> descriptor = OpenDescriptor(name, flags);
    if (!descriptor.ok()) return descriptor.status();
    return std::make_unique<PosixFile>(*std::move(descriptor), std::move(name));
  }

  absl::Status Rename(absl::string_view from, absl::string_view to) override {
    const std::string old_path(from), new_path(to);
    if (std::rename(old_path.c_str(), new_path.c_str()) == 0) {
      return absl::OkStatus();
    }
    return SystemError("rename", old_path, errno);
  }

  absl::Status Remove(absl::string_view path) override {
    const std::string name(path);
    const absl::StatusOr<Descriptor> held = OpenDescriptor(name, O_RDWR);
    struct stat found = {};
    const bool is_large = held.ok() && ::fstat(held->get(), &found) == 0 &&
                          S_ISREG(found.st_mode) && found.st_nlink == 1 &&
                          found.st_size > static_cast<off_t>(kFreedAtOnceBytes);
    if (::unlink(name.c_str()) < 0) return SystemError("unlink", name, errno);
    if (!is_large) return absl::OkStatus();
    // It must never be found again under its name, and shorter.
    const size_t slash = name.rfind('/');
    absl::Status s = SyncDirectoryAt(
        slash == std::string::npos ? "." : name.substr(0, slash + 1));
    if (s.ok()) FreeInPieces(held->get(), static_cast<uint64_t>(found.st_size));
    return s;
  }

  absl::Status CreateDirectory(absl::string_view path) override {
    const std::string name(path);
    if (::mkdir(name.c_str(), kDirectoryMode) < 0 && errno != EEXIST) {
      return SystemError("mkdir", name, errno);
    }
    return SyncDirectoryAt(name + "/..");
  }

  absl::Status SyncDirectory(absl::string_view path) override {
    return SyncDirectoryAt(std::string(path));
  }

  absl::StatusOr<std::vector<std::string>> List(
      absl::string_view path) override {
    const std::string name(path);
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(name.c_str()),
                                                        &::closedir);
    if (directory == nullptr) return SystemError("opendir", name, errno);
    std::vector<std::string> names;
    while (true) {
      errno = 0;
      const dirent* entry = ::readdir(directory.get());
      if (entry == nullptr) break;
      if (entry->d_type != DT_DIR) names.emplace_back(entry->d_name);
    }
    if (errno != 0) return SystemError("readdir", name, errno);
    std::sort(names.begin(), names.end());
    // A file system that does not tell types shows these two as files.
    std::erase(names, ".");
    std::erase(names, "..");
    return names;
  }

  absl::StatusOr<FileIdentity> DirectoryIdentity(
      absl::string_view path) override {
    const std::string name(path);
    const absl::StatusOr<Descriptor> directory =
        OpenDescriptor(name, O_RDONLY | O_DIRECTORY);
    if (!directory.ok()) return directory.status();
    return IdentityOf(directory->get(), name);
  }

  absl::StatusOr<uint64_t> FreeBytes(absl::string_view path) override {
    const std::string name(path);
    struct statvfs found = {};
    if (Repeat([&] { return ::statvfs(name.c_str(), &found); }) < 0) {
      return SystemError("statvfs", name, errno);
    }
    return uint64_t{found.f_bavail} * found.f_frsize;
  }

  absl::StatusOr<std::unique_ptr<FileLock>> Lock(
      absl::string_view path) override {
    const std::string name(path);
    absl::StatusOr<Descriptor> descriptor =
        OpenDescriptor(name, O_RDWR | O_CREAT);
    if (!descriptor.ok()) return descriptor.status();
    const int result =
        Repeat([&] { return ::flock(descriptor->get(), LOCK_EX | LOCK_NB); });
    if (result == 0) return std::make_unique<PosixLock>(*std::move(descriptor));
    if (errno != EWOULDBLOCK) return SystemError("flock", name, errno);
    return MakeStorageError(StorageErrorKind::kLocked, name, 0,
                            "another process has this directory open");
  }
};

}  // namespace

std::unique_ptr<FileSystem> MakePosixFileSystem() {
  return std::make_unique<PosixFileSystem>();
}

}  // namespace quorate::storage
