// FileSystem: the one door through which this folder reaches a disk.
//
// posix_file_system.h is the real one; testing/fault_file_system.h is one in
// memory that loses, tears and refuses as real ones do. The interface is
// narrow: only what the formats in FORMAT.md need, each call with one meaning.
//
// Durability: a write is durable once SyncData() of its File has returned; a
// name (created, renamed or removed) once SyncDirectory() of its directory has.
// After SyncData() or SyncDirectory() failed, what it covered may be lost for
// ever, whatever a later call returns: never retry, stop (rule 21).
//
// Errors: made by SystemError() of storage_error.h, so every one names
// operation, file and cause. kDiskFull: no room; kIo: everything else.
//
// Threads: a FileSystem may be used by several at once unless it says
// otherwise; a File by one at a time. A File outlives neither its FileSystem
// nor, if it is to be of use, its FileLock.

#ifndef QUORATE_COORD_STORAGE_FILE_SYSTEM_H_
#define QUORATE_COORD_STORAGE_FILE_SYSTEM_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace quorate::storage {

// A disk writes a run of this many bytes, so aligned, whole or not at all.
inline constexpr size_t kSectorBytes = 512;

// Tells a file from its copy. Survives a restart and a rename within a file
// system; 0: the file system does not say.
struct FileIdentity {
  uint64_t inode = 0;
  int64_t birth_ns = 0;  // when it was created, since 1970

  auto operator<=>(const FileIdentity&) const = default;
};

class File {
 public:
  File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  virtual ~File() = default;

  // Writes all of `data` at `offset`, growing the file if need be. After an
  // error any part of it may have been written, in whole sectors if offset and
  // size are multiples of kSectorBytes.
  virtual absl::Status Write(uint64_t offset, absl::string_view data) = 0;
  // Fills `out` from `offset`; returns how much: less only at the end of file.
  virtual absl::StatusOr<size_t> Read(uint64_t offset,
                                      absl::Span<char> out) const = 0;
  virtual absl::StatusOr<uint64_t> Size() const = 0;
  // Reserves room, so that writes below `size_bytes` do not fail for want of
  // it, and grows the file with zeros to that size.
  virtual absl::Status Preallocate(uint64_t size_bytes) = 0;
  virtual absl::Status SyncData() = 0;
  // Hands what was written in this range to the disk and waits for it, but
  // promises nothing: no flush of the disk, and no commit of the file system's
  // journal, on which the syncs of other files would have to wait. An error is
  // as final as that of SyncData().
  virtual absl::Status WriteOut(uint64_t offset, uint64_t size_bytes) = 0;
  // A hint: later reads should come from the disk and not from memory.
  virtual void DropCache() = 0;
  virtual absl::StatusOr<FileIdentity> Identity() const = 0;
};

// Held as long as it lives; the system releases it when the process dies.
class FileLock {
 public:
  FileLock() = default;
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  virtual ~FileLock() = default;
};

enum class OpenMode : uint8_t {
  kRead,
  kReadWrite,
  kCreate,  // for reading and writing; kAlreadyExists if it is there
};

class FileSystem {
 public:
  FileSystem() = default;
  FileSystem(const FileSystem&) = delete;
  FileSystem& operator=(const FileSystem&) = delete;
  virtual ~FileSystem() = default;

  virtual absl::StatusOr<std::unique_ptr<File>> Open(absl::string_view path,
                                                     OpenMode mode) = 0;
  // Replaces `to` if it is there. Both are in one directory.
  virtual absl::Status Rename(absl::string_view from, absl::string_view to) = 0;
  virtual absl::Status Remove(absl::string_view path) = 0;
  // Makes one directory and makes its name durable; OK if it is there already.
  virtual absl::Status CreateDirectory(absl::string_view path) = 0;
  virtual absl::Status SyncDirectory(absl::string_view path) = 0;
  // Names of the files in it, sorted. Without directories.
  virtual absl::StatusOr<std::vector<std::string>> List(
      absl::string_view path) = 0;
  virtual absl::StatusOr<FileIdentity> DirectoryIdentity(
      absl::string_view path) = 0;
  // Bytes that may still be written.
  virtual absl::StatusOr<uint64_t> FreeBytes(absl::string_view path) = 0;
  // Makes the file if it is not there. kLocked if another holder has it.
  virtual absl::StatusOr<std::unique_ptr<FileLock>> Lock(
      absl::string_view path) = 0;
};

// Reads exactly `size` bytes. kDamaged, with the offset of the end, if the file
// is shorter.
absl::StatusOr<std::string> ReadExactly(const File& file,
                                        absl::string_view path, uint64_t offset,
                                        size_t size);

inline std::string JoinPath(absl::string_view directory,
                            absl::string_view name) {
  return std::string(directory) + "/" + std::string(name);
}

}  // namespace quorate::storage

#endif  // QUORATE_COORD_STORAGE_FILE_SYSTEM_H_
