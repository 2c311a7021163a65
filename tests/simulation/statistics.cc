#include "tests/simulation/statistics.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "coord/consensus/rule.h"

namespace quorate::simulation {
namespace {

constexpr uint64_t Statistics::*kCounters[] = {
    &Statistics::seeds,
    &Statistics::repeated_seeds,
    &Statistics::simulated_us,
    &Statistics::messages_sent,
    &Statistics::messages_delivered,
    &Statistics::messages_lost,
    &Statistics::messages_duplicated,
    &Statistics::syncs,
    &Statistics::records_synced,
    &Statistics::snapshots_taken,
    &Statistics::snapshots_installed,
    &Statistics::recoveries,
    &Statistics::campaigns,
    &Statistics::elections,
    &Statistics::transfers,
    &Statistics::fresh_epochs,
    &Statistics::diffs,
    &Statistics::truncs,
    &Statistics::snaps,
    &Statistics::proposals,
    &Statistics::acknowledged,
    &Statistics::records_committed,
    &Statistics::reads,
    &Statistics::reads_answered,
    &Statistics::changes_offered,
    &Statistics::changes_accepted,
    &Statistics::changes_repeated,
    &Statistics::changes_invalid,
};

std::string DescribeRules(
    const std::array<uint64_t, consensus::kRuleCount>& counts) {
  std::string text;
  for (int i = 1; i < consensus::kRuleCount; ++i) {
    if (counts[i] == 0) continue;
    const auto rule = static_cast<consensus::Rule>(i);
    absl::StrAppendFormat(&text, "    rule %2d %-22s %12d\n", i,
                          std::string(consensus::RuleName(rule)), counts[i]);
  }
  return text;
}

}  // namespace

const char* FaultName(FaultKind kind) {
  switch (kind) {
    case FaultKind::kCrash:
      return "crash";
    case FaultKind::kStop:
      return "orderly stop";
    case FaultKind::kPause:
      return "pause";
    case FaultKind::kClockDrift:
      return "clock drift";
    case FaultKind::kPartition:
      return "partition";
    case FaultKind::kIsolation:
      return "isolation";
    case FaultKind::kOneWayCut:
      return "one-way cut";
    case FaultKind::kBridge:
      return "bridged partition";
    case FaultKind::kBadNetwork:
      return "bad network";
    case FaultKind::kSlowDisk:
      return "slow disk";
    case FaultKind::kFullDisk:
      return "full disk";
    case FaultKind::kFsyncError:
      return "fsync error";
    case FaultKind::kTornTail:
      return "torn tail";
    case FaultKind::kBitRot:
      return "bit rot";
    case FaultKind::kMisdirectedWrite:
      return "misdirected write";
    case FaultKind::kWipedDisk:
      return "wiped disk";
    case FaultKind::kCopiedBackDisk:
      return "copied-back disk";
    case FaultKind::kWrongOptions:
      return "wrong options";
    case FaultKind::kForeignMember:
      return "foreign member";
    case FaultKind::kJoinBurst:
      return "burst of joiners";
    case FaultKind::kLeftRunning:
      return "removed, left running";
    case FaultKind::kCount:
      break;
  }
  return "unknown";
}

void Statistics::Add(const Statistics& other) {
  for (const auto counter : kCounters) this->*counter += other.*counter;
  for (size_t i = 0; i < changes_refused.size(); ++i) {
    changes_refused[i] += other.changes_refused[i];
    messages_refused[i] += other.messages_refused[i];
  }
  for (size_t i = 0; i < faults.size(); ++i) faults[i] += other.faults[i];
}

std::string Statistics::Describe(double real_seconds, int jobs) const {
  const double minutes = static_cast<double>(simulated_us) / 60e6;
  std::string text = absl::StrFormat(
      "%d seeds (%d of them twice), %.2f simulated hours in %.1f s on %d "
      "threads: %.4f s of one core per simulated minute\n",
      seeds, repeated_seeds, minutes / 60, real_seconds, jobs,
      real_seconds * jobs / minutes);
  absl::StrAppendFormat(
      &text,
      "  elections %d (campaigns %d, transfers %d, fresh epochs %d)\n"
      "  synchronisations DIFF %d, TRUNC %d, SNAP %d\n"
      "  proposals %d, acknowledged %d, records committed %d\n"
      "  linearizable reads %d, answered %d\n"
      "  messages %d, delivered %d, lost %d, duplicated %d\n"
      "  syncs %d of %d writes, snapshots taken %d, installed %d, starts %d\n",
      elections, campaigns, transfers, fresh_epochs, diffs, truncs, snaps,
      proposals, acknowledged, records_committed, reads, reads_answered,
      messages_sent, messages_delivered, messages_lost, messages_duplicated,
      syncs, records_synced, snapshots_taken, snapshots_installed, recoveries);
  absl::StrAppendFormat(
      &text,
      "  configuration changes offered %d: accepted %d, repeated %d, "
      "invalid %d, refused by\n",
      changes_offered, changes_accepted, changes_repeated, changes_invalid);
  absl::StrAppend(&text, DescribeRules(changes_refused),
                  "  messages refused by\n", DescribeRules(messages_refused),
                  "  faults\n");
  for (size_t i = 0; i < kFaultKinds; ++i) {
    absl::StrAppendFormat(&text, "    %-30s %12d\n",
                          FaultName(static_cast<FaultKind>(i)), faults[i]);
  }
  return text;
}

}  // namespace quorate::simulation
