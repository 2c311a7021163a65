#include "tools/quorate/provision/planner.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/rule.h"
#include "tools/quorate/provision/target.h"
#include "tools/quorate/provision/view.h"

namespace quorate::tools {
namespace {

using consensus::AdmissionDecision;
using consensus::AdmissionFacts;
using consensus::Configuration;
using consensus::Member;
using consensus::MembershipChange;
using consensus::Refusal;
using consensus::Rule;

// Of changes that are only thought of: no configuration remembers it.
constexpr uint64_t kSomeChangeId = std::numeric_limits<uint64_t>::max();

// Collects what stands in the way of the changes that were offered, until one
// is allowed.
class Offers {
 public:
  explicit Offers(const AdmissionFacts& facts) : facts_(facts) {}

  // True: it may be made, and nothing else is to be offered.
  bool Offer(MembershipChange change) {
    change.change_id = kSomeChangeId;
    change.expected_version = facts_.configuration->version();
    const AdmissionDecision decision =
        consensus::DecideAdmission(change, facts_);
    change.change_id = 0;
    switch (decision.outcome) {
      case AdmissionDecision::Outcome::kAccepted:
        accepted_ = std::move(change);
        return true;
      case AdmissionDecision::Outcome::kRefused:
        Note(decision.refusal, std::move(change));
        return false;
      case AdmissionDecision::Outcome::kAlreadyMade:
      case AdmissionDecision::Outcome::kInvalid:
        Block(Rule::kNone, std::string(decision.error.message()),
              std::move(change));
        return false;
    }
    return false;
  }

  // A change that cannot be offered.
  void Block(Rule rule, std::string reason, MembershipChange change) {
    Refusal refusal;
    refusal.rule = rule;
    refusal.reason = std::move(reason);
    Note(std::move(refusal), std::move(change));
  }

  // The change that may be made, or the soonest that could be, or why none.
  Step Best() && {
    Step step;
    if (accepted_) {
      step.kind = Step::Kind::kChange;
      step.change = *std::move(accepted_);
    } else if (soonest_) {
      step = *std::move(soonest_);
    } else if (blocked_) {
      step = *std::move(blocked_);
    }
    return step;
  }

 private:
  void Note(Refusal refusal, MembershipChange change) {
    Step step;
    step.change = std::move(change);
    if (!refusal.retry_after_ms.has_value()) {
      step.kind = Step::Kind::kBlocked;
      step.refusal = std::move(refusal);
      if (!blocked_) blocked_ = std::move(step);
      return;
    }
    step.kind = Step::Kind::kWait;
    step.wait_ms = *refusal.retry_after_ms;
    step.refusal = std::move(refusal);
    if (!soonest_ || step.wait_ms < soonest_->wait_ms) {
      soonest_ = std::move(step);
    }
  }

  const AdmissionFacts& facts_;
  std::optional<MembershipChange> accepted_;
  std::optional<Step> soonest_;
  std::optional<Step> blocked_;
};

MembershipChange Promotion(MemberId id) {
  MembershipChange change;
  change.promote = {id};
  return change;
}

MembershipChange Removal(MemberId id) {
  MembershipChange change;
  change.remove = {id};
  return change;
}

MembershipChange Replacement(MemberId newcomer, MemberId leaving) {
  MembershipChange change = Promotion(newcomer);
  change.remove = {leaving};
  return change;
}

// What has to come, to change and to go.
class Difference {
 public:
  Difference(const TargetMembers& target, const AdmissionFacts& facts,
             MemberId leader)
      : facts_(facts), configuration_(*facts.configuration), leader_(leader) {
    for (const TargetMember& wanted : target) {
      if (wanted.voter) ++wanted_voters_;
      const Member* member = configuration_.Find(wanted.id);
      if (member == nullptr) {
        newcomers_.push_back(wanted);
      } else if (wanted.voter && !member->voter) {
        to_promote_.push_back(member->id);
      }
    }
    // Those that are to vote first.
    std::stable_partition(newcomers_.begin(), newcomers_.end(),
                          [](const TargetMember& m) { return m.voter; });
    for (const Member& member : configuration_.members()) {
      const bool wanted = std::any_of(
          target.begin(), target.end(),
          [&](const TargetMember& other) { return other.id == member.id; });
      if (wanted) continue;
      (member.voter ? leaving_ : learners_to_go_).push_back(member.id);
    }
    SortLeaving();
    // Who is in contact and has been fit for longest is asked first.
    std::stable_partition(
        to_promote_.begin(), to_promote_.end(), [&](MemberId id) {
          return FactsOf(facts_, id).proven_since_ms.has_value();
        });
  }

