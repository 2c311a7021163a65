#include "coord/storage/storage_error.h"

#include <cerrno>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace quorate::storage {
namespace {

constexpr absl::string_view kPayloadUrl = "quorate.storage/StorageError";

absl::StatusCode CodeOf(StorageErrorKind kind) {
  switch (kind) {
    case StorageErrorKind::kNone:
      return absl::StatusCode::kOk;
    case StorageErrorKind::kIo:
      return absl::StatusCode::kInternal;
    case StorageErrorKind::kDiskFull:
      return absl::StatusCode::kResourceExhausted;
    case StorageErrorKind::kDamaged:
      return absl::StatusCode::kDataLoss;
    case StorageErrorKind::kCopied:
    case StorageErrorKind::kForeign:
      return absl::StatusCode::kFailedPrecondition;
    case StorageErrorKind::kLocked:
      return absl::StatusCode::kUnavailable;
    case StorageErrorKind::kVersion:
      return absl::StatusCode::kUnimplemented;
    case StorageErrorKind::kUnused:
      return absl::StatusCode::kNotFound;
    case StorageErrorKind::kUsed:
      return absl::StatusCode::kAlreadyExists;
    case StorageErrorKind::kMisuse:
      return absl::StatusCode::kInvalidArgument;
  }
  return absl::StatusCode::kInternal;
}

absl::Status WithPayload(absl::Status status, StorageErrorKind kind,
                         uint64_t offset, absl::string_view file) {
  status.SetPayload(
      kPayloadUrl,
      absl::Cord(absl::StrCat(static_cast<int>(kind), " ", offset, " ", file)));
  return status;
}

}  // namespace

absl::Status MakeStorageError(StorageErrorKind kind, absl::string_view file,
                              uint64_t offset, absl::string_view detail) {
  std::string message(file);
  if (kind == StorageErrorKind::kDamaged) {
    absl::StrAppend(&message, " at byte ", offset);
  }
  absl::StrAppend(&message, file.empty() ? "" : ": ", detail);
  return WithPayload(absl::Status(CodeOf(kind), message), kind, offset, file);
}

absl::Status SystemError(absl::string_view operation, absl::string_view file,
                         int error_number) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT;
  const auto kind = full ? StorageErrorKind::kDiskFull : StorageErrorKind::kIo;
  absl::StatusCode code = CodeOf(kind);
  if (error_number == ENOENT) code = absl::StatusCode::kNotFound;
  if (error_number == EEXIST) code = absl::StatusCode::kAlreadyExists;
  if (error_number == EACCES || error_number == EPERM) {
    code = absl::StatusCode::kPermissionDenied;
  }
  const std::string text = std::generic_category().message(error_number);
  return WithPayload(
      absl::Status(code, absl::StrCat(operation, " ", file, ": ", text)), kind,
      0, file);
}

absl::Status AsFinal(const absl::Status& status) {
  const StorageError error = StorageErrorOf(status);
  if (error.kind != StorageErrorKind::kDiskFull) return status;
  return WithPayload(
      absl::Status(CodeOf(StorageErrorKind::kIo), status.message()),
      StorageErrorKind::kIo, error.offset, error.file);
}

StorageError StorageErrorOf(const absl::Status& status) {
  StorageError error;
  const absl::optional<absl::Cord> payload = status.GetPayload(kPayloadUrl);
  if (!payload) return error;
  const std::string text(*payload);
  const std::vector<std::string> parts =
      absl::StrSplit(text, absl::MaxSplits(' ', 2));
  int kind = 0;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &kind) ||
      !absl::SimpleAtoi(parts[1], &error.offset)) {
    return StorageError();
  }
  error.kind = static_cast<StorageErrorKind>(kind);
  error.file = parts[2];
  return error;
}

absl::string_view Name(StorageErrorKind kind) {
  switch (kind) {
    case StorageErrorKind::kNone:
      return "none";
    case StorageErrorKind::kIo:
      return "io";
    case StorageErrorKind::kDiskFull:
      return "disk-full";
    case StorageErrorKind::kDamaged:
      return "damaged";
    case StorageErrorKind::kCopied:
      return "copied";
    case StorageErrorKind::kForeign:
      return "foreign";
    case StorageErrorKind::kLocked:
      return "locked";
    case StorageErrorKind::kVersion:
      return "version";
    case StorageErrorKind::kUnused:
      return "unused";
    case StorageErrorKind::kUsed:
      return "used";
    case StorageErrorKind::kMisuse:
      return "misuse";
  }
  return "unknown";
}

absl::string_view Advice(StorageErrorKind kind) {
  switch (kind) {
    case StorageErrorKind::kIo:
      return "look at the system's log for the disk, then restart the member";
    case StorageErrorKind::kDiskFull:
      return "make room; the member goes on by itself";
    case StorageErrorKind::kDamaged:
      return "keep a copy, then replace this member: its peers hold the data";
    case StorageErrorKind::kCopied:
      return "a copied disk is another member: empty it and let it join anew";
    case StorageErrorKind::kForeign:
      return "point the member at its own directory";
    case StorageErrorKind::kLocked:
      return "stop the other process, or choose another directory";
    case StorageErrorKind::kVersion:
      return "use the newer program that wrote it";
    default:
      return "";
  }
}

}  // namespace quorate::storage
