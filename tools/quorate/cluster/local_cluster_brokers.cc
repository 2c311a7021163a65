// The brokers of a LocalCluster.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "tools/quorate/cluster/cluster_file.h"
#include "tools/quorate/cluster/local_cluster.h"
#include "tools/quorate/cluster/port.h"
#include "tools/quorate/cluster/process.h"
#include "tools/quorate/cluster/process_control.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {
namespace {

namespace fs = std::filesystem;

// A broker gives its partitions to others before it stops.
constexpr absl::Duration kBrokerStopPatience = absl::Seconds(20);
constexpr absl::Duration kFormatPatience = absl::Seconds(30);

std::string Endpoints(const ClusterFile& file) {
  std::vector<std::string> endpoints;
  for (const ClusterMember* member : file.Present()) {
    endpoints.push_back(member->address);
  }
  return absl::StrJoin(endpoints, ",");
}

std::string DataDirectory(const std::string& directory, int32_t id) {
  return absl::StrCat(BrokerDirectory(directory, id), "/data");
}

}  // namespace

absl::StatusOr<ClusterBroker*> LocalCluster::FindBroker(int32_t id) {
  ClusterBroker* broker = file_.FindBroker(id);
  if (broker != nullptr) return broker;
  std::vector<std::string> names;
  for (const ClusterBroker& other : file_.brokers) {
    names.push_back(BrokerName(other.id));
  }
  return UsageError(
      absl::StrCat("there is no ", BrokerName(id), " in this cluster; it has ",
                   names.empty() ? "no brokers" : absl::StrJoin(names, ", ")));
}

absl::StatusOr<std::string> LocalCluster::ChooseAddress() {
  while (true) {
    absl::StatusOr<HeldPort> held = HeldPort::AnyFree();
    if (!held.ok()) return held.status();
    std::string address = absl::StrCat("127.0.0.1:", held->port());
    if (IsGiven(address)) continue;
    ports_[address] = *std::move(held);
    return address;
  }
}

absl::Status LocalCluster::AddBrokers(int32_t count, const std::string& brokerd,
                                      const std::vector<std::string>& flags) {
  const ClusterFile before = file_;
  file_.brokerd = brokerd;
  file_.broker_flags = flags;
  for (int32_t i = 0; i < count; ++i) {
    ClusterBroker broker;
    broker.id = file_.brokers.empty() ? 1 : file_.brokers.back().id + 1;
    for (std::string* address : {&broker.address, &broker.metrics}) {
      absl::StatusOr<std::string> chosen = ChooseAddress();
      if (!chosen.ok()) {
        file_ = before;
        return chosen.status();
      }
      *address = *std::move(chosen);
    }
    file_.brokers.push_back(std::move(broker));
  }
  return Save();
}

std::vector<std::string> LocalCluster::ArgumentsOf(
    const ClusterBroker& broker) const {
  std::vector<std::string> arguments = {
      "--dir",       DataDirectory(directory_, broker.id),
      "--listen",    broker.address,
      "--metrics",   broker.metrics,
      "--endpoints", Endpoints(file_)};
  arguments.insert(arguments.end(), file_.broker_flags.begin(),
                   file_.broker_flags.end());
  return arguments;
}

absl::Status LocalCluster::FormatBroker(int32_t id, bool bootstrap) {
  const absl::StatusOr<ClusterBroker*> broker = FindBroker(id);
  if (!broker.ok()) return broker.status();
  const std::string home = BrokerDirectory(directory_, id);
  std::error_code error;
  fs::remove_all(DataDirectory(directory_, id), error);
  if (!error) fs::create_directories(home, error);
  if (error) {
    return LocalError(
        absl::StrCat("cannot prepare ", home, ": ", error.message()));
  }
  std::vector<std::string> arguments = {
      "--format",      "--dir",          DataDirectory(directory_, id),
      "--id",          absl::StrCat(id), "--endpoints",
      Endpoints(file_)};
  if (bootstrap) arguments.push_back("--bootstrap");
  const std::string log = BrokerLogPath(directory_, id);
  const absl::StatusOr<Process> process =
      StartDetached({.executable = file_.brokerd,
                     .arguments = std::move(arguments),
                     .working_directory = home,
                     .log_path = log,
                     .record = [&](const Process& started) {
                       (*broker)->process = started;
                       return Save();
                     }});
  if (!process.ok()) return process.status();
  if (!WaitUntilGone(*process, kFormatPatience)) {
    absl::Status status = KillProcess({BrokerName(id), &(*broker)->process});
    status.Update(Save());
    status.Update(TimeoutError(absl::StrCat(
        "formatting ", BrokerName(id), " has not ended in time; see ", log)));
    return status;
  }
  const std::optional<int> code = TakeExitCode(*process);
  (*broker)->process = Process();
  if (code != 0) {
    absl::Status status = Save();
    status.Update(LocalError(absl::StrCat(
        "cannot format ", BrokerName(id), ": ", file_.brokerd,
        " has ended with exit code ", code.value_or(-1), ": ", LastLine(log))));
    return status;
  }
  (*broker)->formatted = true;
  return Save();
}

