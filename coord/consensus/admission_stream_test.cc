// Streams of membership requests against a small model of a leader's view.
// Whatever is asked and however members come and go, what is accepted never
// lets newcomers be a majority; the model judges that with a second version of
// rules 14 and 15 that looks at a diary of who was heard when.

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "coord/base/ids.h"
#include "coord/base/seeded_random.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/guard.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/test_members.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace quorate::consensus {
namespace {

using Outcome = AdmissionDecision::Outcome;

constexpr int64_t kStepMs = 100;

Limits ShortLimits() {
  Limits limits;
  limits.stabilisation_ms = 2'000;
  limits.promotion_distance_ms = 1'000;
  limits.contact_ms = 250;
  limits.dead_ms = 1'000;
  limits.max_learners = 5;
  return limits;
}

// A leader's view, kept tick by tick as the core keeps it; and the diary.
class Leader {
 public:
  Leader(Configuration configuration, SeededRandom& random)
      : configuration_(std::move(configuration)), random_(random) {
    NewReign();
  }

  const Configuration& configuration() const { return configuration_; }

  void NewReign() {
    leader_since_ms_ = now_ms_;
    last_promotion_ms_.reset();
    views_.clear();
    heard_at_ms_.clear();
    Tick();
  }

  // Everybody who is up is heard; members fall silent and come back.
  void Tick() {
    now_ms_ += kStepMs;
    const Limits& limits = configuration_.limits();
    for (const Member& member : configuration_.members()) {
      Silence& silence = silences_[member.id];
      if (silence.until_ms <= now_ms_ && random_.Below(60) == 0) {
        silence.until_ms = now_ms_ + random_.Between(0, 3'000);
      }
      const bool is_leader = member.id == configuration_.voters().front();
      View& view = views_[member.id];
      if (is_leader || silence.until_ms <= now_ms_) {
        const bool gap = !view.last_heard_ms.has_value() ||
                         now_ms_ - *view.last_heard_ms > limits.contact_ms;
        if (gap) view.heard_since_ms = now_ms_;
        view.last_heard_ms = now_ms_;
        heard_at_ms_[member.id].push_back(now_ms_);
      }
      if (!member.voter) view.voter_since_ms.reset();
      if (member.voter && !view.voter_since_ms.has_value()) {
        view.voter_since_ms = now_ms_;
      }
      view.lag_records =
          random_.Below(50) == 0 ? limits.max_lag_records + 1 : 0;
      const bool fit =
          !CheckProven(FactsOf(member), limits, now_ms_).has_value();
      if (!fit) view.proven_since_ms.reset();
      if (fit && !view.proven_since_ms.has_value()) {
        view.proven_since_ms = now_ms_;
      }
    }
  }

  AdmissionFacts Facts() const {
    AdmissionFacts facts;
    facts.configuration = std::make_shared<const Configuration>(configuration_);
    facts.configuration_committed = true;
    facts.own_epoch_committed = true;
    facts.now_ms = now_ms_;
    facts.leader_since_ms = leader_since_ms_;
    facts.last_promotion_ms = last_promotion_ms_;
    for (const Member& member : configuration_.members()) {
      facts.members.push_back(FactsOf(member));
    }
    return facts;
  }

  // Carries out what was accepted, at once.
  void Make(const MembershipChange& change, const Configuration& next) {
    configuration_ = next.IsJoint() ? next.LeaveJoint() : next;
    if (!change.promote.empty()) last_promotion_ms_ = now_ms_;
    for (MemberId id : change.promote) promoted_at_ms_[id] = now_ms_;
    for (const Member& member : configuration_.members()) {
      View& view = views_[member.id];
      if (member.voter && !view.voter_since_ms.has_value()) {
        view.voter_since_ms = now_ms_;
      }
    }
  }

  // By the diary: a voter for the stabilisation time, and heard without a gap
  // from before that until now.
  bool DiarySaysSeasoned(MemberId id) const {
    const Limits& limits = configuration_.limits();
    const int64_t begin_ms = now_ms_ - limits.stabilisation_ms;
    const auto promoted = promoted_at_ms_.find(id);
    const bool is_new =
        leader_since_ms_ > begin_ms ||
        (promoted != promoted_at_ms_.end() && promoted->second > begin_ms);
    const auto times_ms = heard_at_ms_.find(id);
    if (is_new || times_ms == heard_at_ms_.end()) return false;
    int64_t next_ms = now_ms_;
    for (auto at_ms = times_ms->second.rbegin();
         at_ms != times_ms->second.rend(); ++at_ms) {
      if (next_ms - *at_ms > limits.contact_ms) return false;
      next_ms = *at_ms;
      if (next_ms <= begin_ms) return true;
    }
    return false;
  }

  bool DiarySaysDead(MemberId id) const {
    const auto times_ms = heard_at_ms_.find(id);
    const int64_t heard_ms = times_ms == heard_at_ms_.end()
                                 ? leader_since_ms_
                                 : times_ms->second.back();
    return now_ms_ - heard_ms >= configuration_.limits().dead_ms;
  }

 private:
  struct Silence {
    int64_t until_ms = 0;
  };
  struct View {
    std::optional<int64_t> last_heard_ms;
    int64_t heard_since_ms = 0;
    std::optional<int64_t> proven_since_ms;
    std::optional<int64_t> voter_since_ms;
    uint64_t lag_records = 0;
  };

  MemberFacts FactsOf(const Member& member) const {
    MemberFacts facts;
    facts.key = member.Key();
    const auto found = views_.find(member.id);
    if (found == views_.end()) return facts;
    const View& view = found->second;
    facts.last_heard_ms = view.last_heard_ms;
    facts.heard_since_ms = view.heard_since_ms;
    facts.proven_since_ms = view.proven_since_ms;
    facts.voter_since_ms = view.voter_since_ms;
    facts.lag_records = view.lag_records;
    return facts;
  }

  Configuration configuration_;
  SeededRandom& random_;
  int64_t now_ms_ = 0;
  int64_t leader_since_ms_ = 0;
  std::optional<int64_t> last_promotion_ms_;
  std::map<MemberId, View> views_;
  std::map<MemberId, Silence> silences_;
  // The diary.
  std::map<MemberId, std::vector<int64_t>> heard_at_ms_;
  std::map<MemberId, int64_t> promoted_at_ms_;
};

MembershipChange RandomChange(const Configuration& configuration,
                              uint64_t& next_id, SeededRandom& random) {
  MembershipChange change = ChangeOf(configuration);
  if (random.Below(3) == 0) {
    change.add_learners = MakeMembers({next_id});
    ++next_id;
  }
  for (const Member& member : configuration.members()) {
    if (member.IsLearner()) {
      if (random.Below(4) == 0) change.promote.push_back(member.id);
    } else if (member.id != configuration.voters().front() &&
               random.Below(12) == 0) {
      change.remove.push_back(member.id);
    }
  }
  return change;
}

// What every accepted change must keep: who is seasoned decides alone, and
// every quorum needs some of them.
bool KeepsSeasonedMajority(const Leader& leader, const MembershipChange& change,
                           const Configuration& next) {
  if (!next.IsJoint()) return true;
  if (change.promote.size() > 1) return false;
  const auto dead = [&](MemberId id) { return leader.DiarySaysDead(id); };
  if (change.promote.empty() &&
      std::all_of(change.remove.begin(), change.remove.end(), dead)) {
    return true;
  }
  const auto seasoned = [&](MemberId id) {
    return leader.DiarySaysSeasoned(id);
  };
  const bool first_growth =
      next.outgoing_voters().size() == 1 && next.voters().size() == 2;
  if (first_growth) return seasoned(next.outgoing_voters().front());
  return next.HasQuorum(seasoned);
}

struct Tally {
  int accepted = 0;
  int promoted = 0;
  int broken = 0;  // accepted changes that do not keep it
  std::map<Rule, int> refused;
};

Tally RunStreams(int runs, SeededRandom& random) {
  Tally tally;
  for (int run = 0; run < runs; ++run) {
    const std::vector<uint64_t> founders = random.Below(2) == 0
                                               ? std::vector<uint64_t>{1}
                                               : std::vector<uint64_t>{1, 2, 3};
    Leader leader(Founded(founders, ShortLimits()), random);
    uint64_t next_id = 10;
    for (int step = 0; step < 1'000; ++step) {
      if (random.Below(300) == 0) leader.NewReign();
      leader.Tick();
      const MembershipChange change =
          RandomChange(leader.configuration(), next_id, random);
      const AdmissionDecision decision =
          DecideAdmission(change, leader.Facts());
      if (decision.outcome == Outcome::kRefused) {
        ++tally.refused[decision.refusal.rule];
      }
      if (decision.outcome != Outcome::kAccepted) continue;
      ++tally.accepted;
      tally.promoted += static_cast<int>(change.promote.size());
      if (!KeepsSeasonedMajority(leader, change, decision.next)) {
        ++tally.broken;
      }
      leader.Make(change, decision.next);
    }
  }
  return tally;
}

class AdmissionStreamTest : public testing::Test {
 protected:
  ~AdmissionStreamTest() override { SwitchOff(Guard::kNone); }

