// The faults of the swarm, one kind a file. Each actor begins its faults at
// random and ends them by itself; what is still under way when the safety phase
// ends is healed, or made permanent, by the liveness phase.

#ifndef QUORATE_TESTS_SIMULATION_FAULTS_FAULTS_H_
#define QUORATE_TESTS_SIMULATION_FAULTS_FAULTS_H_

#include <memory>
#include <vector>

#include "tests/simulation/scene.h"

namespace quorate::simulation {

// Partitions, isolation, one-way cuts, bridges, spells of loss and delay.
std::unique_ptr<Actor> MakeNetworkFaults(Scene& scene);
// Partitions and crashes at the moment when a joint configuration begins.
std::unique_ptr<Actor> MakeJointFaults(Scene& scene);
// Crashes and orderly stops of one member, or of all at once.
std::unique_ptr<Actor> MakeProcessFaults(Scene& scene);
// Pauses of the process, clocks that run fast or slow.
std::unique_ptr<Actor> MakeClockFaults(Scene& scene);
// Disks that are slow, full, or fail a sync; nothing durable is lost.
std::unique_ptr<Actor> MakeDiskFaults(Scene& scene);
// Disks that lose what was acknowledged, within the fault budget.
std::unique_ptr<Actor> MakeLostDisks(Scene& scene);
// Members restarted with another manifest, or with none.
std::unique_ptr<Actor> MakeWrongOptions(Scene& scene);
// Other ensembles that overlap in addresses and ids.
std::unique_ptr<Actor> MakeForeignMembers(Scene& scene);
// Joiners, and an operator who changes the membership.
std::unique_ptr<Actor> MakeJoiners(Scene& scene);
std::unique_ptr<Actor> MakeOperator(Scene& scene);
// Starts what is down, and deals with what has stopped.
std::unique_ptr<Actor> MakeSupervisor(Scene& scene);

// All of these.
std::vector<std::unique_ptr<Actor>> MakeAllFaults(Scene& scene);

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_FAULTS_FAULTS_H_
