#include "tests/simulation/run_seed.h"

#include <memory>
#include <utility>
#include <vector>

#include "tests/simulation/cluster.h"
#include "tests/simulation/event_queue.h"
#include "tests/simulation/faults/faults.h"
#include "tests/simulation/liveness.h"
#include "tests/simulation/scene.h"
#include "tests/simulation/workload.h"

namespace quorate::simulation {
namespace {

// Time between two turns of the actors.
constexpr Micros kShortestTurn = 5 * kMillisecond;
constexpr Micros kLongestTurn = 15 * kMillisecond;

// Longest wait for a first leader where faults begin only then.
constexpr Micros kCalmBeginning = 20 * kSecond;

void RunSafetyPhase(Scene& scene) {
  Cluster& cluster = scene.cluster;
  if (!scene.options.faults_from_start) {
    cluster.RunUntil([&] { return cluster.Leader() >= 0; }, kCalmBeginning);
  }
  std::vector<std::unique_ptr<Actor>> actors = MakeAllFaults(scene);
  actors.push_back(MakeWorkload(scene));
  const Micros end = cluster.now() + scene.options.safety_phase;
  while (cluster.now() < end && cluster.violations().empty()) {
    cluster.RunFor(scene.random().Between(kShortestTurn, kLongestTurn));
    for (const auto& actor : actors) actor->Step();
  }
}

}  // namespace

SeedResult RunSeed(const SwarmOptions& options, Trace::Sink sink) {
  Cluster cluster(options.cluster);
  cluster.SetTrace(std::move(sink));
  cluster.AddFounders(options.founders, options.limits);
  Scene scene(cluster, options);
  RunSafetyPhase(scene);
  if (cluster.violations().empty()) RunLivenessPhase(scene);

  SeedResult result;
  result.fingerprint = cluster.fingerprint();
  result.statistics = cluster.statistics();
  result.statistics.seeds = 1;
  result.statistics.simulated_us = static_cast<uint64_t>(cluster.now());
  result.statistics.records_committed = cluster.ledger().TotalLength();
  result.violations = cluster.violations();
  return result;
}

}  // namespace quorate::simulation
