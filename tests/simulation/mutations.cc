// Proves that the checks bite: switches off one guard of the core at a time
// (coord/consensus/guard.h), and runs the scenarios and the swarm's seeds until
// something catches it.
//
//   bazel run -c opt //tests/simulation:mutations
//   bazel run -c opt //tests/simulation:mutations -- --guard=rule14
//
// Exit code 0: all caught; 1: one survived, or the core as it ships fails; 2: a
// bad command line.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "coord/consensus/guard.h"
#include "tests/scenarios/runner.h"
#include "tests/simulation/command_line.h"
#include "tests/simulation/guard_names.h"
#include "tests/simulation/run_seed.h"
#include "tests/simulation/swarm_options.h"
#include "tests/simulation/trial.h"

ABSL_FLAG(std::string, guard, "",
          "only this guard, such as rule14 or \"sync before ack\"");
ABSL_FLAG(uint64_t, seeds, 2000, "most seeds for each guard; 0: none");
ABSL_FLAG(uint32_t, safety_seconds, 30,
          "simulated seconds of each seed's safety phase, 1 to 1000");
ABSL_FLAG(std::string, scenarios, "tests/scenarios",
          "folder of the scenario files; empty: none");
ABSL_FLAG(uint32_t, jobs, 0, "processes at once; 0: one a core");
ABSL_FLAG(bool, json, false, "print the table as JSON");

namespace quorate::simulation {
namespace {

using consensus::Guard;
using scenarios::ScenarioFile;

std::vector<ScenarioFile> ReadScenarios(const std::string& folder) {
  std::vector<ScenarioFile> files;
  if (folder.empty()) return files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".txt") continue;
    std::ifstream stream(entry.path());
    files.push_back({entry.path().filename().string(),
                     {std::istreambuf_iterator<char>(stream), {}}});
  }
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return files;
}

Trial ScenarioTrial(Guard guard, const std::vector<ScenarioFile>& files) {
  return [guard, &files](TrialProgress& progress) {
    consensus::SwitchOff(guard);
    for (const ScenarioFile& file : files) {
      progress.BeginStep();
      const auto failure = scenarios::PlayScenario(file);
      if (!failure.has_value()) continue;
      progress.Caught(absl::StrCat(failure->file, ":", failure->line),
                      failure->why);
    }
  };
}

Trial SeedTrial(Guard guard) {
  return [guard](TrialProgress& progress) {
    consensus::SwitchOff(guard);
    for (uint64_t seed = 1; seed <= absl::GetFlag(FLAGS_seeds); ++seed) {
      progress.BeginStep();
      SwarmOptions options = DrawSwarmOptions(seed);
      options.safety_phase = absl::GetFlag(FLAGS_safety_seconds) * kSecond;
      const SeedResult result = RunSeed(options, nullptr);
      if (result.violations.empty()) continue;
      progress.Caught(result.violations.front().check,
                      result.violations.front().text);
    }
  };
}

struct Row {
  Guard guard = Guard::kNone;
  TrialResult scenarios;
  TrialResult seeds;

  bool Caught() const { return scenarios.caught || seeds.caught; }
};

std::string Escape(const std::string& text) {
  return absl::StrReplaceAll(
      text, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}, {"\t", " "}});
}

std::string ToJson(const TrialResult& result) {
  return absl::StrFormat(
      "{\"caught\": %s, \"by\": \"%s\", \"text\": \"%s\", \"steps\": %d, "
      "\"seconds\": %.3f}",
      result.caught ? "true" : "false", Escape(result.by), Escape(result.text),
      result.steps, result.seconds);
}

void PrintJson(const std::vector<Row>& rows) {
  std::printf("[\n");
  for (size_t i = 0; i < rows.size(); ++i) {
    std::printf("  {\"guard\": \"%s\", \"scenarios\": %s, \"seeds\": %s}%s\n",
                Escape(GuardName(rows[i].guard)).c_str(),
                ToJson(rows[i].scenarios).c_str(),
                ToJson(rows[i].seeds).c_str(), i + 1 < rows.size() ? "," : "");
  }
  std::printf("]\n");
}

void PrintTable(const std::vector<Row>& rows) {
  std::printf("%-32s %-40s %7s  %-28s %8s\n", "switched off",
              "caught by scenario", "seeds", "caught by check", "seconds");
  for (const Row& row : rows) {
    const std::string scenario = row.scenarios.caught ? row.scenarios.by : "-";
    const std::string check = row.seeds.caught ? row.seeds.by : "-";
    const std::string steps =
        absl::StrCat(row.seeds.caught ? "" : "> ", row.seeds.steps);
    std::printf("%-32s %-40s %7s  %-28s %8.1f%s\n",
                GuardName(row.guard).c_str(), scenario.c_str(), steps.c_str(),
                check.c_str(), row.scenarios.seconds + row.seeds.seconds,
                row.Caught() || row.guard == Guard::kNone ? "" : "  SURVIVED");
  }
}

