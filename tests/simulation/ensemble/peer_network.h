// PeerNetwork: carries both kinds of messages between members, badly if told
// so. Messages go to an address; links are directed and named by the indices of
// the members. A message is lost if its link is cut when it leaves or arrives.

#ifndef QUORATE_TESTS_SIMULATION_ENSEMBLE_PEER_NETWORK_H_
#define QUORATE_TESTS_SIMULATION_ENSEMBLE_PEER_NETWORK_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "coord/consensus/message.h"
#include "coord/replica/peer_message.h"
#include "tests/simulation/ensemble/world.h"
#include "tests/simulation/event_queue.h"

namespace quorate::simulation {

using PeerPayload = std::variant<consensus::Envelope, replica::PeerEnvelope>;

struct PeerNetworkOptions {
  // A message takes a time drawn evenly from here, but does not overtake those
  // sent before it on its link.
  Micros min_delay = 300;
  Micros max_delay = 1'000;
  uint32_t loss_per_million = 0;
  uint32_t duplicate_per_million = 0;
  // So many messages take up to straggler_delay and are overtaken.
  uint32_t straggler_per_million = 0;
  Micros straggler_delay = 100 * kMillisecond;
};

class PeerNetwork {
 public:
  using Receiver = std::function<void(int to, const PeerPayload&)>;

  PeerNetwork(EnsembleWorld& world, Receiver receiver)
      : world_(world), receiver_(std::move(receiver)) {}

  void SetOptions(const PeerNetworkOptions& options) { options_ = options; }
  const PeerNetworkOptions& options() const { return options_; }

  // `address` is that of member `index`, for ever.
  void Register(const std::string& address, int index);
  void Send(int from, PeerPayload payload);

  void Cut(int from, int to) { Link(from, to).cut = true; }
  bool IsCut(int from, int to) { return Link(from, to).cut; }
  void HealCuts();

 private:
  struct LinkState {
    bool cut = false;
    Micros last_due = 0;
  };

  LinkState& Link(int from, int to);
  void Launch(int from, int to, PeerPayload payload);

  EnsembleWorld& world_;
  Receiver receiver_;
  PeerNetworkOptions options_;
  std::map<std::string, int> addresses_;
  std::vector<std::vector<LinkState>> links_;  // [from][to]
};

std::string Describe(const PeerPayload& payload);

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_ENSEMBLE_PEER_NETWORK_H_
