#include "tests/simulation/liveness.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "tests/simulation/cluster.h"
#include "tests/simulation/fault_budget.h"
#include "tests/simulation/network.h"
#include "tests/simulation/scene.h"

namespace quorate::simulation {
namespace {

using consensus::Configuration;

class LivenessPhase {
 public:
  explicit LivenessPhase(Scene& scene)
      : scene_(scene), cluster_(scene.cluster) {}

  void Run() {
    SendForeignAway();
    ChooseCore();
    if (!cluster_.violations().empty()) return;
    NetworkOptions calm = scene_.options.cluster.network;
    calm.loss_per_million = calm.duplicate_per_million = 0;
    calm.straggler_per_million = 0;
    cluster_.network().SetOptions(calm);
    cluster_.network().HealCuts();
    for (int i = 0; i < cluster_.size(); ++i) {
      if (core_.contains(i)) {
        Heal(i);
      } else {
        Abandon(i);
      }
    }
    Await();
  }

 private:
  void SendForeignAway() {
    for (int i = 0; i < cluster_.size(); ++i) {
      if (scene_.plan(i).foreign) cluster_.Stop(i);
    }
  }

  // The healed core: a random majority of each side of each configuration that
  // may be in force; all founders as long as nothing has been committed, since
  // founding needs them all (rule 3).
  void ChooseCore() {
    const EnsembleId ensemble = scene_.ensemble();
    if (cluster_.ledger().Length(ensemble) == 0) {
      for (int i = 0; i < scene_.options.founders; ++i) core_.insert(i);
      return;
    }
    for (const auto& each : RelevantConfigurations(cluster_, ensemble)) {
      AddMajority(*each, each->voters());
      if (each->IsJoint()) AddMajority(*each, each->outgoing_voters());
    }
  }

  void AddMajority(const Configuration& configuration,
                   absl::Span<const MemberId> voters) {
    std::vector<int> intact;
    for (const MemberId id : voters) {
      const int holder = IntactHolder(cluster_, configuration.Find(id)->Key());
      if (holder >= 0) intact.push_back(holder);
    }
    for (size_t left = intact.size(); left > 1; --left) {
      std::swap(intact[left - 1], intact[scene_.random().Below(left)]);
    }
    const size_t majority = voters.size() / 2 + 1;
    if (intact.size() < majority) {
      return cluster_.Report("fault_budget",
                             absl::StrCat("the swarm destroyed too much of ",
                                          configuration.Describe()));
    }
    core_.insert(intact.begin(), intact.begin() + majority);
  }

  void Heal(int index) {
    SimMember& member = cluster_.member(index);
    member.SetClockDrift(0);
    member.SetDiskSlowness(1);
    member.ClearSyncFailure();
    member.SetDiskFull(false);
    member.Resume();
    const bool stopped =
        cluster_.IsUp(index) && cluster_.core(index).IsStopped();
    if (stopped || scene_.plan(index).wrong_options) scene_.PutRight(index);
    if (cluster_.IsUp(index)) return;
    const int squatter = cluster_.network().Listener(member.spec().address);
    if (squatter >= 0) cluster_.Stop(squatter);
    const absl::Status status = cluster_.Start(index);
    if (!status.ok()) {
      cluster_.Report("liveness",
                      absl::StrCat("member ", index,
                                   " does not start: ", status.ToString()));
    }
  }

  void Abandon(int index) {
    if (!IsRelevantVoter(cluster_, scene_.ensemble(), index)) return;
    switch (scene_.random().Below(4)) {
      case 0:
        return cluster_.Crash(index);
      case 1:
        return cluster_.network().Isolate(index);
      case 2:
        return cluster_.network().IsolateInbound(index);
      default:
        return cluster_.network().IsolateOutbound(index);
    }
  }

  void Await() {
    const Micros end = cluster_.now() + scene_.options.liveness_bound;
    // The ensemble may only be founded now.
    cluster_.RunUntil(
        [&] { return cluster_.ledger().Length(scene_.ensemble()) > 0; },
        scene_.options.liveness_bound);
    const absl::Status status =
        cluster_.AwaitConvergence(scene_.ensemble(), end - cluster_.now(),
                                  [&](int i) { return core_.contains(i); });
    if (status.ok()) return;
    std::string core;
    for (const int index : core_) absl::StrAppend(&core, " ", index);
    cluster_.Report("liveness",
                    absl::StrCat("no progress within ",
                                 scene_.options.liveness_bound / kSecond,
                                 " s after healing", core, ": ",
                                 status.message(), "\n", cluster_.Describe()));
  }

  Scene& scene_;
  Cluster& cluster_;
  std::set<int> core_;
};

}  // namespace

void RunLivenessPhase(Scene& scene) { LivenessPhase(scene).Run(); }

}  // namespace quorate::simulation
