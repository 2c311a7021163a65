// The FileSystem of the machine: pread, pwrite, fdatasync, flock.
//
// Thread-safe. Directories and files are made for the owner and its group only.

#ifndef QUORATE_COORD_STORAGE_POSIX_FILE_SYSTEM_H_
#define QUORATE_COORD_STORAGE_POSIX_FILE_SYSTEM_H_

#include <memory>

#include "coord/storage/file_system.h"

namespace quorate::storage {

std::unique_ptr<FileSystem> MakePosixFileSystem();

}  // namespace quorate::storage

#endif  // QUORATE_COORD_STORAGE_POSIX_FILE_SYSTEM_H_
