#include "tests/simulation/ensemble/ensemble_options.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "coord/base/seeded_random.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/options.h"
#include "coord/replica/options.h"

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

EnsembleFaultRates DrawRates(SeededRandom& random) {
  EnsembleFaultRates rates;
  rates.network = Rate(random, 60, kSecond, 10 * kSecond);
  rates.bad_network = Rate(random, 45, 2 * kSecond, 10 * kSecond);
  rates.client_cut = Rate(random, 50, kSecond, 8 * kSecond);
  rates.crash = Rate(random, 70, kSecond, 8 * kSecond);
  rates.crash_all = Rate(random, 20, 4 * kSecond, 20 * kSecond);
  rates.pause = Rate(random, 40, kSecond, 10 * kSecond);
  rates.drift = Rate(random, 25, 2 * kSecond, 15 * kSecond);
  rates.slow_disk = Rate(random, 35, 2 * kSecond, 10 * kSecond);
  rates.full_disk = Rate(random, 30, 2 * kSecond, 12 * kSecond);
  rates.disk_error = Rate(random, 30, 3 * kSecond, 15 * kSecond);
  rates.wipe = Rate(random, 30, 4 * kSecond, 20 * kSecond);
  rates.join = Rate(random, 50, 2 * kSecond, 10 * kSecond);
  rates.change = Rate(random, 60, 300 * kMillisecond, 3 * kSecond);
  rates.transfer = Rate(random, 35, kSecond, 10 * kSecond);
  rates.snapshot = Rate(random, 30, kSecond, 10 * kSecond);
  // Now and then a world without faults: there no session may expire.
  if (random.Below(12) == 0) rates = {};
  return rates;
}

