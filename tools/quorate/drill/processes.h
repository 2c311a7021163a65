// Processes: those of one stage. They end with it, however the drill ends.
//
// Each has a directory of its own, and a log in it. Errors are Local.
// Not thread-safe.

#ifndef QUORATE_TOOLS_QUORATE_DRILL_PROCESSES_H_
#define QUORATE_TOOLS_QUORATE_DRILL_PROCESSES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/quorate/cluster/process.h"

namespace quorate::tools {

class Processes {
 public:
  // `directory` is there. `kind`: what they are called, as in "member 1".
  explicit Processes(std::string directory, std::string kind = "member")
      : directory_(std::move(directory)), kind_(std::move(kind)) {}
  Processes(const Processes&) = delete;
  Processes& operator=(const Processes&) = delete;
  ~Processes();

  // "DIRECTORY/KIND-N", made if it is not there.
  absl::StatusOr<std::string> Home(uint64_t id) const;

  // The program's path has no symbolic links in it.
  absl::Status Start(uint64_t id, const std::string& program,
                     const std::vector<std::string>& arguments);
  // Asks it to end, and after a while kills it. Nothing to do if it has ended.
  absl::Status Stop(uint64_t id);
  // The last line of the log of one that has ended by itself.
  std::optional<std::string> Ended(uint64_t id) const;
  std::string LogPath(uint64_t id) const;
  // Started and not stopped.
  std::vector<uint64_t> Ids() const;

 private:
  const std::string directory_;
  const std::string kind_;
  std::map<uint64_t, Process> processes_;
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_DRILL_PROCESSES_H_
