#include "tools/quorate/drill/drill.h"

#include <cstdint>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nlohmann/json.hpp"
#include "tools/quorate/cluster/cluster_up.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/drill/claims.h"
#include "tools/quorate/drill/coordd_stage.h"
#include "tools/quorate/drill/patience.h"
#include "tools/quorate/drill/report.h"
#include "tools/quorate/drill/runner.h"
#include "tools/quorate/drill/schedule.h"
#include "tools/quorate/drill/stage.h"
#include "tools/quorate/drill/timeline.h"
#include "tools/quorate/drill/workplace.h"
#include "tools/quorate/drill/zookeeper_stage.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/interrupt.h"
#include "tools/quorate/text.h"

namespace quorate::tools {
namespace {

// What all runs of a drill share.
struct Shared {
  const Console& console;
  std::string coordd = {};
  ZooKeeperInstall zookeeper = {};
  std::vector<Mode> modes;
  Workplace& workplace;
  const Patience& patience;
};

absl::StatusOr<std::unique_ptr<Stage>> MakeStage(const Shared& shared,
                                                 const Schedule& schedule,
                                                 Mode mode,
                                                 Timeline& timeline) {
  const absl::StatusOr<std::string> room =
      shared.workplace.Room(absl::StrCat(schedule.name, "-", NameOf(mode)));
  if (!room.ok()) return room.status();
  switch (mode) {
    case Mode::kLists:
      return MakeListStage(*room, shared.coordd);
    case Mode::kZooKeeper:
      return MakeZooKeeperStage(*room, shared.zookeeper, schedule.dynamic);
    case Mode::kRules:
      return MakeRulesStage(*room, shared.coordd, shared.patience, timeline);
  }
  return absl::InternalError("no such mode");
}

absl::StatusOr<RunOutcome> RunOne(const Shared& shared,
                                  const Schedule& schedule, const Plan& plan,
                                  Mode mode) {
  RunOutcome outcome{.mode = mode};
  Timeline timeline(shared.console);
  const absl::StatusOr<std::unique_ptr<Stage>> stage =
      MakeStage(shared, schedule, mode, timeline);
  if (!stage.ok()) return stage.status();
  Runner runner(schedule, plan, mode, **stage, shared.patience, timeline,
                outcome.record);
  const absl::Status status = runner.Run();
  if (absl::IsCancelled(status)) {
    return LocalError("interrupted; every process of the drill was stopped");
  }
  if (!status.ok()) {
    return absl::Status(
        status.code(),
        absl::StrCat(schedule.name, ", ", NameOf(mode), ": ", status.message(),
                     "; --keep keeps the members' logs"));
  }
  outcome.timeline = timeline.entries();
  for (const Claim claim : schedule.ClaimsOf(mode)) {
    outcome.verdicts.push_back(Judge(claim, outcome.record));
  }
  return outcome;
}

absl::StatusOr<ScheduleOutcome> RunSchedule(const Shared& shared,
                                            const Schedule& schedule,
                                            uint64_t seed,
                                            const std::string& version) {
  const Plan plan = PlanOf(schedule, seed);
  ScheduleOutcome outcome{
      .name = schedule.name, .story = schedule.story, .plan = Describe(plan)};
  const Console& console = shared.console;
  if (!console.json) {
    console.out << "\n"
                << console.Paint(Colour::kBold, schedule.name) << ": "
                << schedule.story << "\n  plan: " << outcome.plan << std::endl;
  }
  for (const Mode mode : shared.modes) {
    if (!console.json) console.out << TitleOf(mode, version) << std::endl;
    absl::StatusOr<RunOutcome> run = RunOne(shared, schedule, plan, mode);
    if (!run.ok()) return run.status();
    if (!console.json) PrintVerdicts(console, run->verdicts);
    outcome.runs.push_back(*std::move(run));
  }
  return outcome;
}

absl::StatusOr<Shared> Prepare(Context& context, const DrillOptions& options,
                               Workplace& workplace, const Patience& patience) {
  Shared shared{.console = context.console(),
                .modes = {Mode::kLists, Mode::kRules},
                .workplace = workplace,
                .patience = patience};
  if (!options.against.empty()) {
    absl::StatusOr<ZooKeeperInstall> zookeeper = FindZooKeeper();
    if (!zookeeper.ok()) return zookeeper.status();
    shared.zookeeper = *std::move(zookeeper);
    shared.modes.insert(shared.modes.begin(), Mode::kZooKeeper);
  }
  absl::StatusOr<std::string> coordd = FindCoordd(context, options.coordd, "");
  if (!coordd.ok()) return coordd.status();
  shared.coordd = *std::move(coordd);
  const absl::Status made =
      workplace.Make(context.options().directory, options.keep);
  if (!made.ok()) return made;
  return shared;
}

}  // namespace

absl::Status RunSplitBrainDrill(Context& context, const DrillOptions& options) {
  const absl::StatusOr<std::vector<Schedule>> schedules =
      SchedulesNamed(options.schedules);
  if (!schedules.ok()) return schedules.status();
  const Interrupt interrupt;
  const Patience patience(interrupt);
  Workplace workplace;
  const absl::StatusOr<Shared> shared =
      Prepare(context, options, workplace, patience);
  if (!shared.ok()) return shared.status();

  DrillOutcome outcome;
  outcome.seed = options.seed ? static_cast<uint64_t>(*options.seed)
                              : std::random_device()();
  outcome.zookeeper_version = shared->zookeeper.version;
  const Console& console = context.console();
  if (!console.json) {
    console.out << "seed " << outcome.seed << "; directories in "
                << workplace.path() << std::endl;
  }
  for (const Schedule& schedule : *schedules) {
    absl::StatusOr<ScheduleOutcome> done =
        RunSchedule(*shared, schedule, outcome.seed, outcome.zookeeper_version);
    if (!done.ok()) return done.status();
    outcome.schedules.push_back(*std::move(done));
  }
  const std::vector<std::string> unmet = Unmet(outcome);
  if (console.json) {
    console.out << Dump(ReportJson(outcome)) << std::endl;
  } else {
    console.out << "\n";
    PrintTable(console, outcome);
  }
  if (unmet.empty()) return absl::OkStatus();
  return NotObservedError(absl::StrCat(
      unmet.size(), " of the drill's claims were not observed with seed ",
      outcome.seed, ": ", absl::StrJoin(unmet, "; ")));
}

}  // namespace quorate::tools