  bool IsEmpty() const {
    return newcomers_.empty() && to_promote_.empty() && leaving_.empty() &&
           learners_to_go_.empty();
  }

  void OfferAll(Offers& offers) const {
    if (OfferDeadRemovals(offers) || OfferLearnerRemovals(offers) ||
        OfferNewcomers(offers) || OfferPromotions(offers)) {
      return;
    }
    OfferRemovals(offers);
    for (const TargetMember& newcomer : newcomers_) {
      if (newcomer.trouble.empty()) continue;
      offers.Block(Rule::kNone, newcomer.trouble, MembershipChange());
    }
  }

 private:
  bool IsDead(MemberId id) const {
    return id != leader_ && consensus::IsDead(FactsOf(facts_, id), facts_);
  }
  bool IsInContact(MemberId id) const {
    return consensus::IsInContact(FactsOf(facts_, id), configuration_.limits(),
                                  facts_.now_ms);
  }

  // Dead ones, silent ones, the others, the leader; of equals, the newest.
  void SortLeaving() {
    std::sort(leaving_.begin(), leaving_.end(), [&](MemberId a, MemberId b) {
      const auto rank = [&](MemberId id) {
        return std::make_tuple(id == leader_, !IsDead(id), IsInContact(id));
      };
      return rank(a) != rank(b) ? rank(a) < rank(b) : b < a;
    });
  }

  bool OfferDeadRemovals(Offers& offers) const {
    const size_t voters = configuration_.voters().size();
    const size_t floor =
        std::max<size_t>(wanted_voters_, configuration_.limits().min_voters);
    if (voters <= floor) return false;
    return std::any_of(leaving_.begin(), leaving_.end(), [&](MemberId id) {
      return IsDead(id) && offers.Offer(Removal(id));
    });
  }

  bool OfferLearnerRemovals(Offers& offers) const {
    if (learners_to_go_.empty()) return false;
    MembershipChange change;
    change.remove = learners_to_go_;
    return offers.Offer(std::move(change));
  }

  bool OfferNewcomers(Offers& offers) const {
    if (newcomers_.empty()) return false;
    const size_t learners = configuration_.LearnerCount();
    const size_t most = configuration_.limits().max_learners;
    size_t room = learners < most ? most - learners : 0;
    size_t voters_outside = 0;
    for (const TargetMember& newcomer : newcomers_) {
      if (newcomer.voter) ++voters_outside;
    }
    MembershipChange change;
    bool full = false;
    for (const TargetMember& newcomer : newcomers_) {
      if (!newcomer.trouble.empty()) continue;
      full |= room == 0;
      // One place stays free for who is still to come and vote.
      const size_t needed = !newcomer.voter && voters_outside > 0 ? 2 : 1;
      if (room < needed) continue;
      --room;
      if (newcomer.voter) --voters_outside;
      change.add_learners.push_back({.id = newcomer.id,
                                     .incarnation = newcomer.incarnation,
                                     .address = newcomer.address});
    }
    if (!change.add_learners.empty()) return offers.Offer(std::move(change));
    if (full) {
      offers.Block(
          Rule::kBoundedJoining,
          absl::StrCat("there are ", learners, " learners, at most ", most,
                       " may be at once, and others are to join"),
          MembershipChange());
    }
    return false;
  }

