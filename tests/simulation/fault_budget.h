// The fault budget: how much the swarm may destroy.
//
// Like every quorum protocol, the core promises to keep what it acknowledged as
// long as a majority of the voters keep their disks. So at any time, in every
// configuration that may be or come into force, and on each side of a joint
// one, at most a minority of the voters may have lost their disk: wiped,
// damaged where it was acknowledged, or copied back. A lost voter stops
// counting when it has been removed. Crashes, pauses, partitions, full and
// failing disks and wrong options lose nothing and have no budget, nor have
// members that are not voters.
//
// A change of membership may not spend the budget either: a voter that lost its
// disk a moment ago still looks alive to the leader, and no protocol could know
// better. The operator therefore asks here first (and only for this). Where the
// limits let a leader promote and remove by itself, nobody asks: then what such
// changes could spend stays unspent.

#ifndef QUORATE_TESTS_SIMULATION_FAULT_BUDGET_H_
#define QUORATE_TESTS_SIMULATION_FAULT_BUDGET_H_

#include <vector>

#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "tests/simulation/cluster.h"

namespace quorate::simulation {

// Every configuration of `ensemble` that is or may come into force: from the
// newest committed one on, in any member's log.
std::vector<consensus::ConfigurationPtr> RelevantConfigurations(
    const Cluster& cluster, const EnsembleId& ensemble);

// The member that holds the intact disk of `key`; -1: it is lost.
int IntactHolder(const Cluster& cluster, const MemberKey& key);

// True if in `configuration`, and whatever its leader makes of it by itself, no
// side lacks more than a minority of its disks, also if that of `victim` (-1:
// none) went too.
bool IsWithinBudget(const Cluster& cluster,
                    const consensus::Configuration& configuration, int victim);

// True if the disk of `victim` may be lost now.
bool MayLoseDisk(const Cluster& cluster, const EnsembleId& ensemble,
                 int victim);

// True if `index` votes in a relevant configuration, or is the same data
// directory.
bool IsRelevantVoter(const Cluster& cluster, const EnsembleId& ensemble,
                     int index);

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_FAULT_BUDGET_H_
