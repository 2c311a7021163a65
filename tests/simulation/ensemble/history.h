// History: what clients asked and were told, and what the ensemble committed.
//
// Plain data, written while a seed runs and judged by the checks when it has
// ended. Everything that a client did or saw has a sequence number: who has the
// lower one came first in real time.

#ifndef QUORATE_TESTS_SIMULATION_ENSEMBLE_HISTORY_H_
#define QUORATE_TESTS_SIMULATION_ENSEMBLE_HISTORY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coord/base/bytes.h"
#include "coord/base/ids.h"
#include "coord/consensus/client_pin.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/client_message.h"
#include "coord/tree/session_id.h"
#include "tests/simulation/event_queue.h"

namespace quorate::simulation {

// A session that a client tried to open.
struct SessionRecord {
  int client = -1;
  std::string password = {};
  // From the first Welcome; none: the client was never told.
  tree::SessionId id = {};
  int32_t timeout_ms = 0;  // as negotiated; as wished until Welcome
  // The client never spoke for it any more; 0: it did up to the end.
  Micros left_at = 0;
};

// One thing that a client wanted, however often it had to ask.
struct OpRecord {
  int client = -1;
  int session = -1;  // index in History::sessions; -1: a call without one
  replica::ClientRequest request;
  std::vector<int> submissions;  // indices in History::submissions

  const replica::WriteRequest* write() const {
    return std::get_if<replica::WriteRequest>(&request.body);
  }
  const replica::ReadRequest* read() const {
    return std::get_if<replica::ReadRequest>(&request.body);
  }
};

// One time that it asked.
struct SubmissionRecord {
  int op = -1;
  int connection = -1;  // index in History::connections
  int64_t tag = 0;
  uint64_t sequence = 0;
  Micros at = 0;
  int answer = -1;  // index in its connection's `heard`; -1: none came
};

// One message that reached the client.
struct HeardRecord {
  uint64_t sequence = 0;
  Micros at = 0;
  replica::ServerMessage message;
};

// A connection, or a call without a session, which is one of its own.
struct ConnectionRecord {
  int client = -1;
  int member = -1;
  int session = -1;               // -1: a call
  bool resumes = false;           // Hello named the session
  consensus::ClientPin pin = {};  // as shown
  uint64_t opened = 0;            // sequence number
  std::vector<HeardRecord> heard = {};
  std::vector<int> submissions = {};
  bool lost = false;  // the client knows that nothing more will come
};

struct CommittedRecord {
  consensus::Zxid zxid;
  consensus::RecordKind kind = consensus::RecordKind::kTxn;
  Bytes payload;
  Micros at = 0;  // when the first member knew that it is committed
};

struct ReignRecord {
  consensus::Epoch epoch = 0;
  Micros began = 0;
};

// A member has replaced its state by a snapshot from the leader.
struct InstallRecord {
  int member = -1;
  consensus::Zxid zxid;
};

struct History {
  EnsembleId ensemble;
  std::vector<SessionRecord> sessions;
  std::vector<OpRecord> ops;
  std::vector<SubmissionRecord> submissions;
  std::vector<ConnectionRecord> connections;
  std::vector<CommittedRecord> log;  // ascending by zxid
  std::vector<ReignRecord> reigns;
  std::vector<InstallRecord> installs;
  // Since then nothing was disturbed and all had settled; 0: never.
  Micros calm_since = 0;
  Micros ended = 0;
  uint64_t next_sequence = 1;

  int AddOp(OpRecord op);
  int AddConnection(ConnectionRecord connection);
  int Submit(int op, int connection, int64_t tag, Micros now);
  // Returns the message's index on its connection.
  int Hear(int connection, replica::ServerMessage message, Micros now);
  // The message at `heard` of its connection answers `submission`.
  void Answer(int submission, int heard) {
    submissions[static_cast<size_t>(submission)].answer = heard;
  }

  // nullptr: not answered.
  const replica::Reply* ReplyOf(const SubmissionRecord& submission) const;
  // Of the last submission that was answered with anything but not_taken.
  const replica::Reply* OutcomeOf(const OpRecord& op) const;
};

// The zxid that a message shows to the client; none if it shows no state.
consensus::Zxid ZxidOf(const replica::ServerMessage& message);

std::string Describe(const replica::ClientRequest& request);
std::string Describe(const replica::ServerMessage& message);

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_ENSEMBLE_HISTORY_H_
