#include "tools/quorate/cluster/local_cluster.h"

#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tools/quorate/atomic_file.h"
#include "tools/quorate/cluster/cluster_file.h"
#include "tools/quorate/cluster/port.h"
#include "tools/quorate/cluster/process.h"
#include "tools/quorate/cluster/process_control.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {
namespace {

namespace fs = std::filesystem;

constexpr char kLockName[] = "cluster.lock";
constexpr absl::Duration kStopPatience = absl::Seconds(10);
// A removed member is told by the others, and ends.
constexpr absl::Duration kRetirePatience = absl::Seconds(3);

std::string LockPath(const std::string& directory) {
  return absl::StrCat(directory, "/", kLockName);
}

absl::StatusOr<std::string> RealPath(const std::string& path) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  if (error) {
    return LocalError(absl::StrCat(path, ": ", error.message()));
  }
  return real.string();
}

// OK if nothing is in it but our lock.
absl::Status CheckEmpty(const std::string& directory) {
  std::error_code error;
  for (fs::directory_iterator i(directory, error), end; !error && i != end;
       i.increment(error)) {
    if (i->path().filename() == kLockName) continue;
    return LocalError(
        absl::StrCat(directory, " is neither empty nor a cluster (it holds ",
                     i->path().filename().string(),
                     " and no cluster.json); name another directory"));
  }
  if (error) return LocalError(absl::StrCat(directory, ": ", error.message()));
  return absl::OkStatus();
}

absl::Status MakeDirectory(const std::string& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) {
    return LocalError(
        absl::StrCat("cannot make ", directory, ": ", error.message()));
  }
  return absl::OkStatus();
}

}  // namespace

std::string LastLine(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  constexpr std::streamoff kMaxBytes = 4096;
  file.seekg(0, std::ios::end);
  const std::streamoff size = file.tellg();
  if (size <= 0) return "";
  file.seekg(std::max<std::streamoff>(0, size - kMaxBytes));
  std::string last;
  std::string line;
  while (std::getline(file, line)) {
    if (!absl::StripAsciiWhitespace(line).empty()) last = line;
  }
  return last;
}

absl::StatusOr<LocalCluster> LocalCluster::Make(
    const std::string& directory, uint64_t size, uint16_t base_port,
    const std::string& coordd, const std::vector<std::string>& flags) {
  absl::Status status = MakeDirectory(directory);
  if (!status.ok()) return status;
  absl::StatusOr<std::string> real = RealPath(directory);
  if (!real.ok()) return real.status();
  status = CheckEmpty(*real);
  if (!status.ok()) return status;
  absl::StatusOr<LockFile> lock = LockFile::Lock(LockPath(*real));
  if (!lock.ok()) return lock.status();
  // Somebody may have made a cluster of it meanwhile.
  status = CheckEmpty(*real);
  if (!status.ok()) return status;
  LocalCluster cluster(*std::move(real), *std::move(lock),
                       {.coordd = coordd, .flags = flags});
  for (uint64_t id = 1; id <= size; ++id) {
    cluster.file_.members.push_back({.id = id});
  }
  std::vector<ClusterMember*> members;
  for (ClusterMember& member : cluster.file_.members) {
    members.push_back(&member);
  }
  status = cluster.ChoosePorts(base_port, members);
  if (status.ok()) status = cluster.Save();
  if (!status.ok()) return status;
  return cluster;
}

absl::StatusOr<LocalCluster> LocalCluster::Open(const std::string& directory) {
  // Before anything is made in a directory that may be none of ours.
  absl::StatusOr<ClusterFile> file = LoadCluster(directory);
  if (!file.ok()) return file.status();
  absl::StatusOr<std::string> real = RealPath(directory);
  if (!real.ok()) return real.status();
  absl::StatusOr<LockFile> lock = LockFile::Lock(LockPath(*real));
  if (!lock.ok()) return lock.status();
  file = LoadCluster(*real);
  if (!file.ok()) return file.status();
  return LocalCluster(*std::move(real), *std::move(lock), *std::move(file));
}

bool LocalCluster::IsGiven(const std::string& address) const {
  return std::any_of(file_.members.begin(), file_.members.end(),
                     [&](const ClusterMember& member) {
                       return member.address == address ||
                              member.metrics == address;
                     }) ||
         std::any_of(file_.brokers.begin(), file_.brokers.end(),
                     [&](const ClusterBroker& broker) {
                       return broker.address == address ||
                              broker.metrics == address;
                     });
}

