// Runner: carries out one schedule on a stage, and records what was seen.

#ifndef QUORATE_TOOLS_QUORATE_DRILL_RUNNER_H_
#define QUORATE_TOOLS_QUORATE_DRILL_RUNNER_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tools/quorate/drill/observer.h"
#include "tools/quorate/drill/patience.h"
#include "tools/quorate/drill/record.h"
#include "tools/quorate/drill/schedule.h"
#include "tools/quorate/drill/stage.h"
#include "tools/quorate/drill/timeline.h"

namespace quorate::tools {

// True if `round` shows it.
bool Shows(Picture picture, const Round& round);

class Runner {
 public:
  // All must outlive it. `mode` says what `stage` is.
  Runner(const Schedule& schedule, const Plan& plan, Mode mode, Stage& stage,
         const Patience& patience, Timeline& timeline, Record& record)
      : schedule_(schedule),
        plan_(plan),
        mode_(mode),
        stage_(stage),
        patience_(patience),
        timeline_(timeline),
        record_(record),
        observer_(stage, patience, timeline, record) {}

  // An error only if the schedule could not be carried out: Local, Timeout,
  // Cancelled. What was seen differs from what was expected: no error, see
  // claims.h.
  absl::Status Run();

  // Its parts, for who does something in between; to be called in this order.
  // The old members serve, with some writes.
  absl::Status Found();
  // The steps of the schedule.
  absl::Status Play();
  // With rules: the same growth, done as it should be.
  absl::Status Grow();
  // What became of the writes.
  absl::Status Account() { return observer_.Account(); }

  // For what is done besides the schedule.
  Observer& observer() { return observer_; }

 private:
  absl::Status Do(const Elections& step);
  absl::Status Do(const StartNewcomers& step);
  absl::Status Do(const RestartFollower& step);
  absl::Status Do(const RestartOld& step);
  absl::Status Do(const StopOld& step);
  absl::Status Do(const StartOld& step);
  absl::Status Do(const Watch& step);

  // The old members in the order of the plan, the leader last.
  std::vector<uint64_t> OldLeaderLast();
  // Restarts an old member with the list of seven, which is right where there
  // are lists, and a mistake where there are rules.
  absl::Status Restart(uint64_t id);
  // With rules: an old member with the list of seven is started, and what comes
  // of it recorded; it does not run afterwards.
  absl::Status TryOtherList(uint64_t id);
  absl::Status AwaitServing(const std::vector<uint64_t>& ids);
  // With rules: what a hurried operator asks for.
  absl::Status Hurry(bool cut_off);
  // To promote all newcomers, with and without dry run, and each by itself.
  absl::Status AskAllWays();
  absl::Status Ask(std::vector<uint64_t> ids, bool ready, bool dry_run);
  bool AllProven();

  const Schedule& schedule_;
  const Plan& plan_;
  const Mode mode_;
  Stage& stage_;
  const Patience& patience_;
  Timeline& timeline_;
  Record& record_;
  Observer observer_;
  Phase phase_ = Phase::kBefore;
  bool watched_ = false;  // in this phase
  bool old_down_ = false;
  bool cut_off_ = false;
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_DRILL_RUNNER_H_
