// SimClient: one simulated client; a second opinion on the client's side of
// coord/replica/client_message.h, which shares nothing with coord/client.
//
// It opens sessions, pipelines writes and reads, leaves watches, loses
// connections and resumes elsewhere with all that is unanswered, falls silent,
// closes sessions, and calls without a session. What it asks and hears goes to
// the history.

#ifndef QUORATE_TESTS_SIMULATION_ENSEMBLE_SIM_CLIENT_H_
#define QUORATE_TESTS_SIMULATION_ENSEMBLE_SIM_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "coord/consensus/client_pin.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/client_message.h"
#include "coord/tree/session_id.h"
#include "tests/simulation/ensemble/client_workload.h"
#include "tests/simulation/ensemble/wire.h"
#include "tests/simulation/ensemble/world.h"
#include "tests/simulation/event_queue.h"

namespace quorate::simulation {

struct SimClientOptions {
  Micros min_think = 5 * kMillisecond;
  Micros max_think = 100 * kMillisecond;
  int32_t session_ms = 2'000;
  size_t pipeline = 8;  // most unanswered requests
  bool greedy = false;  // asks for more than the member allows
  uint32_t watch_percent = 5;
  uint32_t read_percent = 45;
  // Mean number of turns between two of a kind; 0: never.
  uint32_t silence_turns = 0;
  uint32_t close_turns = 0;
  uint32_t leave_turns = 0;
  uint32_t call_turns = 0;
  uint32_t intrude_turns = 0;
};

class SimClient {
 public:
  // `members`: the indices that may be connected to; called each time.
  using Members = std::function<std::vector<int>()>;

  SimClient(EnsembleWorld& world, Wire& wire, int index, Members members,
            const SimClientOptions& options);

  void Start();
  // From now on it only finishes what it began and keeps its session.
  void Calm();
  // Then: one last write and one linearizable read.
  void Probe();
  // Nothing that it waits for is outstanding.
  bool IsIdle() const;
  bool probed() const { return probe_done_; }
  // A connection with a session is up.
  bool IsSettled() const;

  void Take(uint64_t connection, replica::ServerMessage message);
  void Broken(uint64_t connection);

 private:
  struct PendingWrite {
    int op = -1;
    int64_t request_id = 0;
  };
  struct InFlight {
    int submission = -1;
    int op = -1;
  };
  struct Wish {  // a watch to be had on every connection
    std::string path;
    tree::WatchKind kind;
  };

  // sim_client.cc: connections.
  void Turn();
  void ConnectSoon(Micros delay);
  void Connect();
  void Leave(Micros away);
  void ForgetConnection();
  void ForgetSession();
  void FallSilent();
  int AnyMember();
  bool AnswerIsOverdue() const;
  void Hear(replica::ServerMessage message);
  void OnWelcome(const replica::Welcome& welcome);
  void OnReply(const replica::Reply& reply, int heard);
  void OnEvent(const replica::WatchEvent& event);
  void OnGoodbye(const replica::Goodbye& goodbye);
  void See(consensus::Zxid zxid);

  // sim_client_requests.cc: what it asks.
  void Act();
  void ActOnce();
  void BeginOp(decltype(replica::ClientRequest::body) body);
  void BeginWrite(tree::RequestBody body);
  void Submit(int op);
  void SubmitUnanswered();
  void RenewWatches();
  void CloseSession();
  void TakeWriteReply(const InFlight& asked, const replica::Reply& reply);
  void TakeReadReply(const OpRecord& op, const replica::Reply& reply);
  void ResendIfAllIn();
  void Call();
  void EndCall(uint64_t connection);
  void Intrude();
  void EndIntrusion(uint64_t connection, const replica::ServerMessage& message);
  void MaybeProbe();
  bool IsProbe(int op) const { return op == probe_write_ || op == probe_read_; }
  size_t Room() const;

  EnsembleWorld& world_;
  Wire& wire_;
  const int index_;
  const Members members_;
  SimClientOptions options_;
  ClientWorkload workload_;

  consensus::ClientPin pin_;
  consensus::Zxid complete_;  // no event up to here is missing

  // The session. -1: none wished for so far.
  int session_ = -1;
  tree::SessionId session_id_;
  std::string password_;
  int64_t next_request_id_ = 1;
  int64_t acked_through_ = 0;
  std::deque<PendingWrite> unanswered_;
  std::vector<Wish> wishes_;
  bool closing_ = false;

  // The connection. 0: none.
  uint64_t connection_ = 0;
  int connection_record_ = -1;
  bool welcomed_ = false;
  uint32_t max_outstanding_ = 8;
  int64_t next_tag_ = 1;
  std::map<int64_t, InFlight> in_flight_;  // by tag
  size_t writes_in_flight_ = 0;
  bool must_resend_ = false;
  Micros heard_at_ = 0;
  Micros sent_at_ = 0;
  uint64_t connect_attempt_ = 0;

  // Calls without a session, by connection.
  std::map<uint64_t, InFlight> calls_;
  std::map<uint64_t, int> call_records_;
  // Connections that nobody may be welcomed on, and what they try.
  std::map<uint64_t, std::string> intrusions_;

  bool silent_ = false;
  bool calm_ = false;
  bool founded_ = false;
  bool probing_ = false;
  bool probe_done_ = false;
  int probe_write_ = -1;
  int probe_read_ = -1;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_ENSEMBLE_SIM_CLIENT_H_
