#include "tools/quorate/provision/forecast.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/limits.h"
#include "tools/quorate/provision/planner.h"
#include "tools/quorate/provision/target.h"

namespace quorate::tools {
namespace {

using consensus::AdmissionFacts;
using consensus::Configuration;
using consensus::Member;
using consensus::MemberFacts;
using consensus::MembershipChange;

// The two guesses.
constexpr int64_t kCatchUpMs = 500;
constexpr int64_t kChangeMs = 50;
// Every member of the largest ensemble comes, votes and goes, with a wait
// before each; more steps than that are none.
constexpr int kMostSteps =
    6 * static_cast<int>(consensus::kMaxVoters + consensus::kMaxLearners);

MemberFacts& Of(AdmissionFacts& facts, MemberId id) {
  for (MemberFacts& member : facts.members) {
    if (member.key.id == id) return member;
  }
  QUORATE_CHECK(false);
}

// From here on it keeps up.
void CatchesUp(MemberFacts& member, int64_t now_ms) {
  member.lag_records = 0;
  member.lag_bytes = 0;
  member.fsync_ms = 0;
  member.proven_since_ms = now_ms + kCatchUpMs;
}

// Who is heard goes on being heard.
void Advance(AdmissionFacts& facts, int64_t ms) {
  const consensus::Limits& limits = facts.configuration->limits();
  for (MemberFacts& member : facts.members) {
    if (consensus::IsInContact(member, limits, facts.now_ms)) {
      *member.last_heard_ms += ms;
    }
  }
  facts.now_ms += ms;
}

// Somebody else leads from now on, and starts every clock again.
void ChangeLeader(AdmissionFacts& facts, MemberId& leader) {
  leader = facts.configuration->voters().front();
  facts.leader_since_ms = facts.now_ms;
  facts.last_promotion_ms = facts.now_ms;
  for (MemberFacts& member : facts.members) {
    if (member.voter_since_ms) member.voter_since_ms = facts.now_ms;
    if (member.proven_since_ms) {
      member.proven_since_ms = std::max(*member.proven_since_ms, facts.now_ms);
    }
  }
}

void Make(MembershipChange change, uint64_t change_id, AdmissionFacts& facts,
          MemberId& leader) {
  change.change_id = change_id;
  absl::StatusOr<Configuration> next = facts.configuration->Enter(change);
  QUORATE_CHECK(next.ok());
  facts.configuration = std::make_shared<const Configuration>(
      next->IsJoint() ? next->LeaveJoint() : *std::move(next));
  for (const Member& added : change.add_learners) {
    MemberFacts newcomer;
    newcomer.key = added.Key();
    newcomer.last_heard_ms = facts.now_ms;
    newcomer.heard_since_ms = facts.now_ms;
    CatchesUp(newcomer, facts.now_ms);
    facts.members.push_back(newcomer);
  }
  for (const MemberId id : change.promote) {
    MemberFacts& promoted = Of(facts, id);
    promoted.voter_since_ms = facts.now_ms;
    promoted.heard_since_ms = facts.now_ms;
    facts.last_promotion_ms = facts.now_ms;
  }
  std::erase_if(facts.members, [&](const MemberFacts& member) {
    return facts.configuration->Find(member.key.id) == nullptr;
  });
  if (facts.configuration->Find(leader) == nullptr) {
    ChangeLeader(facts, leader);
  }
  Advance(facts, kChangeMs);
}

}  // namespace

Forecast PlayAhead(const TargetMembers& target, AdmissionFacts facts,
                   MemberId leader) {
  Forecast forecast;
  const int64_t start_ms = facts.now_ms;
  for (MemberFacts& member : facts.members) {
    const bool learns = facts.configuration->Find(member.key.id)->IsLearner();
    if (learns && !member.proven_since_ms && member.last_heard_ms) {
      CatchesUp(member, facts.now_ms);
    }
  }
  for (int i = 0; i < kMostSteps; ++i) {
    Step step;
    if (facts.configuration->IsJoint()) {
      // Under way already.
      facts.configuration = std::make_shared<const Configuration>(
          facts.configuration->LeaveJoint());
      std::erase_if(facts.members, [&](const MemberFacts& member) {
        return facts.configuration->Find(member.key.id) == nullptr;
      });
      if (facts.configuration->Find(leader) == nullptr) {
        ChangeLeader(facts, leader);
      }
      Advance(facts, kChangeMs);
      continue;
    }
    step = NextStep(target, facts, leader);
    forecast.total_ms = facts.now_ms - start_ms;
    switch (step.kind) {
      case Step::Kind::kDone:
        return forecast;
      case Step::Kind::kBlocked:
        forecast.blocked = std::move(step);
        return forecast;
      case Step::Kind::kWait:
        Advance(facts, std::max<int64_t>(1, step.wait_ms));
        break;
      case Step::Kind::kChange: {
        ForecastStep made{.at_ms = facts.now_ms - start_ms,
                          .change = step.change};
        Make(std::move(step.change), static_cast<uint64_t>(i) + 1, facts,
             leader);
        made.voters = facts.configuration->voters().size();
        made.learners = facts.configuration->LearnerCount();
        forecast.steps.push_back(std::move(made));
        break;
      }
    }
  }
  // The rules go on naming a time that does not help.
  forecast.blocked = NextStep(target, facts, leader);
  return forecast;
}

}  // namespace quorate::tools
