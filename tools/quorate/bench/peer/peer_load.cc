// peer_load: the load of `quorate bench` on ZooKeeper or etcd, for comparing.
// tests/bench/compare runs it. It leaves its keys behind.

#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tools/quorate/bench/driver.h"
#include "tools/quorate/bench/load.h"
#include "tools/quorate/bench/load_flags.h"
#include "tools/quorate/bench/peer/etcd_driver.h"
#include "tools/quorate/bench/peer/zookeeper_driver.h"
#include "tools/quorate/bench/process_usage.h"
#include "tools/quorate/bench/report.h"
#include "tools/quorate/command_line.h"
#include "tools/quorate/console.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {
namespace {

struct Flags {
  LoadFlags load;
  std::string system = "zookeeper";
  std::string endpoints;
  std::string root = "/bench";
  std::vector<std::string> processes;  // "NAME=PID"
  absl::Duration timeout = absl::Seconds(10);
  bool json = false;
};

absl::StatusOr<DriverFactory> DriversOf(const Flags& flags) {
  std::vector<std::string> endpoints =
      absl::StrSplit(flags.endpoints, ',', absl::SkipEmpty());
  if (endpoints.empty()) return UsageError("--endpoints: expected HOST:PORT");
  if (flags.system == "etcd") {
    return MakeEtcdDrivers(
        {.endpoints = std::move(endpoints),
         .lanes_per_connection = flags.load.sessions_per_connection});
  }
  return MakeZooKeeperDrivers({.endpoints = std::move(endpoints)});
}

absl::StatusOr<std::vector<WatchedProcess>> ProcessesOf(const Flags& flags) {
  std::vector<WatchedProcess> processes;
  for (const std::string& text : flags.processes) {
    const std::vector<std::string> parts = absl::StrSplit(text, '=');
    WatchedProcess process;
    if (parts.size() != 2 || !absl::SimpleAtoi(parts[1], &process.pid)) {
      return UsageError(
          absl::StrCat("--process: expected NAME=PID, found \"", text, "\""));
    }
    process.name = parts[0];
    processes.push_back(process);
  }
  return processes;
}

absl::Status Run(Flags& flags, Console& console) {
  console.json = flags.json;
  absl::Status status = FinishLoadFlags(flags.load);
  if (!status.ok()) return status;
  const absl::StatusOr<DriverFactory> drivers = DriversOf(flags);
  if (!drivers.ok()) return drivers.status();
  const absl::StatusOr<std::vector<WatchedProcess>> processes =
      ProcessesOf(flags);
  if (!processes.ok()) return processes.status();
  LoadOptions& load = flags.load.load;
  load.root = flags.root;
  load.patience = flags.timeout;
  Progress progress(console, "beginning");
  const absl::StatusOr<LoadReport> report =
      RunLoad(load, *drivers, *processes,
              [&progress](const std::string& text) { progress.Update(text); });
  if (!report.ok()) return report.status();
  return TellLoad(console, load, *report, flags.load.save);
}

int Main(const std::vector<std::string>& arguments) {
  Console console{.out = std::cout, .err = std::cerr};
  CommandLine line("peer_load", "the load of quorate bench on another system");
  Flags flags;
  Verb verb = line.AddVerb("run", "measure it");
  AddLoadFlags(verb, flags.load);
  verb.Option("--system", Choice{&flags.system, {"zookeeper", "etcd"}},
              "SYSTEM", "whom to ask (default zookeeper)")
      .Option("--endpoints", &flags.endpoints, "HOST:PORT,...", "its members")
      .Option("--root", &flags.root, "PATH",
              "a znode for the keys, made if need be (default /bench)")
      .Option("--process", &flags.processes, "NAME=PID",
              "whose CPU and memory to tell; may be repeated")
      .Option("--timeout", &flags.timeout, "TIME",
              "for connecting and for the last answers (default 10s)")
      .Flag("--json", &flags.json, "print JSON")
      .Example("peer_load run --system etcd --endpoints 127.0.0.1:2379")
      .Does([&flags, &console] { return Run(flags, console); });
  const absl::StatusOr<Action> action = line.Parse(arguments);
  absl::Status status = action.status();
  if (status.ok() && *action) status = (*action)();
  if (!line.help().empty()) console.out << line.help();
  PrintFailure(console, status);
  return static_cast<int>(ExitCodeOf(status));
}

}  // namespace
}  // namespace quorate::tools

int main(int argc, char** argv) {
  return quorate::tools::Main({argv + 1, argv + argc});
}
