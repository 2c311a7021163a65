// What is done to a process of a local cluster, under the name by which people
// know it.
//
// All errors are Local.

#ifndef QUORATE_TOOLS_QUORATE_CLUSTER_PROCESS_CONTROL_H_
#define QUORATE_TOOLS_QUORATE_CLUSTER_PROCESS_CONTROL_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tools/quorate/cluster/process.h"

namespace quorate::tools {

struct NamedProcess {
  std::string name = {};       // "member 2"
  Process* process = nullptr;  // not owned
};

// Asks them to stop, resuming paused ones, and kills those that have not
// stopped after `patience`. Those that are gone become no process.
absl::Status StopProcesses(const std::vector<NamedProcess>& processes,
                           absl::Duration patience);
// SIGKILL, SIGSTOP, SIGCONT; return when it has taken effect. It must run (be
// paused). One that was killed becomes no process.
absl::Status KillProcess(const NamedProcess& named);
absl::Status PauseProcess(const NamedProcess& named);
absl::Status ResumeProcess(const NamedProcess& named);

// A log that is long when its process starts becomes PATH.old.
void KeepLogShort(const std::string& path);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_CLUSTER_PROCESS_CONTROL_H_
