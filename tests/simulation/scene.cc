#include "tests/simulation/scene.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"

namespace quorate::simulation {

EnsembleId Scene::ensemble() {
  if (!ensemble_.IsNone()) return ensemble_;
  for (int i = 0; i < options.founders; ++i) {
    if (plan(i).foreign) continue;
    const EnsembleId candidate = cluster.member(i).ensemble();
    if (candidate.IsNone()) continue;
    // An id that was minted in vain, before a crash, is drawn anew.
    if (cluster.ledger().Length(candidate) > 0) ensemble_ = candidate;
    return candidate;
  }
  return EnsembleId{};
}

int Scene::Leader() {
  return ensemble().IsNone() ? -1 : cluster.Leader(ensemble());
}

int Scene::Pick(absl::FunctionRef<bool(int)> wanted) {
  // Reservoir of one: the same draw for everyone that is wanted.
  int picked = -1;
  uint64_t seen = 0;
  for (int i = 0; i < cluster.size(); ++i) {
    if (wanted(i) && random().Below(++seen) == 0) picked = i;
  }
  return picked;
}

int Scene::PickVictim() {
  const int leader = Leader();
  if (leader >= 0 && random().Below(100) < 40) return leader;
  return Pick([&](int i) { return cluster.IsUp(i); });
}

std::vector<std::string> Scene::DrawSeeds(int asking) {
  std::vector<std::string> seeds;
  const uint64_t count = 1 + random().Below(3);
  while (seeds.size() < count) {
    const int other =
        static_cast<int>(random().Below(static_cast<uint64_t>(cluster.size())));
    if (other == asking && cluster.size() > 1) continue;
    seeds.push_back(cluster.member(other).spec().address);
  }
  return seeds;
}

int Scene::AddJoiner(const std::string& address) {
  MemberSpec spec;
  spec.address = address;
  spec.seeds = DrawSeeds(-1);
  const int index = cluster.Add(std::move(spec));
  // If the address is taken the supervisor tries again later.
  static_cast<void>(cluster.Start(index));
  return index;
}

void Scene::PutRight(int index) {
  Plan& its = plan(index);
  if (its.wrong_options) {
    its.wrong_options = false;
    cluster.member(index).spec() = its.proper;
  }
  cluster.Crash(index);
  its.restart_at = cluster.now();
}

void Scene::Wipe(int index) {
  cluster.Wipe(index);
  Plan& its = plan(index);
  MemberSpec joiner = cluster.member(index).spec();
  const bool founder = joiner.manifest.has_value();
  joiner.manifest.reset();
  joiner.seeds = DrawSeeds(index);
  if (founder && random().Below(2) == 0) {
    its.wrong_options = true;
    its.proper = std::move(joiner);
  } else {
    its.wrong_options = false;
    cluster.member(index).spec() = std::move(joiner);
  }
}

int Scene::InService() {
  int count = 0;
  for (int i = 0; i < cluster.size(); ++i) count += plan(i).retired ? 0 : 1;
  return count;
}

}  // namespace quorate::simulation
