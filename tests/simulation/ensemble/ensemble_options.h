// EnsembleOptions: what one seed of the whole-member swarm is about.
//
// Every seed draws its own mix: how many founders and clients, which kinds of
// fault and how often, how network, disks and clients behave, and which limits
// are tiny. A seed without a kind of fault finds what another would hide.

#ifndef QUORATE_TESTS_SIMULATION_ENSEMBLE_ENSEMBLE_OPTIONS_H_
#define QUORATE_TESTS_SIMULATION_ENSEMBLE_ENSEMBLE_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "coord/consensus/limits.h"
#include "tests/simulation/ensemble/peer_network.h"
#include "tests/simulation/ensemble/sabotage.h"
#include "tests/simulation/ensemble/sim_client.h"
#include "tests/simulation/ensemble/whole_member.h"
#include "tests/simulation/ensemble/wire.h"
#include "tests/simulation/event_queue.h"

namespace quorate::simulation {

// Mean time between two faults of a kind; 0: never.
struct EnsembleFaultRates {
  Micros network = 0;      // partitions, one-way cuts, bridges
  Micros bad_network = 0;  // spells of loss, duplication and delay
  Micros client_cut = 0;   // between a client and a member
  Micros crash = 0;
  Micros crash_all = 0;
  Micros pause = 0;
  Micros drift = 0;
  Micros slow_disk = 0;
  Micros full_disk = 0;
  Micros disk_error = 0;
  Micros wipe = 0;
  Micros join = 0;
  Micros change = 0;
  Micros transfer = 0;
  Micros snapshot = 0;  // ordered by an operator
};

struct EnsembleOptions {
  uint64_t seed = 0;
  int founders = 3;
  int max_members = 8;  // in all, the dead ones included
  consensus::Limits limits;
  MemberDriverOptions member;
  PeerNetworkOptions network;
  WireOptions wire;
  std::vector<SimClientOptions> clients;
  EnsembleFaultRates rates;
  Micros max_downtime = 4 * kSecond;
  Micros max_fault_duration = 4 * kSecond;
  Micros faulty_phase = 20 * kSecond;
  Micros liveness_bound = 60 * kSecond;
  Sabotage sabotage = Sabotage::kNone;
};

// The options of `seed`. The same everywhere.
EnsembleOptions DrawEnsembleOptions(uint64_t seed);

// A few lines for the head of a trace.
std::string Describe(const EnsembleOptions& options);

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_ENSEMBLE_ENSEMBLE_OPTIONS_H_
