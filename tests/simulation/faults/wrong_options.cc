#include <memory>
#include <utility>

#include "coord/consensus/options.h"
#include "tests/simulation/cluster.h"
#include "tests/simulation/faults/faults.h"
#include "tests/simulation/scene.h"

namespace quorate::simulation {
namespace {

// A member restarted with another manifest: one that lists only itself, or the
// right founders with other limits. It must not found anything, and what it
// knows must not change (rules 3 and 6). The supervisor puts it right again.
class WrongOptions : public Actor {
 public:
  explicit WrongOptions(Scene& scene)
      : scene_(scene), timer_(scene, scene.options.rates.wrong_options) {}

  void Step() override {
    if (!timer_.Due()) return;
    const int victim = scene_.Pick([&](int i) {
      return scene_.cluster.IsUp(i) && !scene_.plan(i).foreign &&
             !scene_.plan(i).wrong_options &&
             !scene_.cluster.member(i).ensemble().IsNone();
    });
    if (victim < 0) return;
    Scene::Plan& plan = scene_.plan(victim);
    plan.wrong_options = true;
    plan.proper = scene_.cluster.member(victim).spec();

    MemberSpec wrong = plan.proper;
    wrong.seeds.clear();
    consensus::Manifest manifest;
    manifest.limits = scene_.options.limits;
    if (wrong.manifest.has_value() && scene_.random().Below(2) == 0) {
      manifest = *wrong.manifest;
      manifest.limits.dead_ms += 1'000;
    } else {
      manifest.founders.push_back({wrong.id, wrong.address});
    }
    wrong.manifest = std::move(manifest);
    scene_.cluster.statistics().CountFault(FaultKind::kWrongOptions);
    static_cast<void>(scene_.cluster.RestartWith(victim, std::move(wrong)));
  }

 private:
  Scene& scene_;
  RandomTimer timer_;
};

}  // namespace

std::unique_ptr<Actor> MakeWrongOptions(Scene& scene) {
  return std::make_unique<WrongOptions>(scene);
}

}  // namespace quorate::simulation
