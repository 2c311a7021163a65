#include <memory>

#include "tests/simulation/cluster.h"
#include "tests/simulation/faults/faults.h"
#include "tests/simulation/scene.h"

namespace quorate::simulation {
namespace {

class ProcessFaults : public Actor {
 public:
  explicit ProcessFaults(Scene& scene)
      : scene_(scene),
        one_(scene, scene.options.rates.crash),
        all_(scene, scene.options.rates.crash_all) {}

  void Step() override {
    if (one_.Due()) End(scene_.PickVictim());
    if (!all_.Due()) return;
    // The power fails for all, or for most.
    const bool most = scene_.random().Below(2) == 0;
    for (int i = 0; i < scene_.cluster.size(); ++i) {
      if (most && scene_.random().Below(4) == 0) continue;
      if (scene_.cluster.IsUp(i)) scene_.cluster.Crash(i);
    }
  }

 private:
  void End(int victim) {
    if (victim < 0) return;
    if (scene_.random().Below(5) == 0) {
      scene_.cluster.Stop(victim);
    } else {
      scene_.cluster.Crash(victim);
    }
    // Some come back at once, before anybody has noticed.
    if (scene_.random().Below(4) == 0) {
      scene_.plan(victim).restart_at = scene_.cluster.now();
    }
  }

  Scene& scene_;
  RandomTimer one_;
  RandomTimer all_;
};

}  // namespace

std::unique_ptr<Actor> MakeProcessFaults(Scene& scene) {
  return std::make_unique<ProcessFaults>(scene);
}

}  // namespace quorate::simulation
