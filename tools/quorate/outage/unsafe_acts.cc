#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "tools/quorate/drill/claims.h"
#include "tools/quorate/drill/record.h"
#include "tools/quorate/drill/schedule.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/outage/acts.h"
#include "tools/quorate/outage/claims.h"
#include "tools/quorate/outage/facts.h"
#include "tools/quorate/outage/scene.h"
#include "tools/quorate/outage/watcher.h"

namespace quorate::tools {
namespace {

// How long everything is well before the mistake, and how long the trouble
// lasts at least.
constexpr absl::Duration kCalm = absl::Seconds(3);
constexpr absl::Duration kTrouble = absl::Seconds(8);
// Whom a restarted broker meets is chance: the newcomers are four of seven.
constexpr int kMostRestarts = 16;

class UnsafeActs {
 public:
  UnsafeActs(const Production& production, const std::string& directory)
      : production_(production), scene_(production, Mode::kLists, directory) {}

  absl::Status Raise() { return scene_.Raise(); }
  absl::Status PlayOutage(ActFacts& act);
  absl::Status PlayRecovery(ActFacts& act, const ActFacts& outage);
  // The lines of both acts, once the queue has been drained.
  absl::Status Account(ActFacts& outage, ActFacts& recovery);

 private:
  absl::Status Outage(ActFacts& act);
  absl::Status Recovery(ActFacts& act, const ActFacts& outage);
  // Restarts brokers until one has met the newcomers and believes them.
  absl::Status Stray();

