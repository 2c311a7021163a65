// Processes of a local cluster: started detached, told from others, signalled.
//
// A pid alone names nobody: it is used again once its process is gone. So a
// process is known by pid, start time, boot and executable, and is signalled
// only if all of them fit.

#ifndef QUORATE_TOOLS_QUORATE_CLUSTER_PROCESS_H_
#define QUORATE_TOOLS_QUORATE_CLUSTER_PROCESS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace quorate::tools {

struct Process {
  int pid = 0;               // 0: none
  uint64_t start_ticks = 0;  // since boot
  std::string boot_id;
  std::string executable;  // without symbolic links

  bool operator==(const Process&) const = default;
};

enum class ProcessState {
  kGone,  // has ended, or the pid is another's by now
  kRunning,
  kPaused,  // by SIGSTOP
};
ProcessState StateOf(const Process& process);

struct StartOptions {
  std::string executable;
  std::vector<std::string> arguments;  // without the program's name
  std::string working_directory;
  std::string log_path;  // standard output and error; appended to
  // Called with the process before it runs: what this writes down is known even
  // if we die right then. On an error the process ends without having run.
  std::function<absl::Status(const Process&)> record;
  // It is killed when the thread that starts it ends, however that ends. Else
  // it outlives us.
  bool ends_with_us = false;
};

// Starts a process in a session of its own. Local: it could
// not be started.
absl::StatusOr<Process> StartDetached(const StartOptions& options);

// Sends `signal` to the process, and never to another. OK if it is gone. Local:
// it may not be signalled.
absl::Status SendSignal(const Process& process, int signal);

// Waits until it is gone; false: it was still there after `timeout`.
bool WaitUntilGone(const Process& process, absl::Duration timeout);

// How a child of ours that is gone has ended: its exit code, or 128 + signal.
// Nothing if it is not our child, or was asked about before.
std::optional<int> TakeExitCode(const Process& process);

// State letter and start time in the text of /proc/PID/stat; nothing if it is
// malformed.
struct ProcStat {
  char state = 0;
  uint64_t start_ticks = 0;
};
std::optional<ProcStat> ParseProcStat(absl::string_view text);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_CLUSTER_PROCESS_H_
