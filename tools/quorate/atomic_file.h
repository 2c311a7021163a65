// Small files of the tool: read whole, written whole or not at all.

#ifndef QUORATE_TOOLS_QUORATE_ATOMIC_FILE_H_
#define QUORATE_TOOLS_QUORATE_ATOMIC_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace quorate::tools {

// The whole file; "-" is standard input. Local: it cannot be read, or has more
// than `max_bytes`.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_bytes);

bool FileExists(const std::string& path);

// Writes under a temporary name beside it, syncs, renames, syncs the directory:
// whoever reads `path` sees the old or the new content. Local: it failed, and
// the old file stands.
absl::Status WriteFileAtomically(const std::string& path,
                                 absl::string_view content);

// Makes the names in `directory` durable. Local: it failed.
absl::Status SyncDirectory(const std::string& directory);

// "a/b" for "a/b/c"; "." for "c".
std::string DirectoryOf(const std::string& path);

// Held as long as it lives, by one process at a time. Movable.
class LockFile {
 public:
  LockFile() = default;
  LockFile(LockFile&& other) noexcept;
  LockFile& operator=(LockFile&& other) noexcept;
  ~LockFile();

  // Makes the file if need be and waits for whoever holds it. Local: it cannot
  // be made.
  static absl::StatusOr<LockFile> Lock(const std::string& path);

 private:
  int fd_ = -1;
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_ATOMIC_FILE_H_
