#include "tests/simulation/ensemble/checks/checks.h"
#include "tests/simulation/ensemble/checks/replay.h"
#include "tests/simulation/ensemble/history.h"
#include "tests/simulation/ensemble/violation.h"

namespace quorate::simulation {

Replay CheckHistory(const History& history, EnsembleViolations& violations) {
  Replay replay = CheckAnswers(history, violations);
  CheckWritesOnce(history, replay, violations);
  CheckRealTime(history, violations);
  CheckNeverBack(history, violations);
  CheckFifo(history, replay, violations);
  CheckWatches(history, replay, violations);
  CheckSessions(history, replay, violations);
  CheckEphemerals(history, replay, violations);
  CheckSequentials(history, violations);
  return replay;
}

}  // namespace quorate::simulation
