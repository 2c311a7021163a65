// Directory: takes the data directory that coordd was given, and formats it if
// it was never used.

#ifndef QUORATE_COORD_SERVER_DIRECTORY_H_
#define QUORATE_COORD_SERVER_DIRECTORY_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/server/logger.h"
#include "coord/server/settings.h"
#include "coord/storage/file_system.h"
#include "coord/storage/member_storage.h"

namespace quorate::server {

// Opens settings.directory, having made and formatted it if need be. Every
// error says what was expected, what was found, and what to do: those of
// MemberStorage, and FailedPrecondition for another member's directory, for one
// that holds other files, and for an unused one without --id, --founders,
// --join or --unsafe-static-membership.
absl::StatusOr<storage::OpenedStorage> OpenDirectory(storage::FileSystem& files,
                                                     const Settings& settings,
                                                     Logger& logger);

// The message of `status` and, if it is one of storage, its advice, with the
// commands that carry it out.
std::string Explain(const absl::Status& status, const Settings& settings);

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_DIRECTORY_H_
