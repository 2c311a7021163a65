#include "tests/simulation/swarm_options.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "coord/base/seeded_random.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/options.h"

namespace quorate::simulation {
namespace {

// Draws `yes` so many times in a hundred, else `no`.
template <typename T>
T Sometimes(SeededRandom& random, int percent, T yes, T no) {
  return random.Below(100) < static_cast<uint64_t>(percent) ? yes : no;
}

// A mean time from [low, high], or never, for the rest of the percentage.
Micros Rate(SeededRandom& random, int percent, Micros low, Micros high) {
  const Micros rate = random.Between(low, high);
  return Sometimes<Micros>(random, percent, rate, 0);
}

FaultRates DrawRates(SeededRandom& random) {
  FaultRates rates;
  rates.network = Rate(random, 70, kSecond, 15 * kSecond);
  rates.bad_network = Rate(random, 50, 2 * kSecond, 20 * kSecond);
  rates.crash = Rate(random, 75, kSecond, 15 * kSecond);
  rates.crash_all = Rate(random, 20, 5 * kSecond, 40 * kSecond);
  rates.pause = Rate(random, 40, kSecond, 20 * kSecond);
  rates.drift = Rate(random, 30, 2 * kSecond, 30 * kSecond);
  rates.slow_disk = Rate(random, 40, 2 * kSecond, 20 * kSecond);
  rates.full_disk = Rate(random, 30, 3 * kSecond, 30 * kSecond);
  rates.fsync_error = Rate(random, 35, 3 * kSecond, 30 * kSecond);
  rates.lost_disk = Rate(random, 45, 2 * kSecond, 20 * kSecond);
  rates.wrong_options = Rate(random, 25, 3 * kSecond, 30 * kSecond);
  rates.foreign = Rate(random, 25, 5 * kSecond, 30 * kSecond);
  rates.join = Rate(random, 65, kSecond, 20 * kSecond);
  rates.change = Rate(random, 75, 200 * kMillisecond, 5 * kSecond);
  rates.transfer = Rate(random, 40, kSecond, 20 * kSecond);
  return rates;
}

consensus::Limits DrawLimits(SeededRandom& random) {
  consensus::Limits limits;
  limits.stabilisation_ms = random.Between(1'000, 4'000);
  limits.promotion_distance_ms = random.Between(1'000, 3'000);
  limits.contact_ms = random.Between(150, 500);
  limits.dead_ms = random.Between(1'000, 4'000);
  limits.max_lag_records = random.Below(3) == 0 ? random.Below(8) : 256;
  limits.max_learners = static_cast<uint32_t>(random.Between(1, 6));
  limits.max_snapshot_transfers = static_cast<uint32_t>(random.Between(1, 3));
  limits.min_voters = static_cast<uint32_t>(random.Between(1, 3));
  return limits;
}

// From a stream of its own, so that everything else is drawn as without it.
void DrawAutopilot(uint64_t seed, consensus::Limits& limits) {
  SeededRandom random(seed ^ 0x6175'746f'7069'6c6fu);
  limits.auto_promote = random.Below(4) == 0;
  limits.auto_remove_dead = random.Below(4) == 0;
  if (limits.auto_remove_dead) {
    limits.dead_ms = std::max(limits.dead_ms, limits.stabilisation_ms);
  }
}

consensus::Options DrawCore(SeededRandom& random) {
  consensus::Options core;
  core.heartbeat_ms = random.Between(50, 120);
  core.election_ms = core.heartbeat_ms * random.Between(3, 8);
  core.disk_stall_ms = random.Between(300, 2'000);
  core.snapshot_chunk_bytes = static_cast<uint64_t>(random.Between(40, 2'000));
  core.retained_log_bytes = Sometimes<uint64_t>(
      random, 60, static_cast<uint64_t>(random.Between(0, 8'000)), 16 << 20);
  if (random.Below(3) == 0) {
    core.max_batch_bytes = static_cast<uint64_t>(random.Between(1, 500));
    core.max_inflight_bytes = static_cast<uint64_t>(random.Between(1, 2'000));
  }
  if (random.Below(5) == 0) {
    core.max_uncommitted_bytes =
        static_cast<uint64_t>(random.Between(200, 5'000));
  }
  if (random.Below(4) == 0) {
    core.last_counter = static_cast<uint32_t>(random.Between(5, 400));
  }
  return core;
}

DriverOptions DrawDriver(SeededRandom& random) {
  DriverOptions driver;
  driver.min_tick = 25 * kMillisecond;
  driver.max_tick = random.Between(25, 50) * kMillisecond;
  driver.send_late_per_million = Sometimes(random, 50, 300'000, 0);
  driver.batch_inputs_per_million = Sometimes(random, 50, 150'000, 0);
  driver.max_apply_delay =
      Sometimes<Micros>(random, 50, random.Between(1, 50) * kMillisecond, 0);
  driver.snapshot_records = static_cast<uint64_t>(
      Sometimes(random, 80, random.Between(5, 300), int64_t{5'000}));
  driver.snapshot_bytes = static_cast<size_t>(random.Between(0, 3'000));
  return driver;
}

}  // namespace

SwarmOptions DrawSwarmOptions(uint64_t seed) {
  // Not the cluster's own stream, so that options and run do not correlate.
  SeededRandom random(seed ^ 0x6f70'7469'6f6e'7321u);
  SwarmOptions options;
  options.seed = seed;
  const int sizes[] = {1, 2, 3, 3, 3, 4, 5, 5, 6, 7};
  options.founders = sizes[random.Below(std::size(sizes))];
  options.limits = DrawLimits(random);
  DrawAutopilot(seed, options.limits);
  options.rates = DrawRates(random);
  options.cluster.seed = seed;
  options.cluster.core = DrawCore(random);
  options.cluster.driver = DrawDriver(random);
  NetworkOptions& network = options.cluster.network;
  network.min_delay = random.Between(50, 1'000);
  network.max_delay = network.min_delay + random.Between(0, 10'000);
  network.loss_per_million = Sometimes<uint32_t>(random, 30, 10'000, 0);
  network.duplicate_per_million = Sometimes<uint32_t>(random, 30, 10'000, 0);
  network.straggler_per_million = Sometimes<uint32_t>(random, 40, 10'000, 0);
  network.straggler_delay = random.Between(5, 1'500) * kMillisecond;
  DiskOptions& disk = options.cluster.disk;
  disk.min_sync = random.Between(50, 500);
  disk.max_sync = disk.min_sync + random.Between(0, 10'000);
  options.max_downtime = random.Between(1, 10) * kSecond;
  options.max_fault_duration = random.Between(1, 8) * kSecond;
  options.faults_from_start = random.Below(2) == 0;
  options.max_members = static_cast<int>(random.Between(8, 20));
  options.burst = static_cast<int>(random.Between(1, 6));
  options.proposals_per_second = static_cast<uint32_t>(random.Between(2, 60));
  options.reads_per_second = static_cast<uint32_t>(random.Between(0, 20));
  options.largest_payload =
      static_cast<uint64_t>(Sometimes(random, 20, 2'000, 100));
  return options;
}

SwarmOptions BenchmarkOptions(uint64_t seed) {
  SwarmOptions options;
  options.seed = options.cluster.seed = seed;
  options.founders = 5;
  options.cluster.network.max_delay = 2'000;
  options.cluster.disk.max_sync = 3'000;
  options.cluster.driver.snapshot_records = 500;
  options.cluster.driver.snapshot_bytes = 1'000;
  options.cluster.core.retained_log_bytes = 4'000;
  options.rates.network = options.rates.crash = 5 * kSecond;
  options.rates.bad_network = options.rates.pause = 10 * kSecond;
  options.rates.slow_disk = options.rates.full_disk = 15 * kSecond;
  options.rates.transfer = 15 * kSecond;
  options.proposals_per_second = 50;
  options.reads_per_second = 20;
  return options;
}

std::string Describe(const SwarmOptions& options) {
  const FaultRates& rates = options.rates;
  const consensus::Options& core = options.cluster.core;
  std::string text = absl::StrFormat(
      "seed %d: %d founders, %d proposals/s, heartbeat %d ms, election %d ms, "
      "last counter %d, stabilisation %d ms, snapshot every %d records\n",
      options.seed, options.founders, options.proposals_per_second,
      core.heartbeat_ms, core.election_ms, core.last_counter,
      options.limits.stabilisation_ms, options.cluster.driver.snapshot_records);
  const struct {
    const char* name;
    Micros mean;
  } kinds[] = {
      {"network", rates.network},
      {"bad network", rates.bad_network},
      {"crash", rates.crash},
      {"crash all", rates.crash_all},
      {"pause", rates.pause},
      {"clock drift", rates.drift},
      {"slow disk", rates.slow_disk},
      {"full disk", rates.full_disk},
      {"fsync error", rates.fsync_error},
      {"lost disk", rates.lost_disk},
      {"wrong options", rates.wrong_options},
      {"foreign member", rates.foreign},
      {"joiners", rates.join},
      {"change", rates.change},
      {"transfer", rates.transfer},
  };
  absl::StrAppend(&text, "mean seconds between faults:");
  for (const auto& kind : kinds) {
    if (kind.mean == 0) continue;
    absl::StrAppendFormat(&text, " %s %.1f;", kind.name,
                          static_cast<double>(kind.mean) / kSecond);
  }
  return text + "\n";
}

}  // namespace quorate::simulation
