#include <memory>
#include <vector>

#include "tests/simulation/checks/acknowledged_durable.h"
#include "tests/simulation/checks/acks_match_leader.h"
#include "tests/simulation/checks/admission_pace.h"
#include "tests/simulation/checks/admitted_before_service.h"
#include "tests/simulation/checks/check.h"
#include "tests/simulation/checks/commit_quorum.h"
#include "tests/simulation/checks/committed_for_ever.h"
#include "tests/simulation/checks/configuration_chain.h"
#include "tests/simulation/checks/disk_equals_log.h"
#include "tests/simulation/checks/effective_configuration.h"
#include "tests/simulation/checks/elected_by_quorum.h"
#include "tests/simulation/checks/expected_version.h"
#include "tests/simulation/checks/foreign_ensemble.h"
#include "tests/simulation/checks/leader_completeness.h"
#include "tests/simulation/checks/leader_holds_quorum.h"
#include "tests/simulation/checks/leader_stickiness.h"
#include "tests/simulation/checks/linearizable_reads.h"
#include "tests/simulation/checks/log_matching.h"
#include "tests/simulation/checks/nothing_goes_back.h"
#include "tests/simulation/checks/one_committing_leader.h"
#include "tests/simulation/checks/one_leader_an_epoch.h"
#include "tests/simulation/checks/one_vote.h"
#include "tests/simulation/checks/pre_vote_first.h"
#include "tests/simulation/checks/snapshot_whole.h"
#include "tests/simulation/checks/transfer_caught_up.h"
#include "tests/simulation/checks/unanimous_founding.h"

namespace quorate::simulation {
namespace {

template <typename... Checks>
std::vector<std::unique_ptr<Check>> Make() {
  std::vector<std::unique_ptr<Check>> checks;
  (checks.push_back(std::make_unique<Checks>()), ...);
  return checks;
}

}  // namespace

std::vector<std::unique_ptr<Check>> AllChecks() {
  return Make<
      // Elections.
      OneLeaderAnEpoch, OneCommittingLeader, OneVote, ElectedByQuorum,
      PreVoteFirst, LeaderStickiness, LeaderHoldsQuorum, TransferCaughtUp,
      // Histories.
      LogMatching, CommittedForEver, LeaderCompleteness, CommitQuorum,
      NothingGoesBack, LinearizableReads,
      // Disks.
      AcknowledgedDurable, AcksMatchLeader, DiskEqualsLog, SnapshotWhole,
      // Membership.
      ConfigurationChain, EffectiveConfiguration, AdmissionPace,
      ExpectedVersion, AdmittedBeforeService, UnanimousFounding,
      ForeignEnsemble>();
}

}  // namespace quorate::simulation
