#include <map>
#include <memory>

#include "tests/simulation/cluster.h"
#include "tests/simulation/faults/faults.h"
#include "tests/simulation/scene.h"

namespace quorate::simulation {
namespace {

class DiskFaults : public Actor {
 public:
  explicit DiskFaults(Scene& scene)
      : scene_(scene),
        slow_(scene, scene.options.rates.slow_disk),
        full_(scene, scene.options.rates.full_disk),
        failing_(scene, scene.options.rates.fsync_error) {}

  void Step() override {
    const Micros now = scene_.cluster.now();
    for (auto it = until_.begin(); it != until_.end();) {
      if (now < it->second) {
        ++it;
        continue;
      }
      scene_.cluster.SetDiskSlowness(it->first, 1);
      scene_.cluster.SetDiskFull(it->first, false);
      it = until_.erase(it);
    }
    if (slow_.Due()) Slow();
    if (full_.Due()) Fill();
    if (failing_.Due()) Fail();
  }

 private:
  void Slow() {
    const int victim = scene_.PickVictim();
    if (victim < 0) return;
    const int factor = static_cast<int>(scene_.random().Between(2, 200));
    scene_.cluster.SetDiskSlowness(victim, factor);
    SetEnd(victim);
  }

  void Fill() {
    const int victim = scene_.PickVictim();
    if (victim < 0) return;
    scene_.cluster.SetDiskFull(victim, true);
    SetEnd(victim);
  }

  void Fail() {
    const int victim = scene_.PickVictim();
    if (victim >= 0) scene_.cluster.FailNextSync(victim);
  }

  void SetEnd(int victim) {
    until_[victim] = scene_.cluster.now() +
                     scene_.random().Between(10 * kMillisecond,
                                             scene_.options.max_fault_duration);
  }

  Scene& scene_;
  RandomTimer slow_;
  RandomTimer full_;
  RandomTimer failing_;
  std::map<int, Micros> until_;
};

}  // namespace

std::unique_ptr<Actor> MakeDiskFaults(Scene& scene) {
  return std::make_unique<DiskFaults>(scene);
}

}  // namespace quorate::simulation
