// RestoreFile: from a saved snapshot to the data directory of a new ensemble's
// first member.

#ifndef QUORATE_TOOLS_QUORATE_VERBS_RESTORE_FILE_H_
#define QUORATE_TOOLS_QUORATE_VERBS_RESTORE_FILE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"
#include "tools/quorate/console.h"

namespace quorate::tools {

struct RestoreOrder {
  std::string file;       // as written by `snapshot save`
  std::string directory;  // empty, or not there yet
  uint64_t id = 1;
  std::string address;  // where peers and clients will reach the member
};

struct Restored {
  EnsembleId ensemble;  // freshly drawn
  EnsembleId parent;    // the one that the snapshot is of
  consensus::Zxid zxid;
};

// Shows its progress. Local: the file is damaged or none, the directory is not
// empty, or it could not be written; nothing is left that could be started.
absl::StatusOr<Restored> RestoreFile(const Console& console,
                                     const RestoreOrder& order);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_VERBS_RESTORE_FILE_H_
