#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "tools/quorate/drill/claims.h"
#include "tools/quorate/drill/record.h"
#include "tools/quorate/drill/schedule.h"
#include "tools/quorate/outage/acts.h"
#include "tools/quorate/outage/claims.h"
#include "tools/quorate/outage/facts.h"
#include "tools/quorate/outage/scene.h"
#include "tools/quorate/outage/watcher.h"

namespace quorate::tools {
namespace {

constexpr absl::Duration kCalm = absl::Seconds(3);

// A broker that is not the controller, and leads nothing if there is one: what
// is shown is whom it meets, not what a change of leaders costs.
int OneToRestart(const Scene& scene) {
  int chosen = 0;
  for (const auto& [id, look] : scene.Looks()) {
    if (id == scene.Controller()) continue;
    if (chosen == 0 || look.leads == 0) chosen = id;
  }
  return chosen;
}

absl::Status RestartOne(Scene& scene) {
  const int id = OneToRestart(scene);
  scene.Mark(
      absl::StrCat("broker ", id, " is restarted; its list names all seven"));
  const absl::StatusOr<Belief> belief =
      scene.RestartBroker(id, scene.Endpoints(1, kAllMembers));
  if (!belief.ok()) return belief.status();
  scene.Mark(absl::StrCat("it has found its own ensemble, and obeys broker ",
                          belief->whom));
  return scene.AwaitWhole(/*with_topic=*/true);
}

absl::Status Play(const Production& production, Scene& scene, ActFacts& act) {
  scene.Mark(absl::StrCat("lines are written at a steady pace; broker ",
                          scene.Controller(), " is controller"));
  absl::Status status = production.patience.Wait(kCalm);
  if (!status.ok()) return status;
  scene.Mark(
      "four newcomers are started, all at once; the operator is in a "
      "hurry");
  status = scene.runner().Play();
  if (!status.ok()) return status;
  scene.Mark("promoting them at once was refused; they wait as learners");
  status = RestartOne(scene);
  if (!status.ok()) return status;
  status = scene.runner().Grow();
  if (!status.ok()) return status;
  scene.Mark(absl::StrCat("grown one by one to voters ",
                          absl::StrJoin(scene.record().voters, " ")));
  status = scene.FinishWrites(/*in_a_hurry=*/true);
  if (status.ok()) status = scene.AwaitProcessed(act);
  if (!status.ok()) return status;
  scene.Mark("the consumer has processed everything");
  const absl::StatusOr<int64_t> waiting = scene.mailroom().Waiting();
  if (!waiting.ok()) return waiting.status();
  act.queue.taken = *waiting;
  act.queue.left = *waiting;
  return scene.runner().Account();
}

void JudgeSafe(ActFacts& act) {
  const Schedule schedule = SchedulesNamed({"quick"})->front();
  for (const Claim claim : schedule.rules) {
    act.findings.push_back(Judge(claim, act));
  }
  for (const OutageClaim claim :
       {OutageClaim::kOneController, OutageClaim::kNoWriteFailed,
        OutageClaim::kWritesGoOn, OutageClaim::kExactlyOnce}) {
    act.findings.push_back(Judge(claim, act));
  }
}

}  // namespace

absl::Status PlaySafeAct(const Production& production,
                         const std::string& directory,
                         std::vector<ActFacts>& acts) {
  acts.push_back(
      {.number = 3,
       .title = "the same, with the rules",
       .story =
           "The same schedule with members that follow the membership rules "
           "and brokers that are pinned to their ensemble. The newcomers are "
           "learners, whatever their lists say; promoting them too quickly is "
           "refused. Then the ensemble grows to seven at a safe pace. Lines "
           "are written all the while."});
  ActFacts& act = acts.back();
  Scene scene(production, Mode::kRules, directory);
  absl::Status status = scene.Raise();
  if (status.ok()) {
    scene.BeginAct(act);
    status = Play(production, scene, act);
    status.Update(scene.EndAct());
    act.in_the_end = act.processed;
  }
  JudgeSafe(act);
  return status;
}

}  // namespace quorate::tools
