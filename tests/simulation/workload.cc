#include "tests/simulation/workload.h"

#include <cstdint>
#include <memory>

#include "tests/simulation/cluster.h"
#include "tests/simulation/event_queue.h"
#include "tests/simulation/scene.h"

namespace quorate::simulation {
namespace {

class Workload : public Actor {
 public:
  explicit Workload(Scene& scene) : scene_(scene) {}

  void Step() override {
    const Micros now = scene_.cluster.now();
    const Micros elapsed = now - stepped_at_;
    stepped_at_ = now;
    for (proposals_due_ += elapsed * scene_.options.proposals_per_second;
         proposals_due_ >= kSecond; proposals_due_ -= kSecond) {
      Propose();
    }
    for (reads_due_ += elapsed * scene_.options.reads_per_second;
         reads_due_ >= kSecond; reads_due_ -= kSecond) {
      Read();
    }
  }

 private:
  int Anybody() {
    return scene_.Pick([&](int i) { return scene_.cluster.IsUp(i); });
  }

  // Deposed leaders that have not noticed are where stale reads come from.
  int AnybodyWhoLeads() {
    return scene_.Pick([&](int i) {
      return scene_.cluster.IsUp(i) && scene_.cluster.core(i).IsLeader();
    });
  }

  // Most know the leader; some ask anybody, or are at another ensemble.
  void Propose() {
    const uint64_t choice = scene_.random().Below(20);
    const int asked = choice == 0   ? Anybody()
                      : choice == 1 ? scene_.cluster.Leader()
                                    : scene_.Leader();
    if (asked < 0) return;
    static_cast<void>(scene_.cluster.ProposeNext(
        asked, scene_.random().Below(scene_.options.largest_payload)));
  }

  void Read() {
    const uint64_t choice = scene_.random().Below(3);
    const int asked = choice == 0   ? Anybody()
                      : choice == 1 ? AnybodyWhoLeads()
                                    : scene_.Leader();
    if (asked >= 0) static_cast<void>(scene_.cluster.Read(asked));
  }

  Scene& scene_;
  Micros stepped_at_ = 0;
  int64_t proposals_due_ = 0;  // in microseconds of one second each
  int64_t reads_due_ = 0;
};

}  // namespace

std::unique_ptr<Actor> MakeWorkload(Scene& scene) {
  return std::make_unique<Workload>(scene);
}

}  // namespace quorate::simulation
