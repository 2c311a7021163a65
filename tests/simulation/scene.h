// Scene: what the actors of a swarm run share: the cluster, the options, and
// what is planned for each member.
//
// Actors are the workload, the faults, the operator and the supervisor. Each
// gets a turn every few simulated milliseconds.

#ifndef QUORATE_TESTS_SIMULATION_SCENE_H_
#define QUORATE_TESTS_SIMULATION_SCENE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "coord/base/ids.h"
#include "coord/base/seeded_random.h"
#include "tests/simulation/cluster.h"
#include "tests/simulation/event_queue.h"
#include "tests/simulation/swarm_options.h"

namespace quorate::simulation {

class Scene {
 public:
  // What is planned for one member.
  struct Plan {
    // When the supervisor starts it again if it is down; -1: not decided.
    Micros restart_at = -1;
    // Out of service for good: never started again in the safety phase.
    bool retired = false;
    // Belongs to another ensemble than the one under test.
    bool foreign = false;
    // It runs with wrong options; `proper` are the right ones.
    bool wrong_options = false;
    MemberSpec proper = {};
    // It was removed, and nobody shuts it down.
    bool left_running = false;
  };

  Scene(Cluster& the_cluster, const SwarmOptions& the_options)
      : cluster(the_cluster), options(the_options) {}

  Plan& plan(int index) {
    if (plans_.size() <= static_cast<size_t>(index)) {
      plans_.resize(static_cast<size_t>(index) + 1);
    }
    return plans_[static_cast<size_t>(index)];
  }

  SeededRandom& random() { return cluster.random(); }

  // The ensemble under test; none until it has been founded.
  EnsembleId ensemble();
  // Its leader of the highest epoch; -1: none.
  int Leader();

  // A random member that satisfies `wanted`; -1: there is none.
  int Pick(absl::FunctionRef<bool(int)> wanted);
  // Any running member of the ensemble under test, most often the leader.
  int PickVictim();

  // Adds and starts a member that asks some members, and perhaps other
  // joiners, for admission. `address`: empty for a new one.
  int AddJoiner(const std::string& address);
  std::vector<std::string> DrawSeeds(int asking);
  // Starts it again with its proper options.
  void PutRight(int index);
  // Empties the disk; it will come back under its old id: as a joiner, or, if
  // it was a founder, perhaps with its old bootstrap order for a while.
  void Wipe(int index);
  // Members that are not retired.
  int InService();

  Cluster& cluster;
  const SwarmOptions& options;
  // The operator has just begun a change of voters: nobody but the leader
  // knows.
  bool joint_begun = false;

 private:
  std::vector<Plan> plans_;
  EnsembleId ensemble_;
};

class Actor {
 public:
  virtual ~Actor() = default;
  virtual void Step() = 0;
};

// Comes due at random, on average every `mean`; never if that is 0.
class RandomTimer {
 public:
  RandomTimer(Scene& scene, Micros mean) : scene_(scene), mean_(mean) {
    Rewind();
  }

  bool Due() {
    if (mean_ == 0 || scene_.cluster.now() < at_) return false;
    Rewind();
    return true;
  }

 private:
  void Rewind() {
    at_ = scene_.cluster.now() + scene_.random().Between(0, 2 * mean_);
  }

  Scene& scene_;
  const Micros mean_;
  Micros at_ = 0;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_SCENE_H_