// 1 if a mutation survived, or if the core fails without any.
int Judge(const std::vector<Row>& rows) {
  size_t survived = 0;
  for (const Row& row : rows) {
    if (row.guard == Guard::kNone && row.Caught()) {
      const TrialResult& first =
          row.scenarios.caught ? row.scenarios : row.seeds;
      std::fprintf(stderr, "the core as it ships fails: %s: %s\n",
                   first.by.c_str(), first.text.c_str());
      return 1;
    }
    if (row.guard != Guard::kNone && !row.Caught()) ++survived;
  }
  std::fflush(stdout);
  std::fprintf(stderr, "%zu guards switched off, %zu caught, %zu survived\n",
               rows.size() - 1, rows.size() - 1 - survived, survived);
  return survived == 0 ? 0 : 1;
}

int RunMutations(const std::vector<Guard>& guards, int jobs) {
  const std::vector<ScenarioFile> files =
      ReadScenarios(absl::GetFlag(FLAGS_scenarios));
  std::vector<Trial> trials;
  for (const Guard guard : guards) {
    trials.push_back(ScenarioTrial(guard, files));
    trials.push_back(SeedTrial(guard));
  }
  size_t done = 0;
  const std::vector<TrialResult> results =
      RunTrials(trials, jobs, [&](size_t /*trial*/) {
        std::fprintf(stderr, "\r%zu of %zu trials", ++done, trials.size());
      });
  std::fprintf(stderr, "\n");
  std::vector<Row> rows;
  for (size_t i = 0; i < guards.size(); ++i) {
    rows.push_back({guards[i], results[2 * i], results[2 * i + 1]});
  }
  if (absl::GetFlag(FLAGS_json)) {
    PrintJson(rows);
  } else {
    PrintTable(rows);
  }
  return Judge(rows);
}

// The guards to switch off, kNone first: without any the core must pass.
absl::Status ChooseGuards(std::vector<Guard>& guards) {
  guards.push_back(Guard::kNone);
  const std::string name = absl::GetFlag(FLAGS_guard);
  if (name.empty()) {
    for (int i = 1; i < static_cast<int>(Guard::kCount); ++i) {
      guards.push_back(static_cast<Guard>(i));
    }
    return absl::OkStatus();
  }
  const std::optional<Guard> guard = FindGuard(name);
  if (!guard.has_value()) {
    std::string names;
    for (int i = 1; i < static_cast<int>(Guard::kCount); ++i) {
      absl::StrAppend(&names, "\n  ", GuardName(static_cast<Guard>(i)));
    }
    return absl::InvalidArgumentError(
        absl::StrCat("no guard \"", name, "\"; there are:", names));
  }
  guards.push_back(*guard);
  return absl::OkStatus();
}

absl::Status ValidateFlags() {
  const uint32_t safety = absl::GetFlag(FLAGS_safety_seconds);
  if (safety < 1 || safety > 1'000) {
    return absl::InvalidArgumentError(
        "--safety-seconds must be from 1 to 1000");
  }
  if (absl::GetFlag(FLAGS_jobs) > 1024) {
    return absl::InvalidArgumentError("--jobs must be at most 1024");
  }
  const std::string folder = absl::GetFlag(FLAGS_scenarios);
  if (!folder.empty() && !std::filesystem::is_directory(folder)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--scenarios: ", folder, " is no folder"));
  }
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--help") != 0) continue;
    std::printf("%s", DescribeFlags("tests/simulation/mutations.cc").c_str());
    return 0;
  }
  std::vector<Guard> guards;
  absl::Status status = SetFlags(argc, argv);
  if (status.ok()) status = ValidateFlags();
  if (status.ok()) status = ChooseGuards(guards);
  if (!status.ok()) {
    std::fprintf(stderr, "mutations: %s\n",
                 std::string(status.message()).c_str());
    return 2;
  }
  int jobs = static_cast<int>(absl::GetFlag(FLAGS_jobs));
  if (jobs == 0) jobs = static_cast<int>(std::thread::hardware_concurrency());
  return RunMutations(guards, std::max(jobs, 1));
}

}  // namespace
}  // namespace quorate::simulation

int main(int argc, char** argv) {
  return quorate::simulation::Main(argc, argv);
}