  const Production& production_;
  Scene scene_;
  int strayed_ = 0;
};

absl::Status UnsafeActs::PlayOutage(ActFacts& act) {
  scene_.BeginAct(act);
  absl::Status status = Outage(act);
  status.Update(scene_.EndAct());
  return status;
}

absl::Status UnsafeActs::Outage(ActFacts& act) {
  scene_.Mark(absl::StrCat("lines are written at a steady pace; broker ",
                           scene_.Controller(), " is controller"));
  absl::Status status = production_.patience.Wait(kCalm);
  if (!status.ok()) return status;
  scene_.Mark(
      "four newcomers are started, all at once; their lists name all "
      "seven");
  status = scene_.runner().Play();
  if (!status.ok()) return status;
  for (const TreeLook& look : scene_.record().trees) {
    if (!IsNewcomer(look.leader)) continue;
    scene_.Mark(
        absl::StrCat("a second leader: member ", look.leader, "; its tree ",
                     look.has_old_data ? "has the old data" : "is empty"));
  }
  status = Stray();
  if (status.ok()) status = production_.patience.Wait(kTrouble);
  if (status.ok()) status = scene_.FinishWrites(/*in_a_hurry=*/false);
  if (!status.ok()) return status;
  const absl::StatusOr<int64_t> waiting = scene_.mailroom().Waiting();
  if (!waiting.ok()) return waiting.status();
  act.queue.taken = *waiting;
  act.queue.left = *waiting;
  scene_.Mark(absl::StrCat("all lines were written; ", *waiting,
                           " wait in the dead letter queue"));
  return scene_.runner().Account();
}

absl::Status UnsafeActs::Stray() {
  const int controller = scene_.Controller();
  std::vector<int> candidates;
  for (const int id : scene_.brokers().Ids()) {
    if (id != controller) candidates.push_back(id);
  }
  for (int i = 0; i < kMostRestarts; ++i) {
    const int id = candidates[static_cast<size_t>(i) % candidates.size()];
    scene_.Mark(
        absl::StrCat("broker ", id, " is restarted; its list names all seven"));
    const absl::StatusOr<Belief> belief =
        scene_.RestartBroker(id, scene_.Endpoints(1, kAllMembers));
    if (!belief.ok()) return belief.status();
    if (belief->state == "controls") {
      strayed_ = id;
      scene_.Mark(absl::StrCat("broker ", id,
                               " has met the newcomers: it sees no other "
                               "broker, and is controller, too"));
      return absl::OkStatus();
    }
    production_.timeline.Say(absl::StrCat("broker ", id,
                                          " has met the old members, and obeys "
                                          "broker ",
                                          belief->whom));
    const absl::Status status = scene_.AwaitWhole(/*with_topic=*/true);
    if (!status.ok()) return status;
  }
  return TimeoutError(absl::StrCat("no broker has met the newcomers in ",
                                   kMostRestarts, " restarts"));
}

absl::Status UnsafeActs::PlayRecovery(ActFacts& act, const ActFacts& outage) {
  scene_.BeginAct(act);
  absl::Status status = Recovery(act, outage);
  status.Update(scene_.EndAct());
  return status;
}

absl::Status UnsafeActs::Recovery(ActFacts& act, const ActFacts& outage) {
  scene_.Mark("the entries are put right: three members");
  for (uint64_t id = kOldMembers + 1; id <= kAllMembers; ++id) {
    const absl::Status status = scene_.members().Stop(id);
    if (!status.ok()) return status;
  }
  scene_.Mark("the second ensemble's members are retired");
  const absl::StatusOr<Belief> belief =
      scene_.RestartBroker(strayed_, scene_.Endpoints(1, kOldMembers));
  if (!belief.ok()) return belief.status();
  scene_.Mark(absl::StrCat("broker ", strayed_,
                           " was restarted with the right entries, and obeys "
                           "broker ",
                           belief->whom));
  absl::Status status = scene_.AwaitWhole(/*with_topic=*/true);
  if (!status.ok()) return status;
  scene_.Mark(absl::StrCat("one controller again, broker ", scene_.Controller(),
                           "; every partition has all its replicas in sync"));
  status = scene_.FinishWrites(/*in_a_hurry=*/true);
  if (!status.ok()) return status;
  const absl::StatusOr<QueueFacts> queue = scene_.mailroom().Replay();
  if (!queue.ok()) return queue.status();
  act.queue = *queue;
  scene_.Mark(absl::StrCat("the dead letter queue is drained: ",
                           queue->replayed, " of ", queue->taken, " replayed"));
  status = scene_.AwaitProcessed(outage);
  if (status.ok()) status = scene_.AwaitProcessed(act);
  if (status.ok()) scene_.Mark("the consumer has processed everything");
  return status;
}

absl::Status UnsafeActs::Account(ActFacts& outage, ActFacts& recovery) {
  for (ActFacts* act : {&outage, &recovery}) {
    const absl::StatusOr<ProcessedFacts> processed = scene_.Processed(*act);
    if (!processed.ok()) return processed.status();
    act->in_the_end = *processed;
  }
  return absl::OkStatus();
}

void JudgeOutage(ActFacts& act) {
  const Schedule schedule = SchedulesNamed({"quick"})->front();
  for (const Claim claim : schedule.lists) {
    act.findings.push_back(Judge(claim, act));
  }
  for (const OutageClaim claim :
       {OutageClaim::kTwoControllers, OutageClaim::kConflictingMetadata,
        OutageClaim::kWritesFailed, OutageClaim::kSavedByRetry,
        OutageClaim::kDeadLettered, OutageClaim::kNoneFailed,
        OutageClaim::kNoneTwice, OutageClaim::kExactlyOnce}) {
    act.findings.push_back(Judge(claim, act));
  }
}

void JudgeRecovery(ActFacts& act) {
  for (const OutageClaim claim :
       {OutageClaim::kOneAgain, OutageClaim::kQueueDrained,
        OutageClaim::kNoneFailed, OutageClaim::kExactlyOnce}) {
    act.findings.push_back(Judge(claim, act));
  }
}

}  // namespace

absl::Status PlayUnsafeActs(const Production& production,
                            const std::string& directory,
                            std::vector<ActFacts>& acts) {
  acts.push_back(
      {.number = 1,
       .title = "the outage",
       .story =
           "Members believe the list that each was started with, brokers "
           "believe whatever ensemble they meet (--unsafe-static-membership, "
           "--unsafe-no-ensemble-pin), and clients believe whichever broker "
           "answers. Four empty newcomers are added too quickly."});
  acts.push_back(
      {.number = 2,
       .title = "the recovery, as it was done",
       .story = "The entries are put right, the second ensemble's members are "
                "retired, the strayed broker is restarted. Then the dead "
                "letter queue is drained. Lines are written all the while."});
  ActFacts& outage = acts[acts.size() - 2];
  ActFacts& recovery = acts.back();
  UnsafeActs both(production, directory);
  absl::Status status = both.Raise();
  if (status.ok()) status = both.PlayOutage(outage);
  if (status.ok()) status = both.PlayRecovery(recovery, outage);
  if (status.ok()) status = both.Account(outage, recovery);
  JudgeOutage(outage);
  JudgeRecovery(recovery);
  return status;
}

}  // namespace quorate::tools
