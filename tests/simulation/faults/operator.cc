#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/roles.h"
#include "tests/simulation/cluster.h"
#include "tests/simulation/fault_budget.h"
#include "tests/simulation/faults/faults.h"
#include "tests/simulation/scene.h"

namespace quorate::simulation {
namespace {

using consensus::AdmissionDecision;
using consensus::Configuration;
using consensus::Member;
using consensus::MembershipChange;

// How often a refused wish is repeated before it is given up.
constexpr int kMostAttempts = 40;

// An operator with one wish at a time, who repeats it until it is granted or
// given up, asks the wrong member now and then, and repeats what was granted.
class Operator : public Actor {
 public:
  explicit Operator(Scene& scene)
      : scene_(scene),
        wishes_(scene, scene.options.rates.change),
        transfers_(scene, scene.options.rates.transfer) {}

  void Step() override {
    const int leader = scene_.Leader();
    if (leader < 0) return;
    if (transfers_.Due()) Transfer(leader);
    const bool due = wishes_.Due();
    if (wish_.has_value()) {
      if (scene_.cluster.now() >= ask_at_) Ask(leader);
    } else if (due) {
      Draw(leader);
      ask_at_ = scene_.cluster.now();
      attempts_ = 0;
    }
  }

 private:
  const Configuration& At(int leader) {
    return scene_.cluster.core(leader).configuration();
  }

  // A random member of the configuration that satisfies `wanted`.
  std::optional<MemberId> Any(int leader,
                              absl::FunctionRef<bool(const Member&)> wanted) {
    std::optional<MemberId> any;
    uint64_t seen = 0;
    for (const Member& member : At(leader).members()) {
      if (wanted(member) && scene_.random().Below(++seen) == 0) {
        any = member.id;
      }
    }
    return any;
  }

  bool IsGone(const Member& member) {
    const int holder = IntactHolder(scene_.cluster, member.Key());
    return holder < 0 || !scene_.cluster.IsUp(holder);
  }

  void Draw(int leader) {
    MembershipChange wish = scene_.cluster.NewChange(leader);
    const uint64_t choice = scene_.random().Below(100);
    if (choice < 45) {
      Promote(leader, wish);
    } else if (choice < 65) {
      Promote(leader, wish);
      Remove(leader, wish, /*voter=*/true);
    } else if (choice < 80) {
      Remove(leader, wish, /*voter=*/true);
    } else if (choice < 90) {
      Remove(leader, wish, /*voter=*/false);
    } else if (choice < 94) {
      ChangeLimits(leader, wish);
    } else if (choice < 97) {
      AddLearner(wish);
    } else {
      Nonsense(wish);
    }
    wish_ = std::move(wish);
  }

  // Most often one; sometimes every learner there is (rule 14).
  void Promote(int leader, MembershipChange& wish) {
    const bool all = scene_.random().Below(5) == 0;
    if (!all) {
      const auto one =
          Any(leader, [](const Member& member) { return member.IsLearner(); });
      if (one.has_value()) wish.promote.push_back(*one);
      return;
    }
    for (const Member& member : At(leader).members()) {
      if (member.IsLearner()) wish.promote.push_back(member.id);
    }
  }

  // One that is gone rather than one that works.
  void Remove(int leader, MembershipChange& wish, bool voter) {
    const auto fits = [&](const Member& member) {
      return member.IsLearner() != voter &&
             std::find(wish.promote.begin(), wish.promote.end(), member.id) ==
                 wish.promote.end();
    };
    std::optional<MemberId> victim = Any(leader, [&](const Member& member) {
      return fits(member) && IsGone(member);
    });
    if (!victim.has_value() || scene_.random().Below(4) == 0) {
      victim = Any(leader, fits);
    }
    if (victim.has_value()) wish.remove.push_back(*victim);
  }

