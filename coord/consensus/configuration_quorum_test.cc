// Quorums of configurations, by brute force: for every configuration that
// random changes lead through, over every set of its members.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "coord/base/ids.h"
#include "coord/base/seeded_random.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/guard.h"
#include "coord/consensus/quorum.h"
#include "coord/consensus/test_members.h"
#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace quorate::consensus {
namespace {

// Members of the tests below; a set of them is a bit mask, bit 0 for member 1.
constexpr uint64_t kMembers = 7;
constexpr uint32_t kSets = 1u << kMembers;

bool InSet(uint32_t set, MemberId id) {
  return ((set >> (id.value - 1)) & 1) != 0;
}

bool IsQuorum(const Configuration& configuration, uint32_t set) {
  return configuration.HasQuorum([&](MemberId id) { return InSet(set, id); });
}

// By the definition: more than half of the one side, and of the other if any.
bool NaiveIsQuorum(const Configuration& configuration, uint32_t set) {
  size_t incoming = 0;
  size_t outgoing = 0;
  size_t incoming_in_set = 0;
  size_t outgoing_in_set = 0;
  for (const Member& member : configuration.members()) {
    if (member.voter) ++incoming;
    if (member.outgoing_voter) ++outgoing;
    if (member.voter && InSet(set, member.id)) ++incoming_in_set;
    if (member.outgoing_voter && InSet(set, member.id)) ++outgoing_in_set;
  }
  return 2 * incoming_in_set > incoming &&
         (outgoing == 0 || 2 * outgoing_in_set > outgoing);
}

std::vector<uint32_t> QuorumsOf(const Configuration& configuration) {
  std::vector<uint32_t> quorums;
  for (uint32_t set = 0; set < kSets; ++set) {
    if (IsQuorum(configuration, set)) quorums.push_back(set);
  }
  return quorums;
}

bool AlwaysIntersect(const std::vector<uint32_t>& a,
                     const std::vector<uint32_t>& b) {
  for (uint32_t left : a) {
    for (uint32_t right : b) {
      if ((left & right) == 0) return false;
    }
  }
  return true;
}

// Some change of `configuration`, which need not make sense. Ids that were
// removed do come back here under rule 5's eyes, so most sequences end early;
// that is fine, as there are many.
MembershipChange RandomChange(const Configuration& configuration,
                              SeededRandom& random) {
  MembershipChange change = ChangeOf(configuration);
  for (uint64_t id = 1; id <= kMembers; ++id) {
    if (random.Below(3) != 0) continue;
    const Member* member = configuration.Find(MemberId{id});
    if (member == nullptr) {
      if (!configuration.WasRemoved({id})) {
        change.add_learners.push_back(MakeMember(id));
      }
    } else if (member->IsLearner() && random.Below(4) != 0) {
      change.promote.push_back({id});
    } else {
      change.remove.push_back({id});
    }
  }
  return change;
}

Configuration RandomFounded(SeededRandom& random) {
  std::vector<uint64_t> founders;
  for (uint64_t id = 1; id <= 1 + random.Below(5); ++id) founders.push_back(id);
  return Founded(founders);
}

struct Tally {
  int joint = 0;    // joint configurations met
  int apart = 0;    // neighbours that have quorums without a common member
  int misread = 0;  // sets that the definition judges otherwise
  int unsound = 0;  // configurations that did not survive FromParts()
};

// Counts what is wrong with `now` by itself.
void Inspect(const Configuration& now, Tally& tally) {
  if (now.IsJoint()) ++tally.joint;
  for (uint32_t set = 0; set < kSets; ++set) {
    if (IsQuorum(now, set) != NaiveIsQuorum(now, set)) ++tally.misread;
  }
  const auto again = Configuration::FromParts(now.parts());
  if (!again.ok() || *again != now) ++tally.unsound;
}

Tally WalkRandomly(int sequences, SeededRandom& random) {
  Tally tally;
  for (int sequence = 0; sequence < sequences; ++sequence) {
    Configuration now = RandomFounded(random);
    for (int step = 0; step < 12; ++step) {
      Configuration next;
      if (now.IsJoint()) {
        next = now.LeaveJoint();
      } else {
        const auto entered = now.Enter(RandomChange(now, random));
        if (!entered.ok()) continue;
        next = *entered;
      }
      Inspect(next, tally);
      if (!AlwaysIntersect(QuorumsOf(now), QuorumsOf(next))) ++tally.apart;
      now = next;
    }
  }
  return tally;
}

class ConfigurationQuorumTest : public testing::Test {
 protected:
  ~ConfigurationQuorumTest() override { SwitchOff(Guard::kNone); }