absl::Status LocalCluster::ChoosePorts(uint16_t base_port,
                                       std::vector<ClusterMember*> members) {
  uint16_t next = base_port;
  const auto choose = [&]() -> absl::StatusOr<std::string> {
    while (true) {
      absl::StatusOr<HeldPort> held =
          base_port == 0 ? HeldPort::AnyFree() : HeldPort::Hold(next++);
      if (!held.ok()) return held.status();
      std::string address = absl::StrCat("127.0.0.1:", held->port());
      // It may be free only because its member does not run, or never will.
      if (base_port == 0 && IsGiven(address)) continue;
      ports_[address] = *std::move(held);
      return address;
    }
  };
  // First the members' ports in a row, then those of their metrics.
  for (const bool metrics : {false, true}) {
    for (ClusterMember* member : members) {
      absl::StatusOr<std::string> address = choose();
      if (!address.ok()) return address.status();
      (metrics ? member->metrics : member->address) = *std::move(address);
    }
  }
  return absl::OkStatus();
}

std::vector<std::string> LocalCluster::ArgumentsOf(
    const ClusterMember& member) const {
  std::vector<std::string> founders;
  std::vector<std::string> seeds;
  for (const ClusterMember& other : file_.members) {
    if (!other.joins) {
      founders.push_back(absl::StrCat(other.id, "=", other.address));
    }
    if (other.id != member.id && !other.retired) {
      seeds.push_back(other.address);
    }
  }
  std::vector<std::string> arguments = {
      "--dir",
      absl::StrCat(MemberDirectory(directory_, member.id), "/data"),
      "--id",
      absl::StrCat(member.id),
      "--listen",
      member.address,
      "--metrics",
      member.metrics};
  if (member.joins && !seeds.empty()) {
    arguments.insert(arguments.end(), {"--join", absl::StrJoin(seeds, ",")});
  } else if (!member.joins) {
    arguments.insert(arguments.end(),
                     {"--founders", absl::StrJoin(founders, ",")});
  }
  for (const std::string& flag : file_.flags) {
    // Founders alone give limits; who joins gets those of the ensemble.
    if (member.joins && absl::StartsWith(flag, "--limit=")) continue;
    arguments.push_back(flag);
  }
  return arguments;
}

absl::StatusOr<ClusterMember*> LocalCluster::FindMember(uint64_t id) {
  ClusterMember* member = file_.Find(id);
  if (member == nullptr) {
    return UsageError(absl::StrCat("there is no member ", id,
                                   " in this cluster; it has ",
                                   absl::StrJoin(Ids(), ", ")));
  }
  if (member->retired) {
    return UsageError(absl::StrCat("member ", id,
                                   " is retired: it was removed from the "
                                   "ensemble, which is for ever"));
  }
  return member;
}

absl::Status LocalCluster::Start(uint64_t id) {
  const absl::StatusOr<ClusterMember*> member = FindMember(id);
  if (!member.ok()) return member.status();
  if (StateOf((*member)->process) != ProcessState::kGone) {
    return LocalError(absl::StrCat("member ", id, " runs already, as process ",
                                   (*member)->process.pid));
  }
  const std::string home = MemberDirectory(directory_, id);
  absl::Status status = MakeDirectory(home);
  if (!status.ok()) return status;
  const std::string log = MemberLogPath(directory_, id);
  KeepLogShort(log);
  ports_.erase((*member)->address);
  ports_.erase((*member)->metrics);
  const absl::StatusOr<Process> process =
      StartDetached({.executable = file_.coordd,
                     .arguments = ArgumentsOf(**member),
                     .working_directory = home,
                     .log_path = log,
                     .record = [&](const Process& started) {
                       (*member)->process = started;
                       return Save();
                     }});
  return process.status();
}

absl::Status LocalCluster::Stop(const std::vector<uint64_t>& ids) {
  std::vector<NamedProcess> processes;
  for (const uint64_t id : ids) {
    const absl::StatusOr<ClusterMember*> member = FindMember(id);
    if (!member.ok()) return member.status();
    processes.push_back({absl::StrCat("member ", id), &(*member)->process});
  }
  absl::Status status = StopProcesses(processes, kStopPatience);
  status.Update(Save());
  return status;
}

