// Sabotage: a fault put into the driver, to show that the checks bite.
//
// Each makes the simulated driver or transport break its contract in one way.
// Only the test that expects the checks to object switches one on.

#ifndef QUORATE_TESTS_SIMULATION_ENSEMBLE_SABOTAGE_H_
#define QUORATE_TESTS_SIMULATION_ENSEMBLE_SABOTAGE_H_

#include <cstdint>

namespace quorate::simulation {

enum class Sabotage : uint8_t {
  kNone,
  kAckBeforeSync,     // the disk says "written" before it is
  kSwapAnswers,       // two answers of a connection change places
  kDropEvent,         // a watch event is lost on its way
  kDoubleEvent,       // a watch event comes twice
  kReplayElsewhere,   // a client resends its writes under a new session
  kRenumberResend,    // a client resends a write under a new number
  kStaleAnswer,       // a read is answered as an earlier one was
  kEventAfterAnswer,  // an event comes after the answer that shows it
  kWrongData,         // an answer's data is another's
  kDropTouches,       // the leader never hears that sessions live
  kLoseAnswer,        // an answer never comes, and the connection stays
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_ENSEMBLE_SABOTAGE_H_