consensus::Limits DrawLimits(SeededRandom& random) {
  consensus::Limits limits;
  limits.stabilisation_ms = random.Between(1'000, 2'000);
  limits.promotion_distance_ms = random.Between(1'000, 2'000);
  limits.contact_ms = random.Between(200, 500);
  limits.dead_ms = random.Between(1'000, 2'500);
  limits.max_learners = static_cast<uint32_t>(random.Between(1, 4));
  limits.max_snapshot_transfers = static_cast<uint32_t>(random.Between(1, 3));
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
  core.election_ms = core.heartbeat_ms * random.Between(4, 8);
  core.disk_stall_ms = random.Between(500, 2'000);
  core.snapshot_chunk_bytes = static_cast<uint64_t>(random.Between(200, 8'000));
  core.retained_log_bytes = Sometimes<uint64_t>(
      random, 70, static_cast<uint64_t>(random.Between(0, 8'000)), 16 << 20);
  // What is written at once must fit into a segment of the log.
  core.max_batch_bytes = 8 << 10;
  core.max_inflight_bytes = 16 << 10;
  if (random.Below(3) == 0) {
    core.max_batch_bytes = static_cast<uint64_t>(random.Between(1, 2'000));
    core.max_inflight_bytes = static_cast<uint64_t>(random.Between(1, 8'000));
  }
  if (random.Below(5) == 0) {
    // At least what a leader reserves for one txn.
    core.max_uncommitted_bytes =
        static_cast<uint64_t>(random.Between(8'000, 30'000));
  }
  if (random.Below(4) == 0) {
    core.last_counter = static_cast<uint32_t>(random.Between(20, 400));
  }
  return core;
}

replica::Options DrawReplica(SeededRandom& random) {
  replica::Options options;
  options.core = DrawCore(random);
  options.min_session_ms = 500;
  options.max_session_ms = 5'000;
  options.snapshot_log_bytes = Sometimes<uint64_t>(
      random, 75, static_cast<uint64_t>(random.Between(1'000, 20'000)),
      64 << 20);
  options.snapshot_piece_bytes = static_cast<size_t>(random.Between(50, 4'000));
  options.max_outstanding = Sometimes<uint32_t>(random, 50, 8, 64);
  options.max_outstanding_bytes =
      Sometimes<uint64_t>(random, 20, 4'000, 8 << 20);
  options.max_waiting_bytes =
      Sometimes<uint64_t>(random, 20, 20'000, 256 << 20);
  const size_t histories[] = {0, 300, 2'000, 10'000, 16 << 20};
  options.watch_history_bytes = histories[random.Below(std::size(histories))];
  options.resend_ms = random.Between(100, 800);
  options.request_deadline_ms = random.Between(1'000, 8'000);
  options.sweep_ms = random.Between(100, 1'000);
  return options;
}

SimClientOptions DrawClient(SeededRandom& random) {
  SimClientOptions client;
  client.min_think = 2 * kMillisecond;
  client.max_think = random.Between(20, 300) * kMillisecond;
  client.session_ms = static_cast<int32_t>(random.Between(800, 4'000));
  client.pipeline = static_cast<size_t>(random.Between(1, 12));
  client.greedy = random.Below(8) == 0;
  client.watch_percent = static_cast<uint32_t>(random.Below(12));
  client.read_percent = static_cast<uint32_t>(random.Between(10, 80));
  const auto rarely = [&](int percent, int64_t low, int64_t high) {
    return Sometimes<uint32_t>(
        random, percent, static_cast<uint32_t>(random.Between(low, high)), 0);
  };
  client.silence_turns = rarely(40, 40, 300);
  client.close_turns = rarely(50, 30, 300);
  client.leave_turns = rarely(50, 10, 200);
  client.call_turns = rarely(50, 5, 60);
  client.intrude_turns = rarely(30, 20, 200);
  return client;
}

MemberDriverOptions DrawMember(SeededRandom& random) {
  MemberDriverOptions member;
  member.replica = DrawReplica(random);
  member.log.segment_bytes = 64 << 10;
  if (random.Below(4) == 0) member.log.max_frame_bytes = 2'048;
  member.disk.min_sync = random.Between(50, 500);
  member.disk.max_sync = member.disk.min_sync + random.Between(0, 8'000);
  member.min_tick = 20 * kMillisecond;
  member.max_tick = random.Between(25, 50) * kMillisecond;
  member.late_output_per_million = Sometimes<uint32_t>(random, 50, 200'000, 0);
  return member;
}

}  // namespace

EnsembleOptions DrawEnsembleOptions(uint64_t seed) {
  // Not the world's own stream, so that options and run do not correlate.
  SeededRandom random(seed ^ 0x7768'6f6c'6521u);
  EnsembleOptions options;
  options.seed = seed;
  const int sizes[] = {1, 2, 3, 3, 3, 3, 4, 5, 5};
  options.founders = sizes[random.Below(std::size(sizes))];
  options.max_members =
      options.founders + static_cast<int>(random.Between(0, 4));
  options.limits = DrawLimits(random);
  DrawAutopilot(seed, options.limits);
  options.member = DrawMember(random);
  options.rates = DrawRates(random);
  options.network.min_delay = random.Between(50, 1'000);
  options.network.max_delay =
      options.network.min_delay + random.Between(0, 8'000);
  options.network.loss_per_million = Sometimes<uint32_t>(random, 30, 10'000, 0);
  options.network.duplicate_per_million =
      Sometimes<uint32_t>(random, 30, 10'000, 0);
  options.network.straggler_per_million =
      Sometimes<uint32_t>(random, 40, 10'000, 0);
  options.network.straggler_delay = random.Between(5, 1'000) * kMillisecond;
  options.wire.min_delay = random.Between(50, 500);
  options.wire.max_delay = options.wire.min_delay + random.Between(0, 5'000);
  options.wire.max_unnoticed = random.Between(10, 4'000) * kMillisecond;
  const int64_t clients = random.Between(2, 7);
  for (int64_t i = 0; i < clients; ++i) {
    options.clients.push_back(DrawClient(random));
  }
  options.max_downtime = random.Between(500, 5'000) * kMillisecond;
  options.max_fault_duration = random.Between(500, 5'000) * kMillisecond;
  options.faulty_phase = random.Between(8, 25) * kSecond;
  return options;
}

std::string Describe(const EnsembleOptions& options) {
  const EnsembleFaultRates& rates = options.rates;
  const consensus::Options& core = options.member.replica.core;
  std::string text = absl::StrFormat(
      "seed %d: %d founders, %d clients, heartbeat %d ms, election %d ms, last "
      "counter %d, snapshot after %d bytes, watch history %d bytes, most "
      "outstanding %d\n",
      options.seed, options.founders, options.clients.size(), core.heartbeat_ms,
      core.election_ms, core.last_counter,
      options.member.replica.snapshot_log_bytes,
      options.member.replica.watch_history_bytes,
      options.member.replica.max_outstanding);
  const struct {
    const char* name;
    Micros mean;
  } kinds[] = {
      {"network", rates.network},       {"bad network", rates.bad_network},
      {"client cut", rates.client_cut}, {"crash", rates.crash},
      {"crash all", rates.crash_all},   {"pause", rates.pause},
      {"clock drift", rates.drift},     {"slow disk", rates.slow_disk},
      {"full disk", rates.full_disk},   {"disk error", rates.disk_error},
      {"wiped disk", rates.wipe},       {"joiner", rates.join},
      {"change", rates.change},         {"transfer", rates.transfer},
      {"snapshot", rates.snapshot},
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
