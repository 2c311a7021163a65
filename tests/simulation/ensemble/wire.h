// Wire: the connections between clients and members.
//
// A connection carries messages in order, each after a delay, until one end is
// gone. When a client leaves, what it sent last may still arrive, and the
// member may learn only much later that nobody is there; when a member dies,
// what it said last may still arrive. On a cut link everything waits.

#ifndef QUORATE_TESTS_SIMULATION_ENSEMBLE_WIRE_H_
#define QUORATE_TESTS_SIMULATION_ENSEMBLE_WIRE_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "coord/consensus/client_pin.h"
#include "coord/replica/client_message.h"
#include "tests/simulation/ensemble/saboteur.h"
#include "tests/simulation/ensemble/world.h"
#include "tests/simulation/event_queue.h"

namespace quorate::simulation {

// A call without a session, and what goes with it.
struct LoneCall {
  consensus::ClientPin pin;
  replica::ClientRequest request;
};
struct HangUp {};
using UpMessage =
    std::variant<replica::Hello, replica::ClientRequest, LoneCall, HangUp>;

// The two ends, as the wire calls them.
class WireEnds {
 public:
  virtual ~WireEnds() = default;
  // The life of the process that runs on `member` now; 0: none does.
  virtual uint32_t LifeOf(int member) const = 0;
  virtual void ToMember(int member, replica::ConnectionId connection,
                        const UpMessage& message) = 0;
  virtual void ToClient(int client, uint64_t connection,
                        replica::ServerMessage message) = 0;
  // Nothing more will come by `connection`.
  virtual void Broken(int client, uint64_t connection) = 0;
};

struct WireOptions {
  Micros min_delay = 200;
  Micros max_delay = 2'000;
  // Longest time in which a member does not notice that a client has left, and
  // a client that its member has died.
  Micros max_unnoticed = 3 * kSecond;
};

class Wire {
 public:
  Wire(EnsembleWorld& world, WireEnds& ends)
      : world_(world), ends_(ends), saboteur_(world) {}

  void SetOptions(const WireOptions& options) { options_ = options; }

  // --- The client's end -----------------------------------------------------
  // ------------------------------------------------------- Opens a connection;
  // `first` is a Hello or a LoneCall.
  uint64_t Open(int client, int member, UpMessage first);
  void Send(uint64_t connection, replica::ClientRequest request);
  void Close(uint64_t connection);

  // --- The member's end -----------------------------------------------------
  void Deliver(replica::ConnectionId connection,
               replica::ServerMessage message);
  // Its process has ended, in whatever way.
  void MemberDied(int member);

  // --- Faults ---------------------------------------------------------------
  void Cut(int client, int member) { cuts_.emplace(client, member); }
  void HealCuts() { cuts_.clear(); }

 private:
  struct Line {
    int client = -1;
    int member = -1;
    uint32_t life = 0;  // of the process that took the connection; 0: none yet
    bool client_open = true;
    bool member_open = true;
    bool reached = false;  // a process has taken it
    std::deque<std::pair<Micros, UpMessage>> up;
    std::deque<std::pair<Micros, replica::ServerMessage>> down;
    bool up_running = false;
    bool down_running = false;
  };

  Micros Due(Micros last);
  bool IsCut(const Line& line) const {
    return cuts_.contains({line.client, line.member});
  }
  void PushUp(uint64_t connection, Line& line, UpMessage message, Micros extra);
  void PumpUp(uint64_t connection);
  void PumpDown(uint64_t connection);
  void TakeUp(uint64_t connection, Line& line, const UpMessage& message);
  void PushDown(uint64_t connection, Line& line,
                replica::ServerMessage message);
  void Break(uint64_t connection, Line& line, Micros max_delay);
  void EraseIfDone(uint64_t connection);

  EnsembleWorld& world_;
  WireEnds& ends_;
  Saboteur saboteur_;
  WireOptions options_;
  uint64_t next_ = 1;
  std::map<uint64_t, Line> lines_;
  std::set<std::pair<int, int>> cuts_;  // client, member
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_ENSEMBLE_WIRE_H_
