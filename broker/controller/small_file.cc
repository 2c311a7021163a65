#include "broker/controller/small_file.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/storage/file_system.h"

namespace quorate::broker {

absl::StatusOr<std::optional<std::string>> ReadSmallFile(
    storage::FileSystem& files, absl::string_view directory,
    absl::string_view name) {
  const std::string path = storage::JoinPath(directory, name);
  absl::StatusOr<std::unique_ptr<storage::File>> file =
      files.Open(path, storage::OpenMode::kRead);
  if (absl::IsNotFound(file.status())) return std::nullopt;
  if (!file.ok()) return file.status();
  const absl::StatusOr<uint64_t> size = (*file)->Size();
  if (!size.ok()) return size.status();
  if (*size > kMaxSmallFileBytes) {
    return absl::DataLossError(absl::StrCat(path, ": expected at most ",
                                            kMaxSmallFileBytes,
                                            " bytes; found ", *size));
  }
  absl::StatusOr<std::string> text =
      storage::ReadExactly(**file, path, 0, static_cast<size_t>(*size));
  if (!text.ok()) return text.status();
  return std::optional<std::string>(*std::move(text));
}

absl::Status WriteSmallFile(storage::FileSystem& files,
                            absl::string_view directory, absl::string_view name,
                            absl::string_view text) {
  const std::string path = storage::JoinPath(directory, name);
  const std::string fresh = absl::StrCat(path, ".tmp");
  if (absl::Status s = files.Remove(fresh); !s.ok() && !absl::IsNotFound(s)) {
    return s;
  }
  absl::StatusOr<std::unique_ptr<storage::File>> file =
      files.Open(fresh, storage::OpenMode::kCreate);
  if (!file.ok()) return file.status();
  if (absl::Status s = (*file)->Write(0, text); !s.ok()) return s;
  if (absl::Status s = (*file)->SyncData(); !s.ok()) return s;
  file->reset();
  if (absl::Status s = files.Rename(fresh, path); !s.ok()) return s;
  return files.SyncDirectory(directory);
}

}  // namespace quorate::broker
