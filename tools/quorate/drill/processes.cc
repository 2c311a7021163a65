#include "tools/quorate/drill/processes.h"

#include <signal.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tools/quorate/cluster/local_cluster.h"
#include "tools/quorate/cluster/process.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {
namespace {

constexpr absl::Duration kStopPatience = absl::Seconds(20);
constexpr absl::Duration kKillPatience = absl::Seconds(20);

}  // namespace

Processes::~Processes() {
  for (const auto& [id, process] : processes_) {
    SendSignal(process, SIGKILL).IgnoreError();
  }
  for (const auto& [id, process] : processes_) {
    WaitUntilGone(process, kKillPatience);
    TakeExitCode(process);
  }
}

absl::StatusOr<std::string> Processes::Home(uint64_t id) const {
  const std::string home = absl::StrCat(directory_, "/", kind_, "-", id);
  std::error_code error;
  std::filesystem::create_directories(home, error);
  if (error) {
    return LocalError(
        absl::StrCat("cannot make ", home, ": ", error.message()));
  }
  return home;
}

std::string Processes::LogPath(uint64_t id) const {
  return absl::StrCat(directory_, "/", kind_, "-", id, "/log");
}

absl::Status Processes::Start(uint64_t id, const std::string& program,
                              const std::vector<std::string>& arguments) {
  if (processes_.contains(id)) {
    return LocalError(absl::StrCat(kind_, " ", id, " was started already"));
  }
  const absl::StatusOr<std::string> home = Home(id);
  if (!home.ok()) return home.status();
  const absl::StatusOr<Process> process =
      StartDetached({.executable = program,
                     .arguments = arguments,
                     .working_directory = *home,
                     .log_path = LogPath(id),
                     .record = [](const Process&) { return absl::OkStatus(); },
                     .ends_with_us = true});
  if (!process.ok()) return process.status();
  processes_[id] = *process;
  return absl::OkStatus();
}

absl::Status Processes::Stop(uint64_t id) {
  const auto found = processes_.find(id);
  if (found == processes_.end()) return absl::OkStatus();
  const Process& process = found->second;
  absl::Status status = SendSignal(process, SIGTERM);
  if (!WaitUntilGone(process, kStopPatience)) {
    status.Update(SendSignal(process, SIGKILL));
    if (!WaitUntilGone(process, kKillPatience)) {
      status.Update(LocalError(absl::StrCat(kind_, " ", id, " does not end")));
    }
  }
  TakeExitCode(process);
  if (status.ok()) processes_.erase(found);
  return status;
}

std::optional<std::string> Processes::Ended(uint64_t id) const {
  const auto found = processes_.find(id);
  if (found == processes_.end() ||
      StateOf(found->second) != ProcessState::kGone) {
    return std::nullopt;
  }
  return LastLine(LogPath(id));
}

std::vector<uint64_t> Processes::Ids() const {
  std::vector<uint64_t> ids;
  for (const auto& [id, process] : processes_) ids.push_back(id);
  return ids;
}

}  // namespace quorate::tools