  bool OfferPromotions(Offers& offers) const {
    return std::any_of(to_promote_.begin(), to_promote_.end(),
                       [&](MemberId id) { return OfferPromotion(id, offers); });
  }

  bool OfferPromotion(MemberId id, Offers& offers) const {
    const std::optional<Refusal> unfit = consensus::CheckProven(
        FactsOf(facts_, id), configuration_.limits(), facts_.now_ms);
    if (unfit && !IsInContact(id)) {
      // The rule names a time, but time does not start a member.
      offers.Block(unfit->rule, unfit->reason, Promotion(id));
      return false;
    }
    const bool grow = configuration_.voters().size() < wanted_voters_;
    if (!leaving_.empty() && IsDead(leaving_.front()) &&
        offers.Offer(Replacement(id, leaving_.front()))) {
      return true;
    }
    if (grow && offers.Offer(Promotion(id))) return true;
    for (const MemberId leaving : leaving_) {
      if (leaving == leader_ && leaving_.size() > 1) continue;
      if (offers.Offer(Replacement(id, leaving))) return true;
    }
    // More voters for a while, if that is what the rules allow.
    return !grow && offers.Offer(Promotion(id));
  }

  bool OfferRemovals(Offers& offers) const {
    const bool promotions_to_come =
        !to_promote_.empty() ||
        (!newcomers_.empty() && newcomers_.front().voter);
    if (promotions_to_come) return false;
    for (const MemberId id : leaving_) {
      if (id == leader_ && leaving_.size() > 1) continue;
      if (offers.Offer(Removal(id))) return true;
    }
    return false;
  }

  const AdmissionFacts& facts_;
  const Configuration& configuration_;
  const MemberId leader_;
  size_t wanted_voters_ = 0;
  std::vector<TargetMember> newcomers_;
  std::vector<MemberId> to_promote_;
  std::vector<MemberId> leaving_;
  std::vector<MemberId> learners_to_go_;
};

std::string ListOf(const std::vector<MemberId>& ids) {
  return absl::StrJoin(ids, ", ", [](std::string* out, MemberId id) {
    absl::StrAppend(out, ToString(id));
  });
}

}  // namespace

Step NextStep(const TargetMembers& target, const AdmissionFacts& facts,
              MemberId leader) {
  if (facts.configuration->IsJoint()) {
    Step step;
    step.kind = Step::Kind::kWait;
    step.wait_ms = facts.configuration->limits().contact_ms;
    step.refusal.rule = Rule::kOneAtATime;
    step.refusal.reason = "a change is under way";
    return step;
  }
  const Difference difference(target, facts, leader);
  if (difference.IsEmpty()) return Step();
  Offers offers(facts);
  difference.OfferAll(offers);
  return std::move(offers).Best();
}

std::string DescribeChange(const MembershipChange& change) {
  std::vector<std::string> parts;
  if (!change.add_learners.empty()) {
    parts.push_back(absl::StrCat(
        "add ",
        absl::StrJoin(change.add_learners, ", ",
                      [](std::string* out, const Member& member) {
                        absl::StrAppend(out, ToString(member.id), " (",
                                        member.address, ")");
                      }),
        change.add_learners.size() == 1 ? " as a learner" : " as learners"));
  }
  if (!change.promote.empty() && !change.remove.empty()) {
    parts.push_back(absl::StrCat("replace ", ListOf(change.remove), " by ",
                                 ListOf(change.promote)));
  } else if (!change.promote.empty()) {
    parts.push_back(absl::StrCat("promote ", ListOf(change.promote)));
  } else if (!change.remove.empty()) {
    parts.push_back(absl::StrCat("remove ", ListOf(change.remove)));
  }
  return absl::StrJoin(parts, ", ");
}

}  // namespace quorate::tools