absl::Status LocalCluster::StartBroker(int32_t id) {
  const absl::StatusOr<ClusterBroker*> broker = FindBroker(id);
  if (!broker.ok()) return broker.status();
  if (StateOf((*broker)->process) != ProcessState::kGone) {
    return LocalError(absl::StrCat(BrokerName(id), " runs already, as process ",
                                   (*broker)->process.pid));
  }
  const std::string log = BrokerLogPath(directory_, id);
  KeepLogShort(log);
  ports_.erase((*broker)->address);
  ports_.erase((*broker)->metrics);
  const absl::StatusOr<Process> process =
      StartDetached({.executable = file_.brokerd,
                     .arguments = ArgumentsOf(**broker),
                     .working_directory = BrokerDirectory(directory_, id),
                     .log_path = log,
                     .record = [&](const Process& started) {
                       (*broker)->process = started;
                       return Save();
                     }});
  return process.status();
}

absl::Status LocalCluster::StopBrokers(const std::vector<int32_t>& ids) {
  std::vector<NamedProcess> processes;
  for (const int32_t id : ids) {
    const absl::StatusOr<ClusterBroker*> broker = FindBroker(id);
    if (!broker.ok()) return broker.status();
    processes.push_back({BrokerName(id), &(*broker)->process});
  }
  absl::Status status = StopProcesses(processes, kBrokerStopPatience);
  status.Update(Save());
  return status;
}

absl::Status LocalCluster::KillBroker(int32_t id) {
  const absl::StatusOr<ClusterBroker*> broker = FindBroker(id);
  if (!broker.ok()) return broker.status();
  const absl::Status status =
      KillProcess({BrokerName(id), &(*broker)->process});
  return status.ok() ? Save() : status;
}

absl::Status LocalCluster::PauseBroker(int32_t id) {
  const absl::StatusOr<ClusterBroker*> broker = FindBroker(id);
  if (!broker.ok()) return broker.status();
  return PauseProcess({BrokerName(id), &(*broker)->process});
}

absl::Status LocalCluster::ResumeBroker(int32_t id) {
  const absl::StatusOr<ClusterBroker*> broker = FindBroker(id);
  if (!broker.ok()) return broker.status();
  return ResumeProcess({BrokerName(id), &(*broker)->process});
}

absl::Status LocalCluster::ChooseOtherBrokerPorts(int32_t id) {
  const absl::StatusOr<ClusterBroker*> broker = FindBroker(id);
  if (!broker.ok()) return broker.status();
  absl::StatusOr<std::string> address = ChooseAddress();
  if (!address.ok()) return address.status();
  absl::StatusOr<std::string> metrics = ChooseAddress();
  if (!metrics.ok()) return metrics.status();
  (*broker)->address = *std::move(address);
  (*broker)->metrics = *std::move(metrics);
  return Save();
}

absl::Status LocalCluster::SetBrokerd(const std::string& brokerd) {
  if (file_.brokerd == brokerd) return absl::OkStatus();
  file_.brokerd = brokerd;
  return Save();
}

std::optional<EndedMember> LocalCluster::FindEndedBroker(
    const std::vector<int32_t>& ids) {
  for (const int32_t id : ids) {
    const ClusterBroker* broker = file_.FindBroker(id);
    if (broker == nullptr || StateOf(broker->process) != ProcessState::kGone) {
      continue;
    }
    return EndedMember{.id = static_cast<uint64_t>(id),
                       .exit_code = TakeExitCode(broker->process),
                       .last_words = LastLine(BrokerLogPath(directory_, id))};
  }
  return std::nullopt;
}

std::vector<int32_t> LocalCluster::BrokerIds() const {
  std::vector<int32_t> ids;
  for (const ClusterBroker& broker : file_.brokers) ids.push_back(broker.id);
  return ids;
}

}  // namespace quorate::tools
