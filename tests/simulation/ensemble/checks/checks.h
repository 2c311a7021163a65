// The checks of whole members: each judges a history that has ended, and adds
// what it finds to a list. One property a file; the file says which.

#ifndef QUORATE_TESTS_SIMULATION_ENSEMBLE_CHECKS_CHECKS_H_
#define QUORATE_TESTS_SIMULATION_ENSEMBLE_CHECKS_CHECKS_H_

#include "tests/simulation/ensemble/checks/replay.h"
#include "tests/simulation/ensemble/history.h"
#include "tests/simulation/ensemble/violation.h"

namespace quorate::simulation {

// Every answer is what the model answers at its zxid, and every acknowledged
// write is in the log, once, under the zxid that the client was told. Brings
// the replay for the others.
Replay CheckAnswers(const History& history, EnsembleViolations& violations);

// No write is in the log twice; none that was never taken is in it at all.
void CheckWritesOnce(const History& history, const Replay& replay,
                     EnsembleViolations& violations);

// What was answered before something else was asked is not after it in the
// log: writes and linearizable reads of all clients, in real time.
void CheckRealTime(const History& history, EnsembleViolations& violations);

// No client sees time run backwards, on whatever connection.
void CheckNeverBack(const History& history, EnsembleViolations& violations);

// Answers come in the order of the questions, and a session's writes are in the
// log in their order.
void CheckFifo(const History& history, const Replay& replay,
               EnsembleViolations& violations);

// Watches: every event once, in order, before the answer that shows it; none
// that is not due; after a reconnect without a gap, or the gap is announced.
void CheckWatches(const History& history, const Replay& replay,
                  EnsembleViolations& violations);

// Sessions: none ends before its time, none that is heard in a calm ensemble
// ends at all, and nobody is told of an end that is not in the log.
void CheckSessions(const History& history, const Replay& replay,
                   EnsembleViolations& violations);

// Ephemerals belong to sessions that are open, and go with them.
void CheckEphemerals(const History& history, const Replay& replay,
                     EnsembleViolations& violations);

// Sequential names are unique, and grow in real time.
void CheckSequentials(const History& history, EnsembleViolations& violations);

// All of them.
Replay CheckHistory(const History& history, EnsembleViolations& violations);

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_ENSEMBLE_CHECKS_CHECKS_H_
