// The mark of a directory in which a snapshot is being restored.
//
// It stands in the place of the hard state until all else is durable, so that a
// member whose restoring was interrupted cannot be started. No hard state looks
// like it: its version is 0.

#ifndef QUORATE_COORD_REPLICA_UNFINISHED_RESTORE_H_
#define QUORATE_COORD_REPLICA_UNFINISHED_RESTORE_H_

#include "absl/strings/string_view.h"

namespace quorate::replica {

inline constexpr absl::string_view kUnfinishedRestore("\0restoring", 10);

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_UNFINISHED_RESTORE_H_
