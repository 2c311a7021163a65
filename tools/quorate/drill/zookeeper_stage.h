// The stage of ZooKeeper: Debian's, where it is installed.

#ifndef QUORATE_TOOLS_QUORATE_DRILL_ZOOKEEPER_STAGE_H_
#define QUORATE_TOOLS_QUORATE_DRILL_ZOOKEEPER_STAGE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "tools/quorate/drill/stage.h"

namespace quorate::tools {

struct ZooKeeperInstall {
  std::string java = {};        // without symbolic links
  std::string class_path = {};  // of the server
  std::string version = {};     // "3.8.0"; "" if it cannot be told
};

// Local: there is none; the message says what to install.
absl::StatusOr<ZooKeeperInstall> FindZooKeeper();

// Each server has a configuration file with the list that it was started with.
// `dynamic`: its own reconfiguration is switched on. `directory` is there and
// empty. Local: no ports.
absl::StatusOr<std::unique_ptr<Stage>> MakeZooKeeperStage(
    const std::string& directory, const ZooKeeperInstall& install,
    bool dynamic);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_DRILL_ZOOKEEPER_STAGE_H_