absl::Status LocalCluster::Kill(uint64_t id) {
  const absl::StatusOr<ClusterMember*> member = FindMember(id);
  if (!member.ok()) return member.status();
  const absl::Status status =
      KillProcess({absl::StrCat("member ", id), &(*member)->process});
  return status.ok() ? Save() : status;
}

absl::Status LocalCluster::Pause(uint64_t id) {
  const absl::StatusOr<ClusterMember*> member = FindMember(id);
  if (!member.ok()) return member.status();
  return PauseProcess({absl::StrCat("member ", id), &(*member)->process});
}

absl::Status LocalCluster::Resume(uint64_t id) {
  const absl::StatusOr<ClusterMember*> member = FindMember(id);
  if (!member.ok()) return member.status();
  return ResumeProcess({absl::StrCat("member ", id), &(*member)->process});
}

absl::StatusOr<uint64_t> LocalCluster::Add() {
  // An id is never used twice, so it is above all that were (rule 5).
  const uint64_t id = file_.members.back().id + 1;
  ClusterMember member{.id = id, .joins = true};
  absl::Status status = ChoosePorts(0, {&member});
  if (!status.ok()) return status;
  file_.members.push_back(std::move(member));
  status = Save();
  if (!status.ok()) return status;
  return id;
}

absl::Status LocalCluster::Retire(uint64_t id) {
  const absl::StatusOr<ClusterMember*> member = FindMember(id);
  if (!member.ok()) return member.status();
  if (StateOf((*member)->process) == ProcessState::kRunning) {
    WaitUntilGone((*member)->process, kRetirePatience);
  }
  const absl::Status status = Stop({id});
  if (!status.ok()) return status;
  (*member)->retired = true;
  return Save();
}

absl::Status LocalCluster::ChooseOtherPorts() {
  std::vector<ClusterMember*> members;
  for (ClusterMember& member : file_.members) {
    const std::string data =
        absl::StrCat(MemberDirectory(directory_, member.id), "/data");
    std::error_code error;
    fs::remove_all(data, error);
    if (error) {
      return LocalError(
          absl::StrCat("cannot remove ", data, ": ", error.message()));
    }
    members.push_back(&member);
  }
  ports_.clear();
  const absl::Status status = ChoosePorts(0, members);
  return status.ok() ? Save() : status;
}

absl::Status LocalCluster::SetRestored() {
  file_.members.front().joins = true;
  return Save();
}

absl::Status LocalCluster::Forget() {
  std::error_code error;
  fs::remove_all(MemberDirectory(directory_, file_.members.front().id), error);
  if (!error) fs::remove(ClusterFilePath(directory_), error);
  if (!error) return absl::OkStatus();
  return LocalError(
      absl::StrCat("cannot clear ", directory_, ": ", error.message()));
}

absl::Status LocalCluster::SetFounded() {
  if (file_.founded) return absl::OkStatus();
  file_.founded = true;
  return Save();
}

absl::Status LocalCluster::SetCoordd(const std::string& coordd) {
  if (file_.coordd == coordd) return absl::OkStatus();
  file_.coordd = coordd;
  return Save();
}

std::optional<EndedMember> LocalCluster::FindEnded(
    const std::vector<uint64_t>& ids) {
  for (const uint64_t id : ids) {
    const ClusterMember* member = file_.Find(id);
    if (member == nullptr || StateOf(member->process) != ProcessState::kGone) {
      continue;
    }
    return EndedMember{.id = id,
                       .exit_code = TakeExitCode(member->process),
                       .last_words = LastLine(MemberLogPath(directory_, id))};
  }
  return std::nullopt;
}

std::vector<uint64_t> LocalCluster::Ids() const {
  std::vector<uint64_t> ids;
  for (const ClusterMember* member : file_.Present()) ids.push_back(member->id);
  return ids;
}

absl::StatusOr<ProcessState> LocalCluster::StateOfMember(uint64_t id) {
  const absl::StatusOr<ClusterMember*> member = FindMember(id);
  if (!member.ok()) return member.status();
  return StateOf((*member)->process);
}

}  // namespace quorate::tools
