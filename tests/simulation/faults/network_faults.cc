#include <cstdint>
#include <memory>
#include <vector>

#include "tests/simulation/cluster.h"
#include "tests/simulation/faults/faults.h"
#include "tests/simulation/network.h"
#include "tests/simulation/scene.h"

namespace quorate::simulation {
namespace {

class NetworkFaults : public Actor {
 public:
  explicit NetworkFaults(Scene& scene)
      : scene_(scene),
        cuts_(scene, scene.options.rates.network),
        spells_(scene, scene.options.rates.bad_network),
        usual_(scene.options.cluster.network) {}

  void Step() override {
    const Micros now = scene_.cluster.now();
    if (cut_until_ > 0 && now >= cut_until_) {
      scene_.cluster.network().HealCuts();
      cut_until_ = 0;
    }
    if (spell_until_ > 0 && now >= spell_until_) {
      scene_.cluster.network().SetOptions(usual_);
      spell_until_ = 0;
    }
    if (cuts_.Due()) Cut();
    if (spells_.Due()) Spoil();
  }

 private:
  Micros Until() {
    return scene_.cluster.now() +
           scene_.random().Between(50 * kMillisecond,
                                   scene_.options.max_fault_duration);
  }

  void Cut() {
    cut_until_ = Until();
    switch (scene_.random().Below(6)) {
      case 0:
        return Split(/*bridge=*/false);
      case 1:
        return Split(/*bridge=*/true);
      case 2:
        return scene_.cluster.Isolate(AnyMember());
      case 3:
        return CutOneWay(/*inbound=*/true);
      case 4:
        return CutOneWay(/*inbound=*/false);
      default:
        return CutLinks();
    }
  }

  // The leader in two cases of five: that is where it hurts.
  int AnyMember() {
    const int victim = scene_.PickVictim();
    return victim >= 0 ? victim : 0;
  }

  // Two sides at random; over a bridge, one member reaches both.
  void Split(bool bridge) {
    std::vector<std::vector<int>> sides(2);
    for (int i = 0; i < scene_.cluster.size(); ++i) {
      sides[scene_.random().Below(2)].push_back(i);
    }
    if (bridge) {
      const int between = AnyMember();
      sides[0].push_back(between);
      sides[1].push_back(between);
      scene_.cluster.statistics().CountFault(FaultKind::kBridge);
    }
    scene_.cluster.Partition(sides);
  }

  void CutOneWay(bool inbound) {
    const int victim = AnyMember();
    for (int other = 0; other < scene_.cluster.size(); ++other) {
      if (other == victim) continue;
      scene_.cluster.network().Cut(inbound ? other : victim,
                                   inbound ? victim : other);
    }
    scene_.cluster.statistics().CountFault(FaultKind::kOneWayCut);
  }

  void CutLinks() {
    const uint64_t count = static_cast<uint64_t>(scene_.cluster.size());
    const uint64_t links = 1 + scene_.random().Below(2 * count);
    for (uint64_t i = 0; i < links; ++i) {
      const int from = static_cast<int>(scene_.random().Below(count));
      const int to = static_cast<int>(scene_.random().Below(count));
      if (from != to) scene_.cluster.CutLink(from, to);
    }
  }

  void Spoil() {
    SeededRandom& random = scene_.random();
    NetworkOptions bad = usual_;
    bad.loss_per_million = static_cast<uint32_t>(random.Below(300'000));
    bad.duplicate_per_million = static_cast<uint32_t>(random.Below(200'000));
    bad.straggler_per_million = static_cast<uint32_t>(random.Below(300'000));
    bad.straggler_delay = random.Between(kMillisecond, 2 * kSecond);
    bad.max_delay += random.Between(0, 100 * kMillisecond);
    scene_.cluster.network().SetOptions(bad);
    scene_.cluster.statistics().CountFault(FaultKind::kBadNetwork);
    spell_until_ = Until();
  }

  Scene& scene_;
  RandomTimer cuts_;
  RandomTimer spells_;
  const NetworkOptions usual_;
  Micros cut_until_ = 0;
  Micros spell_until_ = 0;
};

}  // namespace

std::unique_ptr<Actor> MakeNetworkFaults(Scene& scene) {
  return std::make_unique<NetworkFaults>(scene);
}

}  // namespace quorate::simulation
