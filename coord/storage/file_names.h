// The names of the files in a member's directory; FORMAT.md lists them.

#ifndef QUORATE_COORD_STORAGE_FILE_NAMES_H_
#define QUORATE_COORD_STORAGE_FILE_NAMES_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "coord/consensus/zxid.h"

namespace quorate::storage {

inline constexpr absl::string_view kLockName = "lock";
inline constexpr absl::string_view kStateName = "state";
// Under way; removed at the next start.
inline constexpr absl::string_view kTemporarySuffix = ".tmp";
inline constexpr absl::string_view kStateTemporaryName = "state.tmp";
inline constexpr absl::string_view kSpareName = "spare.tmp";
inline constexpr absl::string_view kIncomingName = "incoming.tmp";

// "log-" or "snapshot-" or "received-" and 16 hexadecimal digits.
std::string SegmentName(uint64_t number);
std::string SnapshotName(consensus::Zxid zxid);
std::string ReceivedName(consensus::Zxid zxid);

// Nothing if `name` is not of that kind.
std::optional<uint64_t> ParseSegmentName(absl::string_view name);
std::optional<consensus::Zxid> ParseSnapshotName(absl::string_view name);
std::optional<consensus::Zxid> ParseReceivedName(absl::string_view name);
bool IsTemporaryName(absl::string_view name);

}  // namespace quorate::storage

#endif  // QUORATE_COORD_STORAGE_FILE_NAMES_H_
