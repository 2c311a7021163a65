#include "tools/quorate/cluster/process_control.h"

#include <signal.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tools/quorate/cluster/process.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kKillPatience = absl::Seconds(5);
constexpr uintmax_t kMaxLogBytes = 16 << 20;

// Waits until a signal has taken effect.
bool Await(const Process& process, ProcessState wanted) {
  const absl::Time deadline = absl::Now() + kKillPatience;
  while (StateOf(process) != wanted) {
    if (absl::Now() >= deadline) return false;
    absl::SleepFor(absl::Milliseconds(5));
  }
  return true;
}

absl::Status NotRunning(const NamedProcess& named) {
  return LocalError(absl::StrCat(named.name, " does not run"));
}

}  // namespace

absl::Status StopProcesses(const std::vector<NamedProcess>& processes,
                           absl::Duration patience) {
  absl::Status status;
  for (const NamedProcess& named : processes) {
    status.Update(SendSignal(*named.process, SIGTERM));
    // A paused process takes the other signal only once it goes on.
    status.Update(SendSignal(*named.process, SIGCONT));
  }
  const absl::Time deadline = absl::Now() + patience;
  for (const NamedProcess& named : processes) {
    if (!WaitUntilGone(*named.process, deadline - absl::Now())) {
      status.Update(SendSignal(*named.process, SIGKILL));
    }
  }
  for (const NamedProcess& named : processes) {
    if (!WaitUntilGone(*named.process, kKillPatience)) {
      status.Update(LocalError(absl::StrCat(
          named.name, " does not end: process ", named.process->pid)));
      continue;
    }
    TakeExitCode(*named.process);
    *named.process = Process();
  }
  return status;
}

absl::Status KillProcess(const NamedProcess& named) {
  if (StateOf(*named.process) == ProcessState::kGone) return NotRunning(named);
  const absl::Status status = SendSignal(*named.process, SIGKILL);
  if (!status.ok()) return status;
  if (!WaitUntilGone(*named.process, kKillPatience)) {
    return LocalError(absl::StrCat(named.name, " does not end"));
  }
  TakeExitCode(*named.process);
  *named.process = Process();
  return absl::OkStatus();
}

absl::Status PauseProcess(const NamedProcess& named) {
  const ProcessState state = StateOf(*named.process);
  if (state == ProcessState::kGone) return NotRunning(named);
  if (state == ProcessState::kPaused) {
    return LocalError(absl::StrCat(named.name, " is paused already"));
  }
  const absl::Status status = SendSignal(*named.process, SIGSTOP);
  if (!status.ok()) return status;
  if (!Await(*named.process, ProcessState::kPaused)) return NotRunning(named);
  return absl::OkStatus();
}

absl::Status ResumeProcess(const NamedProcess& named) {
  const ProcessState state = StateOf(*named.process);
  if (state == ProcessState::kGone) return NotRunning(named);
  if (state == ProcessState::kRunning) {
    return LocalError(absl::StrCat(named.name, " is not paused"));
  }
  const absl::Status status = SendSignal(*named.process, SIGCONT);
  if (!status.ok()) return status;
  if (!Await(*named.process, ProcessState::kRunning)) return NotRunning(named);
  return absl::OkStatus();
}

void KeepLogShort(const std::string& path) {
  std::error_code error;
  const uintmax_t size = fs::file_size(path, error);
  if (!error && size > kMaxLogBytes) {
    fs::rename(path, absl::StrCat(path, ".old"), error);
  }
}

}  // namespace quorate::tools
