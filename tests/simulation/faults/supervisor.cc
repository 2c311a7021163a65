#include <memory>

#include "absl/status/status.h"
#include "coord/consensus/core.h"
#include "coord/consensus/roles.h"
#include "coord/consensus/rule.h"
#include "tests/simulation/cluster.h"
#include "tests/simulation/fault_budget.h"
#include "tests/simulation/faults/faults.h"
#include "tests/simulation/scene.h"

namespace quorate::simulation {
namespace {

using consensus::Rule;

// What a process manager and a person on call do: start what is down, correct
// options, replace what is lost. Now and then they do the wrong thing too.
class Supervisor : public Actor {
 public:
  explicit Supervisor(Scene& scene) : scene_(scene) {}

  void Step() override {
    for (int i = 0; i < scene_.cluster.size(); ++i) {
      Scene::Plan& plan = scene_.plan(i);
      if (plan.retired || plan.left_running) continue;
      if (!scene_.cluster.IsUp(i)) {
        AwaitStart(i);
      } else if (plan.wrong_options) {
        if (OneIn(200)) scene_.PutRight(i);
      } else if (scene_.cluster.core(i).IsStopped()) {
        if (OneIn(50)) OnStopped(i);
      } else if (std::holds_alternative<consensus::Joining>(
                     scene_.cluster.core(i).role())) {
        if (OneIn(2'000)) Retire(i);  // nobody wants it
      }
    }
  }

 private:
  bool OneIn(uint64_t times) { return scene_.random().Below(times) == 0; }

  void AwaitStart(int index) {
    const Micros now = scene_.cluster.now();
    Micros& restart_at = scene_.plan(index).restart_at;
    if (restart_at < 0) {
      restart_at =
          now + scene_.random().Between(0, scene_.options.max_downtime);
    }
    if (now < restart_at) return;
    restart_at = -1;
    const absl::Status status = scene_.cluster.Start(index);
    if (absl::IsDataLoss(status)) OnDamaged(index);
  }

  void Retire(int index) {
    scene_.cluster.Stop(index);
    scene_.plan(index).retired = true;
  }

  void Replace(int index) {
    Retire(index);
    if (scene_.InService() >= scene_.options.max_members) return;
    const bool same_address = OneIn(2);
    scene_.AddJoiner(same_address ? scene_.cluster.member(index).spec().address
                                  : "");
  }

  // Rule 21: it does not start. The disk is replaced, rightly under a new id,
  // or wrongly under the old one (rule 4).
  void OnDamaged(int index) {
    if (OneIn(2)) return Replace(index);
    scene_.Wipe(index);
  }

  void OnStopped(int index) {
    switch (scene_.cluster.core(index).stop_reason()->rule) {
      case Rule::kOrderlyExit:
        return OnRemoved(index);
      case Rule::kIncarnation:
        if (OneIn(2) || !MayWipe(index)) return Replace(index);
        return scene_.Wipe(index);
      default:
        return scene_.cluster.Crash(index);
    }
  }

  // It was removed: shut down, left running, or, wrongly, wiped to come back
  // under its old id (rule 5).
  void OnRemoved(int index) {
    if (OneIn(3)) {
      scene_.plan(index).left_running = true;
      scene_.cluster.statistics().CountFault(FaultKind::kLeftRunning);
    } else if (OneIn(2) && MayWipe(index)) {
      scene_.Wipe(index);
    } else {
      Retire(index);
    }
  }

  bool MayWipe(int index) {
    return MayLoseDisk(scene_.cluster, scene_.ensemble(), index);
  }

  Scene& scene_;
};

}  // namespace

std::unique_ptr<Actor> MakeSupervisor(Scene& scene) {
  return std::make_unique<Supervisor>(scene);
}

}  // namespace quorate::simulation
