#include <cstdint>
#include <map>
#include <memory>

#include "tests/simulation/cluster.h"
#include "tests/simulation/faults/faults.h"
#include "tests/simulation/scene.h"

namespace quorate::simulation {
namespace {

class ClockFaults : public Actor {
 public:
  explicit ClockFaults(Scene& scene)
      : scene_(scene),
        pauses_(scene, scene.options.rates.pause),
        drifts_(scene, scene.options.rates.drift) {}

  void Step() override {
    const Micros now = scene_.cluster.now();
    for (auto it = paused_until_.begin(); it != paused_until_.end();) {
      if (now < it->second) {
        ++it;
        continue;
      }
      scene_.cluster.Resume(it->first);
      it = paused_until_.erase(it);
    }
    if (pauses_.Due()) Pause();
    if (drifts_.Due()) Drift();
  }

 private:
  void Pause() {
    const int victim = scene_.PickVictim();
    if (victim < 0) return;
    scene_.cluster.Pause(victim);
    paused_until_[victim] =
        scene_.cluster.now() +
        scene_.random().Between(kMillisecond,
                                scene_.options.max_fault_duration);
  }

  // From half speed to double speed; now and then true again.
  void Drift() {
    const int victim = scene_.PickVictim();
    if (victim < 0) return;
    const int64_t ppm = scene_.random().Below(3) == 0
                            ? 0
                            : scene_.random().Between(-500'000, 1'000'000);
    scene_.cluster.SetClockDrift(victim, ppm);
  }

  Scene& scene_;
  RandomTimer pauses_;
  RandomTimer drifts_;
  std::map<int, Micros> paused_until_;
};

}  // namespace

std::unique_ptr<Actor> MakeClockFaults(Scene& scene) {
  return std::make_unique<ClockFaults>(scene);
}

}  // namespace quorate::simulation
