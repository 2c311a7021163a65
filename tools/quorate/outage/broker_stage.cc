#include "tools/quorate/outage/broker_stage.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "tools/quorate/cluster/local_cluster.h"
#include "tools/quorate/cluster/port.h"
#include "tools/quorate/cluster/process.h"
#include "tools/quorate/drill/processes.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {
namespace {

constexpr absl::Duration kFormatPatience = absl::Seconds(60);

}  // namespace

absl::StatusOr<std::unique_ptr<BrokerStage>> BrokerStage::Make(
    const std::string& directory, const std::string& brokerd, int count,
    bool pinned) {
  auto stage = absl::WrapUnique(new BrokerStage(directory, brokerd, pinned));
  for (int id = 1; id <= count; ++id) {
    absl::StatusOr<HeldPort> held = HeldPort::AnyFree();
    if (!held.ok()) return held.status();
    stage->addresses_[id] = absl::StrCat("127.0.0.1:", held->port());
    stage->ports_[id] = *std::move(held);
  }
  return stage;
}

absl::Status BrokerStage::Format(const std::vector<std::string>& endpoints) {
  for (const int id : Ids()) {
    const absl::Status status = FormatOne(id, endpoints);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status BrokerStage::FormatOne(int id,
                                    const std::vector<std::string>& endpoints) {
  const uint64_t key = static_cast<uint64_t>(id);
  const absl::StatusOr<std::string> home = processes_.Home(key);
  if (!home.ok()) return home.status();
  std::vector<std::string> arguments = {
      "--format",       "--dir",       absl::StrCat(*home, "/data"), "--id",
      absl::StrCat(id), "--endpoints", absl::StrJoin(endpoints, ",")};
  if (id == 1) arguments.push_back("--bootstrap");
  const absl::StatusOr<Process> process =
      StartDetached({.executable = brokerd_,
                     .arguments = arguments,
                     .working_directory = *home,
                     .log_path = processes_.LogPath(key),
                     .record = [](const Process&) { return absl::OkStatus(); },
                     .ends_with_us = true});
  if (!process.ok()) return process.status();
  if (!WaitUntilGone(*process, kFormatPatience)) {
    return LocalError(
        absl::StrCat("brokerd --format of broker ", id, " does not end"));
  }
  const std::optional<int> code = TakeExitCode(*process);
  if (code == 0) return absl::OkStatus();
  return LocalError(absl::StrCat("brokerd --format of broker ", id, " failed: ",
                                 LastLine(processes_.LogPath(key))));
}

absl::Status BrokerStage::Start(int id,
                                const std::vector<std::string>& endpoints) {
  const uint64_t key = static_cast<uint64_t>(id);
  const absl::StatusOr<std::string> home = processes_.Home(key);
  if (!home.ok()) return home.status();
  std::vector<std::string> arguments = {
      "--dir",       absl::StrCat(*home, "/data"), "--listen", AddressOf(id),
      "--endpoints", absl::StrJoin(endpoints, ",")};
  if (!pinned_) arguments.push_back("--unsafe-no-ensemble-pin");
  ports_.erase(id);
  return processes_.Start(key, brokerd_, arguments);
}

absl::Status BrokerStage::Stop(int id) {
  return processes_.Stop(static_cast<uint64_t>(id));
}

absl::Status BrokerStage::CheckAll() const {
  for (const uint64_t id : processes_.Ids()) {
    const std::optional<std::string> words = processes_.Ended(id);
    if (words) {
      return LocalError(
          absl::StrCat("broker ", id, " has ended by itself: ", *words));
    }
  }
  return absl::OkStatus();
}

std::vector<int> BrokerStage::Ids() const {
  std::vector<int> ids;
  for (const auto& [id, address] : addresses_) ids.push_back(id);
  return ids;
}

}  // namespace quorate::tools