  SeededRandom random_{TestSeed()};
};

TEST_F(ConfigurationQuorumTest, QuorumsOfNeighboursIntersect) {
  const Tally tally = WalkRandomly(300, random_);
  EXPECT_GT(tally.joint, 200);
  EXPECT_EQ(tally.apart, 0);
  EXPECT_EQ(tally.misread, 0);
  EXPECT_EQ(tally.unsound, 0);
}

TEST_F(ConfigurationQuorumTest, WithoutRule9TheyWouldNot) {
  SwitchOff(Guard::kRule9BothMajorities);
  EXPECT_GT(WalkRandomly(300, random_).apart, 0);
}

// A joint configuration with its sides exchanged.
Configuration SidesSwapped(const Configuration& joint) {
  Configuration::Parts parts = joint.parts();
  for (Member& member : parts.members) {
    std::swap(member.voter, member.outgoing_voter);
  }
  return *Configuration::FromParts(parts);
}

// Only one side of a joint configuration.
Configuration OneSide(const Configuration& joint, bool incoming) {
  Configuration::Parts parts = joint.parts();
  parts.changes.clear();
  for (Member& member : parts.members) {
    if (!incoming) member.voter = member.outgoing_voter;
    member.outgoing_voter = false;
  }
  return *Configuration::FromParts(parts);
}

TEST_F(ConfigurationQuorumTest, JointAnswersCombineThoseOfTheSides) {
  int joints = 0;
  while (joints < 300) {
    Configuration c = RandomFounded(random_);
    for (int step = 0; step < 3 && !c.IsJoint(); ++step) {
      const auto entered = c.Enter(RandomChange(c, random_));
      if (entered.ok()) c = *entered;
    }
    if (!c.IsJoint()) continue;
    ++joints;
    const Configuration swapped = SidesSwapped(c);
    const Configuration incoming = OneSide(c, true);
    const Configuration outgoing = OneSide(c, false);
    for (uint32_t set = 0; set < kSets; ++set) {
      EXPECT_EQ(IsQuorum(c, set), IsQuorum(swapped, set));
      EXPECT_EQ(IsQuorum(c, set),
                IsQuorum(incoming, set) && IsQuorum(outgoing, set));
    }
    std::vector<Zxid> zxids(kMembers + 1);
    std::vector<std::optional<bool>> votes(kMembers + 1);
    for (uint64_t id = 1; id <= kMembers; ++id) {
      zxids[id] = Zxid::FromValue(random_.Below(5));
      if (random_.Below(3) != 0) votes[id] = random_.Below(2) == 0;
    }
    const auto zxid = [&](MemberId id) { return zxids[id.value]; };
    EXPECT_EQ(c.QuorumZxid(zxid), swapped.QuorumZxid(zxid));
    EXPECT_EQ(c.QuorumZxid(zxid),
              std::min(incoming.QuorumZxid(zxid), outgoing.QuorumZxid(zxid)));
    const auto number = [&](MemberId id) { return zxids[id.value].value(); };
    EXPECT_EQ(c.QuorumNumber(number), c.QuorumZxid(zxid).value());
    const auto vote = [&](MemberId id) { return votes[id.value]; };
    EXPECT_EQ(c.Vote(vote), swapped.Vote(vote));
    EXPECT_EQ(c.Vote(vote),
              JointVote(incoming.Vote(vote), outgoing.Vote(vote)));
  }
}

// What a quorum has reached is reached by the members of some quorum.
TEST_F(ConfigurationQuorumTest, QuorumNumberIsTheHighestThatAQuorumHas) {
  const Configuration founded = Founded({1, 2, 3, 4, 5});
  const Configuration c = Made(founded, Add(founded, {6, 7}));
  for (const Configuration& configuration :
       {c, Entered(c, Replace(c, {6, 7}, {1})),
        Entered(c, Remove(c, {2, 3}))}) {
    for (int round = 0; round < 500; ++round) {
      std::vector<uint64_t> reached(kMembers + 1);
      for (uint64_t& number : reached) number = random_.Below(5);
      const uint64_t answer = configuration.QuorumNumber(
          [&](MemberId id) { return reached[id.value]; });
      for (uint64_t number = 1; number < 6; ++number) {
        EXPECT_EQ(configuration.HasQuorum(
                      [&](MemberId id) { return reached[id.value] >= number; }),
                  number <= answer);
      }
    }
  }
}

}  // namespace
}  // namespace quorate::consensus
