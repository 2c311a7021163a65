// Trace: everything that happens in a simulation, as a hash and, on request, as
// lines of text.
//
// The fingerprint is over numbers, so a run that nobody watches formats no
// text. Two runs of one seed must have the same fingerprint.

#ifndef QUORATE_TESTS_SIMULATION_TRACE_H_
#define QUORATE_TESTS_SIMULATION_TRACE_H_

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <utility>

#include "tests/simulation/event_queue.h"

namespace quorate::simulation {

enum class TraceKind : uint8_t {
  kSend,       // a message left a member
  kDeliver,    // a message reached a member
  kDrop,       // a message was lost, or nobody listened
  kEvent,      // a core reported an event
  kDisk,       // a sync returned, a snapshot was stored, a recovery
  kFault,      // something was done to a member or to the network
  kClient,     // a proposal, a read, an answer
  kOperator,   // a membership change and its answer
  kViolation,  // a check or the cluster itself found a violation
};
const char* TraceKindName(TraceKind kind);

struct TraceLine {
  Micros at = 0;
  TraceKind kind = TraceKind::kEvent;
  int member = -1;  // index in the cluster; -1: none in particular
  std::string text;
};
// "12.345678 fault 2: crash"; seconds, kind, index, text.
std::string ToString(const TraceLine& line);

class Trace {
 public:
  using Sink = std::function<void(const TraceLine&)>;

  explicit Trace(const EventQueue& clock) : clock_(clock) {}

  // Sends every line from now on to `sink`; nullptr: no text is made.
  void SetSink(Sink sink) { sink_ = std::move(sink); }
  bool active() const { return sink_ != nullptr; }

  uint64_t fingerprint() const { return hash_; }
  void Add(uint64_t number) {
    hash_ = (hash_ ^ number) * 0x9e37'79b9'7f4a'7c15u;
    hash_ ^= hash_ >> 29;
  }

  // Adds the time, `kind`, `member` and `numbers` to the fingerprint, and calls
  // `text()` for the line if anybody listens.
  template <typename Text>
  void Line(TraceKind kind, int member, std::initializer_list<uint64_t> numbers,
            const Text& text) {
    Add(static_cast<uint64_t>(clock_.now()));
    Add(static_cast<uint64_t>(kind) << 32 | static_cast<uint32_t>(member));
    for (const uint64_t number : numbers) Add(number);
    if (sink_) sink_({clock_.now(), kind, member, text()});
  }

 private:
  const EventQueue& clock_;
  uint64_t hash_ = 0x5175'6f72'6174'6521u;
  Sink sink_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_TRACE_H_
