// Network: carries messages between members, badly if told so.
//
// Messages go to an address: whoever listens there when they arrive gets them,
// be it another member or even another ensemble. Links are directed and named
// by the indices of the members. A message is lost if its link is cut when it
// leaves or when it arrives.

#ifndef QUORATE_TESTS_SIMULATION_NETWORK_H_
#define QUORATE_TESTS_SIMULATION_NETWORK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "coord/base/seeded_random.h"
#include "coord/consensus/message.h"
#include "tests/simulation/event_queue.h"
#include "tests/simulation/statistics.h"
#include "tests/simulation/trace.h"

namespace quorate::simulation {

struct NetworkOptions {
  // A message takes a time drawn evenly from here, but does not overtake those
  // sent before it on its link.
  Micros min_delay = 500;
  Micros max_delay = 500;
  uint32_t loss_per_million = 0;
  uint32_t duplicate_per_million = 0;
  // So many messages take up to straggler_delay and are overtaken.
  uint32_t straggler_per_million = 0;
  Micros straggler_delay = 100 * kMillisecond;
};

class Network {
 public:
  // True: drop it. Called when a message arrives.
  using Filter =
      std::function<bool(int from, int to, const consensus::Envelope&)>;

  Network(EventQueue& queue, SeededRandom& random, Trace& trace,
          Statistics& statistics)
      : queue_(queue),
        random_(random),
        trace_(trace),
        statistics_(statistics) {}

  void SetOptions(const NetworkOptions& options) { options_ = options; }
  const NetworkOptions& options() const { return options_; }
  void SetFilter(Filter filter) { filter_ = std::move(filter); }

  // Makes room for links of members below `count`.
  void SetMemberCount(int count);

  // `member` listens at `address` from now on. False if another does.
  bool Listen(const std::string& address, int member);
  void StopListening(const std::string& address, int member);
  // -1: nobody listens there.
  int Listener(const std::string& address) const;

  void Send(int from, consensus::Envelope envelope);

  struct Delivery {
    int to = -1;  // -1: lost
    consensus::Envelope envelope;
  };
  // The message in `slot` is due.
  Delivery Receive(uint64_t slot);

  // Loses messages of `from` that are under way, each by this chance: the
  // member crashed before it had really sent them.
  void LoseInFlight(int from, uint32_t per_million);

  // --- Faults ----------------------------------------------------------------
  // Only members of the same group reach each other; a member in no group
  // reaches nobody, one in several (a bridge) reaches all of these. Replaces
  // all cuts.
  void Partition(absl::Span<const std::vector<int>> groups);
  // Cuts all links of `member`, or only those towards or away from it.
  void Isolate(int member);
  void IsolateInbound(int member);
  void IsolateOutbound(int member);
  void Cut(int from, int to) { cut_[from][to] = 1; }
  void Heal(int from, int to) { cut_[from][to] = 0; }
  void HealMember(int member);
  // Heals every cut; the options stay.
  void HealCuts();
  bool IsCut(int from, int to) const { return cut_[from][to] != 0; }
  bool HasCuts() const;

 private:
  struct Flight {
    int from = -1;  // -1: free, or lost on the way
    consensus::Envelope envelope;
  };

  void SetLinks(int member, bool inbound, bool outbound, uint8_t cut);
  void Launch(int from, int to, consensus::Envelope envelope);
  void Lose(int from, const consensus::Envelope& envelope, const char* why);

  EventQueue& queue_;
  SeededRandom& random_;
  Trace& trace_;
  Statistics& statistics_;
  NetworkOptions options_;
  Filter filter_;

  absl::flat_hash_map<std::string, int> listeners_;  // never iterated
  std::vector<std::vector<uint8_t>> cut_;            // [from][to]
  std::vector<std::vector<Micros>> last_due_;        // [from][to]
  std::vector<Flight> flights_;
  std::vector<uint64_t> free_slots_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_NETWORK_H_
