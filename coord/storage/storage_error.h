// Storage errors: an absl::Status that also says, for a program, what is wrong
// with which file at which byte.
//
// Every error of this folder is made here. The message names operation, file
// and cause for a person; the payload carries the same for a program and
// survives copying and annotating the Status.

#ifndef QUORATE_COORD_STORAGE_STORAGE_ERROR_H_
#define QUORATE_COORD_STORAGE_STORAGE_ERROR_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace quorate::storage {

enum class StorageErrorKind : uint8_t {
  kNone = 0,      // not an error of this folder
  kIo = 1,        // the operating system refused; kInternal, kNotFound,
                  // kAlreadyExists or kPermissionDenied
  kDiskFull = 2,  // kResourceExhausted; may be tried again with more room
  kDamaged = 3,   // kDataLoss; what was acknowledged is missing or altered
  kCopied = 4,    // kFailedPrecondition; the directory was copied here
  kForeign = 5,   // kFailedPrecondition; of another ensemble or member
  kLocked = 6,    // kUnavailable; another process has the directory open
  kVersion = 7,   // kUnimplemented; written by a newer program
  kUnused = 8,    // kNotFound; the directory was never formatted
  kUsed = 9,      // kAlreadyExists; the directory was formatted before
  kMisuse = 10,   // kInvalidArgument; refused, nothing was changed
};

struct StorageError {
  StorageErrorKind kind = StorageErrorKind::kNone;
  std::string file;     // path; empty: no single one
  uint64_t offset = 0;  // bytes; where the damage was found (kDamaged only)
};

// `detail` says what was expected and what was found.
absl::Status MakeStorageError(StorageErrorKind kind, absl::string_view file,
                              uint64_t offset, absl::string_view detail);

inline absl::Status DamagedError(absl::string_view file, uint64_t offset,
                                 absl::string_view detail) {
  return MakeStorageError(StorageErrorKind::kDamaged, file, offset, detail);
}
inline absl::Status MisuseError(absl::string_view detail) {
  return MakeStorageError(StorageErrorKind::kMisuse, "", 0, detail);
}

// The error of a system call: "pwrite DIR/log-…: No space left on device".
// ENOSPC and EDQUOT are kDiskFull, all others kIo.
absl::Status SystemError(absl::string_view operation, absl::string_view file,
                         int error_number);

// The same error as one that is final: a sync that failed may have lost
// something, also if it was for want of room, so kDiskFull becomes kIo.
absl::Status AsFinal(const absl::Status& status);

// What `status` carries; kNone if it is OK or not from here.
StorageError StorageErrorOf(const absl::Status& status);

inline bool IsDiskFull(const absl::Status& status) {
  return StorageErrorOf(status).kind == StorageErrorKind::kDiskFull;
}

absl::string_view Name(StorageErrorKind kind);    // "damaged"
absl::string_view Advice(StorageErrorKind kind);  // what an operator can do

}  // namespace quorate::storage

#endif  // QUORATE_COORD_STORAGE_STORAGE_ERROR_H_
