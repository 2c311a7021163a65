#include <memory>
#include <optional>
#include <utility>

#include "tests/simulation/cluster.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/fault_budget.h"
#include "tests/simulation/faults/faults.h"
#include "tests/simulation/scene.h"

namespace quorate::simulation {
namespace {

// Disks that lose what was acknowledged. All stays within the fault budget; a
// disk is copied back only where its votes and acks never counted, because a
// quorum protocol cannot tell a voter that forgot from one that never knew.
class LostDisks : public Actor {
 public:
  explicit LostDisks(Scene& scene)
      : scene_(scene), timer_(scene, scene.options.rates.lost_disk) {}

  void Step() override {
    if (!timer_.Due()) return;
    const EnsembleId ensemble = scene_.ensemble();
    if (ensemble.IsNone()) return;
    const int victim = scene_.Pick([&](int i) {
      return !scene_.plan(i).foreign &&
             !scene_.cluster.member(i).disk().IsEmpty() &&
             MayLoseDisk(scene_.cluster, ensemble, i);
    });
    if (victim < 0) return;
    switch (scene_.random().Below(4)) {
      case 0:
        return Rot(victim);
      case 1:
        return scene_.cluster.MisdirectNextWrite(victim);
      case 2:
        return scene_.Wipe(victim);
      default:
        return CopyBack();
    }
  }

 private:
  // Noticed at the next start; half of them restart soon.
  void Rot(int victim) {
    scene_.cluster.Rot(victim);
    if (scene_.random().Below(2) == 0) scene_.cluster.Crash(victim);
  }

  void CopyBack() {
    const EnsembleId ensemble = scene_.ensemble();
    const auto harmless = [&](int i) {
      return scene_.cluster.member(i).ensemble() == ensemble &&
             !IsRelevantVoter(scene_.cluster, ensemble, i);
    };
    if (saved_.has_value() && harmless(saved_->first)) {
      scene_.cluster.CopyBack(saved_->first, saved_->second);
      saved_.reset();
      return;
    }
    saved_.reset();
    const int learner = scene_.Pick(harmless);
    if (learner < 0) return;
    saved_.emplace(learner, scene_.cluster.SaveDisk(learner));
  }

  Scene& scene_;
  RandomTimer timer_;
  std::optional<std::pair<int, Disk>> saved_;
};

}  // namespace

std::unique_ptr<Actor> MakeLostDisks(Scene& scene) {
  return std::make_unique<LostDisks>(scene);
}

}  // namespace quorate::simulation