  SeededRandom random_{TestSeed()};
};

TEST_F(AdmissionStreamTest, SeasonedVotersDecideWhateverIsAsked) {
  Tally tally = RunStreams(40, random_);
  EXPECT_EQ(tally.broken, 0);
  // The streams were worth it: much was accepted, and every rule spoke.
  EXPECT_GT(tally.accepted, 500);
  EXPECT_GT(tally.promoted, 100);
  for (Rule rule : {Rule::kProvenLearner, Rule::kObservedStability,
                    Rule::kSeasonedMajority, Rule::kBoundedJoining}) {
    EXPECT_GT(tally.refused[rule], 0) << RuleName(rule);
  }
}

TEST_F(AdmissionStreamTest, WithoutRule14TheyWouldNot) {
  SwitchOff(Guard::kRule14SeasonedMajority);
  EXPECT_GT(RunStreams(10, random_).broken, 0);
}

// 9 October 2020: hosts are brought in much too quickly. Ten of them ask again
// and again to join three voters and to be promoted.
TEST_F(AdmissionStreamTest, NewcomersAddedTooQuicklyAreNeverAMajority) {
  Leader leader(Founded({1, 2, 3}, ShortLimits()), random_);
  for (int step = 0; step < 10'000; ++step) {
    leader.Tick();
    const Configuration& now = leader.configuration();
    std::vector<MembershipChange> requests;
    for (uint64_t id = 4; id <= 13; ++id) {
      const Member* member = now.Find(MemberId{id});
      if (member == nullptr) {
        requests.push_back(Add(now, {id}));
      } else if (member->IsLearner()) {
        requests.push_back(Promote(now, {id}));
      }
    }
    if (requests.empty()) break;
    for (const MembershipChange& request : requests) {
      const AdmissionDecision decision =
          DecideAdmission(request, leader.Facts());
      if (decision.outcome != Outcome::kAccepted) continue;
      ASSERT_TRUE(KeepsSeasonedMajority(leader, request, decision.next))
          << decision.next.Describe();
      leader.Make(request, decision.next);
      break;
    }
  }
  // In good time, all of them are in.
  EXPECT_EQ(leader.configuration().voters().size(), 13u);
}

}  // namespace
}  // namespace quorate::consensus
