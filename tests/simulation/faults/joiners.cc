#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "coord/consensus/options.h"
#include "tests/simulation/cluster.h"
#include "tests/simulation/faults/faults.h"
#include "tests/simulation/scene.h"

namespace quorate::simulation {
namespace {

// Bursts of newcomers, as at GitHub: they list some members and one another,
// and may outnumber the voters. Some have a bootstrap order by mistake.
class Joiners : public Actor {
 public:
  explicit Joiners(Scene& scene)
      : scene_(scene), timer_(scene, scene.options.rates.join) {}

  void Step() override {
    if (!timer_.Due()) return;
    const int count = 1 + static_cast<int>(scene_.random().Below(
                              static_cast<uint64_t>(scene_.options.burst)));
    std::vector<int> burst;
    while (static_cast<int>(burst.size()) < count &&
           scene_.InService() < scene_.options.max_members) {
      burst.push_back(scene_.AddJoiner(DrawAddress()));
    }
    if (burst.size() > 1) {
      scene_.cluster.statistics().CountFault(FaultKind::kJoinBurst);
    }
    if (scene_.random().Below(6) == 0) OrderToFound(burst);
  }

 private:
  // New, or that of a member that is out of service.
  std::string DrawAddress() {
    if (scene_.random().Below(3) != 0) return "";
    const int retired =
        scene_.Pick([&](int i) { return scene_.plan(i).retired; });
    return retired < 0 ? "" : scene_.cluster.member(retired).spec().address;
  }

  // All of `burst` get a manifest with the founders, which are at work, and
  // themselves: a majority by themselves if they are many (rule 3).
  void OrderToFound(const std::vector<int>& burst) {
    std::vector<int> listed = burst;
    for (int i = 0; i < scene_.options.founders; ++i) {
      const std::string& address = scene_.cluster.member(i).spec().address;
      if (scene_.cluster.IndexOfAddress(address) == i) listed.push_back(i);
    }
    const consensus::Manifest manifest =
        scene_.cluster.ManifestOf(listed, scene_.options.limits);
    for (const int index : burst) {
      Scene::Plan& plan = scene_.plan(index);
      plan.wrong_options = true;
      plan.proper = scene_.cluster.member(index).spec();
      MemberSpec wrong = plan.proper;
      wrong.seeds.clear();
      wrong.manifest = manifest;
      // It may have been admitted already.
      if (!scene_.cluster.member(index).ensemble().IsNone()) continue;
      scene_.cluster.statistics().CountFault(FaultKind::kWrongOptions);
      static_cast<void>(scene_.cluster.RestartWith(index, std::move(wrong)));
    }
  }

  Scene& scene_;
  RandomTimer timer_;
};

}  // namespace

std::unique_ptr<Actor> MakeJoiners(Scene& scene) {
  return std::make_unique<Joiners>(scene);
}

}  // namespace quorate::simulation
