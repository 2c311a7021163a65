// SmallFile: a file of a few hundred bytes, replaced whole or not at all.

#ifndef QUORATE_BROKER_CONTROLLER_SMALL_FILE_H_
#define QUORATE_BROKER_CONTROLLER_SMALL_FILE_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/storage/file_system.h"

namespace quorate::broker {

inline constexpr size_t kMaxSmallFileBytes = 4096;

// Nothing: there is no such file. DataLoss: longer than kMaxSmallFileBytes.
absl::StatusOr<std::optional<std::string>> ReadSmallFile(
    storage::FileSystem& files, absl::string_view directory,
    absl::string_view name);

// Durable when it returns OK; after an error the file is as it was or as it was
// to be. One caller at a time for each name.
absl::Status WriteSmallFile(storage::FileSystem& files,
                            absl::string_view directory, absl::string_view name,
                            absl::string_view text);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CONTROLLER_SMALL_FILE_H_
