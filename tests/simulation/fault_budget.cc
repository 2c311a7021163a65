#include "tests/simulation/fault_budget.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/configuration_history.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"

namespace quorate::simulation {
namespace {

using consensus::Configuration;
using consensus::ConfigurationPtr;
using consensus::Member;
using consensus::Zxid;

using Entry = consensus::ConfigurationHistory::Entry;

// Calls `visit` with every configuration that member `index` has.
void VisitConfigurations(const Cluster& cluster, int index,
                         absl::FunctionRef<void(const Entry&)> visit) {
  if (cluster.IsUp(index)) {
    for (const Entry& entry : cluster.core(index).configurations().entries()) {
      visit(entry);
    }
    return;
  }
  const consensus::DurableState& disk = cluster.member(index).disk().durable();
  if (disk.snapshot.has_value()) {
    visit({disk.snapshot->configuration_zxid, disk.snapshot->configuration});
  }
  for (const consensus::Record& record : disk.log) {
    if (record.CarriesConfiguration()) {
      visit({record.zxid, record.configuration});
    }
  }
}

bool KeepsDisk(const Cluster& cluster, const MemberKey& key, int victim) {
  const int holder = IntactHolder(cluster, key);
  return holder >= 0 && holder != victim;
}

// True if a majority of `voters`, and `reserve` more, keeps its disks.
bool KeepsMajority(const Cluster& cluster, const Configuration& configuration,
                   absl::Span<const MemberId> voters, size_t reserve,
                   int victim) {
  size_t kept = 0;
  for (const MemberId id : voters) {
    if (KeepsDisk(cluster, configuration.Find(id)->Key(), victim)) ++kept;
  }
  return kept > voters.size() / 2 + reserve;
}

// How many disks less than now a majority may miss after changes that a leader
// makes by itself. It removes voters whose disk is intact, and promotes
// learners whose disk is lost: it does not ask here, and cannot see either.
size_t AutomaticLosses(const Cluster& cluster,
                       const Configuration& configuration, int victim) {
  const consensus::Limits& limits = configuration.limits();
  size_t losses = 0;
  // An odd number of voters becomes an even one, of which as many must stay. A
  // healthy learner that is promoted next makes good for that.
  const size_t voters = configuration.voters().size();
  if (limits.auto_remove_dead && voters % 2 == 1 &&
      voters > limits.min_voters) {
    ++losses;
  }
  if (limits.auto_promote) {
    for (const Member& member : configuration.members()) {
      if (!member.IsLearner()) continue;
      if (!KeepsDisk(cluster, member.Key(), victim)) ++losses;
    }
  }
  return losses;
}

}  // namespace

std::vector<ConfigurationPtr> RelevantConfigurations(
    const Cluster& cluster, const EnsembleId& ensemble) {
  const Zxid committed = cluster.ledger().CommittedConfiguration(ensemble);
  std::map<Zxid, ConfigurationPtr> all;
  for (int i = 0; i < cluster.size(); ++i) {
    if (cluster.member(i).ensemble() != ensemble) continue;
    // What a member without history names is an empty configuration.
    VisitConfigurations(cluster, i, [&](const Entry& entry) {
      if (!entry.zxid.IsNone()) all[entry.zxid] = entry.configuration;
    });
  }
  std::vector<ConfigurationPtr> relevant;
  for (auto& [zxid, configuration] : all) {
    if (zxid >= committed) relevant.push_back(std::move(configuration));
  }
  return relevant;
}

int IntactHolder(const Cluster& cluster, const MemberKey& key) {
  for (int i = 0; i < cluster.size(); ++i) {
    const Disk& disk = cluster.member(i).disk();
    const consensus::HardState& state = disk.durable().hard_state;
    if (state.member != key.id || state.incarnation != key.incarnation) {
      continue;
    }
    if (!disk.IsDamaged() && !disk.WillMisdirect()) return i;
  }
  return -1;
}

bool IsWithinBudget(const Cluster& cluster, const Configuration& configuration,
                    int victim) {
  return KeepsMajority(cluster, configuration, configuration.voters(),
                       AutomaticLosses(cluster, configuration, victim),
                       victim) &&
         (!configuration.IsJoint() ||
          KeepsMajority(cluster, configuration, configuration.outgoing_voters(),
                        /*reserve=*/0, victim));
}

bool MayLoseDisk(const Cluster& cluster, const EnsembleId& ensemble,
                 int victim) {
  // Founding is unanimous (rule 3): until its record is committed, one disk is
  // too many.
  if (cluster.ledger().Length(ensemble) == 0) return false;
  const auto relevant = RelevantConfigurations(cluster, ensemble);
  return std::all_of(relevant.begin(), relevant.end(),
                     [&](const ConfigurationPtr& configuration) {
                       return IsWithinBudget(cluster, *configuration, victim);
                     });
}

bool IsRelevantVoter(const Cluster& cluster, const EnsembleId& ensemble,
                     int index) {
  const consensus::HardState& state =
      cluster.member(index).disk().durable().hard_state;
  for (const auto& configuration : RelevantConfigurations(cluster, ensemble)) {
    if (configuration->IsVoter({state.member, state.incarnation})) return true;
  }
  return false;
}

}  // namespace quorate::simulation
