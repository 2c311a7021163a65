// ZooKeeperClient: a session with one ZooKeeper server, by ZooKeeper's own C
// client. Only what the drill needs. Not thread-safe; a client for each thread.

#ifndef QUORATE_TOOLS_QUORATE_DRILL_ZOOKEEPER_CLIENT_H_
#define QUORATE_TOOLS_QUORATE_DRILL_ZOOKEEPER_CLIENT_H_

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace quorate::tools {

class ZooKeeperClient {
 public:
  // Unavailable: the server did not open a session in time, as it is down, or
  // serves nobody.
  static absl::StatusOr<std::unique_ptr<ZooKeeperClient>> Connect(
      const std::string& address, absl::Duration timeout);
  virtual ~ZooKeeperClient() = default;

  // Creates a persistent znode that anyone may use. Unavailable: no answer, it
  // may have been created; any other error: it was not.
  virtual absl::Status Create(const std::string& path,
                              const std::string& data) = 0;
  // Those of `paths` that are there, as of a sync() just before. Unavailable:
  // no answer.
  virtual absl::StatusOr<std::set<std::string>> Find(
      const std::vector<std::string>& paths) = 0;
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_DRILL_ZOOKEEPER_CLIENT_H_
