// Replay: the committed log, carried out once more by the plain model.
//
// Every txn is led back to the request that a client made; the model is asked
// that request at that zxid, and must come to the same txn. What it answers is
// what the client should have been told. An observer sees every state between.

#ifndef QUORATE_TESTS_SIMULATION_ENSEMBLE_CHECKS_REPLAY_H_
#define QUORATE_TESTS_SIMULATION_ENSEMBLE_CHECKS_REPLAY_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "coord/consensus/zxid.h"
#include "coord/tree/session_id.h"
#include "coord/tree/test_plain_model.h"
#include "coord/tree/txn.h"
#include "tests/simulation/ensemble/history.h"
#include "tests/simulation/ensemble/violation.h"

namespace quorate::simulation {

struct ReplayedTxn {
  consensus::Zxid zxid = {};
  Micros at = 0;
  tree::Txn txn = {};
  int op = -1;  // index in History::ops; -1: no client's, or nobody knows whose
  tree::PlainModel::Outcome outcome = {};
};

// The life of a session by the log.
struct SessionLife {
  int record = -1;  // index in History::sessions
  consensus::Zxid opened;
  Micros opened_at = 0;
  int32_t timeout_ms = 0;
  consensus::Zxid closed;  // none: still open
  Micros closed_at = 0;
  bool expired = false;  // the leader closed it
};

struct Replay {
  std::vector<ReplayedTxn> txns;          // ascending by zxid
  std::map<int, std::vector<int>> of_op;  // indices in `txns` by op
  std::map<tree::SessionId, SessionLife> sessions;
  tree::PlainModel model;  // at the end
  EnsembleViolations violations;

  // Of a session's opening, the session that the client meant; none: never.
  tree::SessionId SessionOf(int session_record) const;
};

class ReplayObserver {
 public:
  virtual ~ReplayObserver() = default;
  // `state` is the one after all records up to `from`, and before `to`.
  virtual void OnState(const tree::PlainModel& state, consensus::Zxid from,
                       consensus::Zxid to) = 0;
};

// `observer` may be nullptr.
Replay ReplayHistory(const History& history, ReplayObserver* observer);

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_ENSEMBLE_CHECKS_REPLAY_H_