  void ChangeLimits(int leader, MembershipChange& wish) {
    consensus::Limits limits = At(leader).limits();
    limits.max_learners = static_cast<uint32_t>(scene_.random().Between(1, 8));
    limits.dead_ms = scene_.random().Between(1'000, 5'000);
    limits.stabilisation_ms = scene_.random().Between(1'000, 5'000);
    limits.min_voters = static_cast<uint32_t>(scene_.random().Between(1, 4));
    wish.limits = limits;
  }

  void AddLearner(MembershipChange& wish) {
    const int joiner = scene_.Pick([&](int i) {
      return scene_.cluster.IsUp(i) &&
             std::holds_alternative<consensus::Joining>(
                 scene_.cluster.core(i).role());
    });
    if (joiner >= 0)
      wish.add_learners.push_back(scene_.cluster.AsMember(joiner));
  }

  // Removed ids, voters promoted, members that nobody knows, old versions.
  void Nonsense(MembershipChange& wish) {
    const int any = scene_.Pick(
        [&](int i) { return !scene_.cluster.member(i).disk().IsEmpty(); });
    switch (scene_.random().Below(4)) {
      case 0:
        wish.add_learners.push_back(scene_.cluster.AsMember(any));
        break;
      case 1:
        wish.promote.push_back(scene_.cluster.AsMember(any).id);
        break;
      case 2:
        wish.remove.push_back(MemberId{999});
        break;
      default:
        wish.limits = scene_.options.limits;
        --wish.expected_version;
    }
  }

  void Ask(int leader) {
    const bool elsewhere = scene_.random().Below(10) == 0;
    const int asked =
        elsewhere ? scene_.Pick([&](int i) { return scene_.cluster.IsUp(i); })
                  : leader;
    ask_at_ =
        scene_.cluster.now() + scene_.random().Between(20, 500) * kMillisecond;
    if (++attempts_ > kMostAttempts) return wish_.reset();
    if (scene_.cluster.member(asked).ensemble() != scene_.ensemble()) return;
    if (!KeepsBudget(asked)) return wish_.reset();
    const auto decision = scene_.cluster.Change(asked, *wish_);
    if (decision.ok()) Take(leader, *decision);
  }

  bool KeepsBudget(int asked) {
    const auto plan = scene_.cluster.Plan(asked, *wish_);
    return !plan.ok() ||
           plan->outcome != AdmissionDecision::Outcome::kAccepted ||
           IsWithinBudget(scene_.cluster, plan->next, -1);
  }

  void Take(int leader, const AdmissionDecision& decision) {
    switch (decision.outcome) {
      case AdmissionDecision::Outcome::kAccepted:
        scene_.joint_begun = decision.next.IsJoint();
        // Somebody who did not hear the answer asks again.
        if (scene_.random().Below(3) != 0) wish_.reset();
        return;
      case AdmissionDecision::Outcome::kAlreadyMade:
      case AdmissionDecision::Outcome::kInvalid:
        return wish_.reset();
      case AdmissionDecision::Outcome::kRefused:
        if (scene_.random().Below(20) == 0) return wish_.reset();
        if (decision.refusal.rule == consensus::Rule::kExpectedVersion) {
          wish_->expected_version = At(leader).version();
        }
        return;
    }
  }

  void Transfer(int leader) {
    const auto target = Any(leader, [&](const Member& member) {
      return member.voter || scene_.random().Below(10) == 0;
    });
    const bool free_choice = scene_.random().Below(2) == 0;
    static_cast<void>(scene_.cluster.Transfer(
        leader, free_choice ? MemberId{} : target.value_or(MemberId{})));
  }

  Scene& scene_;
  RandomTimer wishes_;
  RandomTimer transfers_;
  std::optional<MembershipChange> wish_;
  Micros ask_at_ = 0;
  int attempts_ = 0;
};

}  // namespace

std::unique_ptr<Actor> MakeOperator(Scene& scene) {
  return std::make_unique<Operator>(scene);
}

}  // namespace quorate::simulation
