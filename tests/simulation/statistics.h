// Statistics: what a run did, to be added up over many seeds.

#ifndef QUORATE_TESTS_SIMULATION_STATISTICS_H_
#define QUORATE_TESTS_SIMULATION_STATISTICS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "coord/consensus/rule.h"

namespace quorate::simulation {

// Everything that can be done to a member, its disk or the network.
enum class FaultKind : uint8_t {
  kCrash,
  kStop,
  kPause,
  kClockDrift,
  kPartition,
  kIsolation,
  kOneWayCut,
  kBridge,
  kBadNetwork,
  kSlowDisk,
  kFullDisk,
  kFsyncError,
  kTornTail,
  kBitRot,
  kMisdirectedWrite,
  kWipedDisk,
  kCopiedBackDisk,
  kWrongOptions,
  kForeignMember,
  kJoinBurst,
  kLeftRunning,
  kCount,
};
inline constexpr size_t kFaultKinds = static_cast<size_t>(FaultKind::kCount);
const char* FaultName(FaultKind kind);

struct Statistics {
  uint64_t seeds = 0;
  uint64_t repeated_seeds = 0;
  uint64_t simulated_us = 0;

  uint64_t messages_sent = 0;
  uint64_t messages_delivered = 0;
  uint64_t messages_lost = 0;
  uint64_t messages_duplicated = 0;
  uint64_t syncs = 0;
  uint64_t records_synced = 0;
  uint64_t snapshots_taken = 0;
  uint64_t snapshots_installed = 0;
  uint64_t recoveries = 0;

  uint64_t campaigns = 0;
  uint64_t elections = 0;
  uint64_t transfers = 0;
  uint64_t fresh_epochs = 0;
  uint64_t diffs = 0;
  uint64_t truncs = 0;
  uint64_t snaps = 0;

  uint64_t proposals = 0;     // accepted by a leader
  uint64_t acknowledged = 0;  // committed, and the client told
  uint64_t records_committed = 0;
  uint64_t reads = 0;
  uint64_t reads_answered = 0;

  uint64_t changes_offered = 0;
  uint64_t changes_accepted = 0;
  uint64_t changes_repeated = 0;  // sent again and recognised
  uint64_t changes_invalid = 0;
  std::array<uint64_t, consensus::kRuleCount> changes_refused = {};
  std::array<uint64_t, consensus::kRuleCount> messages_refused = {};

  std::array<uint64_t, kFaultKinds> faults = {};

  void CountFault(FaultKind kind) { ++faults[static_cast<size_t>(kind)]; }
  void Add(const Statistics& other);
  // A few dozen lines; `real_seconds` is what the run took, on `jobs` threads.
  std::string Describe(double real_seconds, int jobs) const;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_STATISTICS_H_
