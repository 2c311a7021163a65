#include <algorithm>
#include <memory>
#include <vector>

#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "tests/simulation/cluster.h"
#include "tests/simulation/fault_budget.h"
#include "tests/simulation/faults/faults.h"
#include "tests/simulation/scene.h"

namespace quorate::simulation {
namespace {

// A joint configuration lasts for a few milliseconds, so that faults at random
// hardly ever meet it. These wait for it: the leader keeps a majority of one
// side only, or crashes with the news.
class JointFaults : public Actor {
 public:
  explicit JointFaults(Scene& scene)
      : scene_(scene),
        enabled_(scene.options.rates.network > 0 ||
                 scene.options.rates.crash > 0) {}

  void Step() override {
    if (until_ > 0 && scene_.cluster.now() >= until_) {
      scene_.cluster.network().HealCuts();
      until_ = 0;
    }
    if (!scene_.joint_begun) return;
    scene_.joint_begun = false;
    const int leader = scene_.Leader();
    if (!enabled_ || leader < 0) return;
    switch (scene_.random().Below(8)) {
      case 0:
        return CutOff(leader, /*keep_incoming=*/true);
      case 1:
        return CutOff(leader, /*keep_incoming=*/false);
      case 2:
        return scene_.cluster.Crash(leader);
      default:
        return;
    }
  }

 private:
  // The leader with a bare majority of one side, and all others.
  void CutOff(int leader, bool keep_incoming) {
    const consensus::Configuration& joint =
        scene_.cluster.core(leader).configuration();
    const std::vector<MemberId>& side =
        keep_incoming ? joint.voters() : joint.outgoing_voters();
    std::vector<int> kept = {leader};
    for (const MemberId id : side) {
      if (kept.size() > side.size() / 2) break;
      const int holder = IntactHolder(scene_.cluster, joint.Find(id)->Key());
      if (holder >= 0 && holder != leader) kept.push_back(holder);
    }
    std::vector<int> others;
    for (int i = 0; i < scene_.cluster.size(); ++i) {
      if (std::find(kept.begin(), kept.end(), i) == kept.end()) {
        others.push_back(i);
      }
    }
    scene_.cluster.Partition(std::vector<std::vector<int>>{kept, others});
    until_ = scene_.cluster.now() +
             scene_.random().Between(100 * kMillisecond,
                                     scene_.options.max_fault_duration);
  }

  Scene& scene_;
  const bool enabled_;
  Micros until_ = 0;
};

}  // namespace

std::unique_ptr<Actor> MakeJointFaults(Scene& scene) {
  return std::make_unique<JointFaults>(scene);
}

}  // namespace quorate::simulation
