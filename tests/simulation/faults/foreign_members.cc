#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "coord/base/ids.h"
#include "coord/consensus/options.h"
#include "tests/simulation/cluster.h"
#include "tests/simulation/faults/faults.h"
#include "tests/simulation/scene.h"

namespace quorate::simulation {
namespace {

// Other ensembles in the same network, as mistakes make them: with the same
// ids, at addresses that members of the ensemble under test had or have.
class ForeignMembers : public Actor {
 public:
  explicit ForeignMembers(Scene& scene)
      : scene_(scene), timer_(scene, scene.options.rates.foreign) {}

  void Step() override {
    if (!foreign_.empty() && scene_.cluster.now() >= until_) Leave();
    if (!timer_.Due() || !foreign_.empty()) return;
    scene_.cluster.statistics().CountFault(FaultKind::kForeignMember);
    until_ =
        scene_.cluster.now() +
        scene_.random().Between(kSecond, 2 * scene_.options.max_fault_duration);
    switch (scene_.random().Below(3)) {
      case 0:
        return TakeOver();
      case 1:
        return FoundWithBusyAddress();
      default:
        return FoundBeside();
    }
  }

 private:
  MemberId DrawId() {
    const int copied = scene_.Pick([](int) { return true; });
    return scene_.cluster.member(copied).spec().id;
  }

  void Add(MemberSpec spec) {
    const int index = scene_.cluster.Add(std::move(spec));
    scene_.plan(index).foreign = true;
    scene_.plan(index).retired = true;  // the supervisor leaves it alone
    foreign_.push_back(index);
  }

  void StartAll(const consensus::Manifest& manifest) {
    for (const int index : foreign_) {
      scene_.cluster.member(index).spec().manifest = manifest;
      static_cast<void>(scene_.cluster.Start(index));
    }
  }

  // A single founder at the address, and perhaps under the id, of a member that
  // is down meanwhile.
  void TakeOver() {
    const int victim = scene_.PickVictim();
    if (victim < 0) return;
    scene_.cluster.Crash(victim);
    scene_.plan(victim).restart_at = until_ + 10 * kMillisecond;
    const bool same_id = scene_.random().Below(2) == 0;
    Add({.id = same_id ? scene_.cluster.member(victim).spec().id : MemberId{},
         .address = scene_.cluster.member(victim).spec().address});
    StartAll(scene_.cluster.ManifestOf(foreign_, scene_.options.limits));
  }

  // Two founders whose manifest names a third, which is at work elsewhere.
  void FoundWithBusyAddress() {
    const int busy =
        scene_.Pick([&](int i) { return i < scene_.options.founders; });
    const std::string address = scene_.cluster.member(busy).spec().address;
    Add({});
    Add({});
    consensus::Manifest manifest =
        scene_.cluster.ManifestOf(foreign_, scene_.options.limits);
    manifest.founders.push_back(
        {MemberId{manifest.founders.back().id.value + 1}, address});
    StartAll(manifest);
  }

  // One to three founders at new addresses, perhaps with known ids; some later
  // restart at an address of the ensemble under test.
  void FoundBeside() {
    const uint64_t count = 1 + scene_.random().Below(3);
    for (uint64_t i = 0; i < count; ++i) Add({});
    if (count == 1) {
      SimMember& only = scene_.cluster.member(foreign_.front());
      only.spec().id = DrawId();
    }
    StartAll(scene_.cluster.ManifestOf(foreign_, scene_.options.limits));
  }

  void Leave() {
    for (const int index : foreign_) scene_.cluster.Stop(index);
    // One more comes up at a place where it does not belong.
    const int victim = scene_.PickVictim();
    if (victim >= 0 && scene_.random().Below(2) == 0) {
      scene_.cluster.Crash(victim);
      const int index = foreign_.back();
      MemberSpec spec = scene_.cluster.member(index).spec();
      spec.manifest.reset();
      spec.address = scene_.cluster.member(victim).spec().address;
      static_cast<void>(scene_.cluster.RestartWith(index, std::move(spec)));
      until_ = scene_.cluster.now() + 2 * kSecond;
      scene_.plan(victim).restart_at = until_ + 10 * kMillisecond;
      foreign_ = {index};
      if (scene_.random().Below(2) == 0) return;
      scene_.cluster.Stop(index);
    }
    foreign_.clear();
  }

  Scene& scene_;
  RandomTimer timer_;
  std::vector<int> foreign_;
  Micros until_ = 0;
};

}  // namespace

std::unique_ptr<Actor> MakeForeignMembers(Scene& scene) {
  return std::make_unique<ForeignMembers>(scene);
}

}  // namespace quorate::simulation
