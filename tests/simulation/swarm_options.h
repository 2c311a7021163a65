// SwarmOptions: what one seed of the swarm is about.
//
// Every seed draws its own mix: how many founders, which kinds of fault and how
// often, how the network, the disks and the drivers behave, and which limits
// are tiny. A seed without a kind of fault finds what another would hide.

#ifndef QUORATE_TESTS_SIMULATION_SWARM_OPTIONS_H_
#define QUORATE_TESTS_SIMULATION_SWARM_OPTIONS_H_

#include <cstdint>
#include <string>

#include "coord/consensus/limits.h"
#include "tests/simulation/cluster.h"
#include "tests/simulation/event_queue.h"

namespace quorate::simulation {

// Mean time between two faults of a kind; 0: never.
struct FaultRates {
  Micros network = 0;      // partitions, isolation, one-way cuts, bridges
  Micros bad_network = 0;  // spells of loss, duplication and delay
  Micros crash = 0;
  Micros crash_all = 0;
  Micros pause = 0;
  Micros drift = 0;
  Micros slow_disk = 0;
  Micros full_disk = 0;
  Micros fsync_error = 0;
  Micros lost_disk = 0;  // bit rot, misdirected write, wiped, copied back
  Micros wrong_options = 0;
  Micros foreign = 0;  // another ensemble, overlapping addresses
  Micros join = 0;     // bursts of joiners
  Micros change = 0;   // an operator's wishes: promote, remove, replace
  Micros transfer = 0;
};

struct SwarmOptions {
  uint64_t seed = 0;
  int founders = 3;
  consensus::Limits limits;
  ClusterOptions cluster;
  FaultRates rates;
  // Members that are not down at most so long after a crash.
  Micros max_downtime = 5 * kSecond;
  Micros max_fault_duration = 5 * kSecond;
  // Faults begin at once, or only when the first leader has been elected.
  bool faults_from_start = false;
  int max_members = 16;
  int burst = 1;  // most joiners at once

  uint32_t proposals_per_second = 20;
  uint32_t reads_per_second = 5;
  uint64_t largest_payload = 100;

  Micros safety_phase = 60 * kSecond;
  Micros liveness_bound = 30 * kSecond;
};

// The options of `seed`. The same everywhere.
SwarmOptions DrawSwarmOptions(uint64_t seed);

// Five voters under load and a fair share of faults, without change of
// membership: for measuring speed.
SwarmOptions BenchmarkOptions(uint64_t seed);

// A few lines for the head of a trace.
std::string Describe(const SwarmOptions& options);

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_SWARM_OPTIONS_H_
