#include "coord/consensus/configuration.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/base/ids.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/quorum.h"
#include "coord/consensus/test_members.h"
#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"

namespace quorate::consensus {
namespace {

// Three voters and the learners 4 and 5, version 2.
Configuration WithLearners() {
  const Configuration founded = Founded({1, 2, 3});
  return Made(founded, Add(founded, {4, 5}));
}

TEST(ConfigurationTest, EmptyOneDecidesNothing) {
  const Configuration empty;
  EXPECT_EQ(empty.version(), 0u);
  EXPECT_FALSE(empty.IsJoint());
  EXPECT_FALSE(empty.HasQuorum([](MemberId) { return true; }));
  EXPECT_EQ(empty.QuorumZxid([](MemberId) { return Zxid(9, 9); }), Zxid());
  EXPECT_EQ(empty.QuorumNumber([](MemberId) { return uint64_t{9}; }), 0u);
  EXPECT_EQ(empty.Vote([](MemberId) { return std::optional(true); }),
            VoteResult::kPending);
  EXPECT_EQ(empty.Describe(), "v0 {}");
}

TEST(ConfigurationTest, FoundersVote) {
  const Configuration founded = Founded({3, 1, 2});
  EXPECT_EQ(founded.version(), 1u);
  EXPECT_EQ(founded.ensemble(), kTestEnsemble);
  EXPECT_TRUE(founded.parent().IsNone());
  EXPECT_EQ(founded.voters(), Ids({1, 2, 3}));
  EXPECT_FALSE(founded.IsJoint());
  EXPECT_EQ(founded.Describe(), "v1 {1 2 3}");
}

TEST(ConfigurationTest, FoundingLowersAFloorThatItCannotMeet) {
  Limits limits;
  limits.min_voters = 5;
  EXPECT_EQ(Founded({1, 2, 3}, limits).limits().min_voters, 3u);
  limits.min_voters = 2;
  EXPECT_EQ(Founded({1, 2, 3}, limits).limits().min_voters, 2u);
}

TEST(ConfigurationTest, FindsMembersByIdKeyAndAddress) {
  const Configuration c = WithLearners();
  ASSERT_NE(c.Find(MemberId{4}), nullptr);
  EXPECT_EQ(c.Find(MemberId{4})->address, "host:4");
  EXPECT_EQ(c.Find(MemberId{9}), nullptr);
  EXPECT_NE(c.Find(MemberKey{{4}, {104}}), nullptr);
  EXPECT_EQ(c.Find(MemberKey{{4}, {105}}), nullptr);
  ASSERT_NE(c.FindAddress("host:5"), nullptr);
  EXPECT_EQ(c.FindAddress("host:5")->id, MemberId{5});
  EXPECT_EQ(c.FindAddress("host:9"), nullptr);
  EXPECT_TRUE(c.IsVoter({{3}, {103}}));
  EXPECT_FALSE(c.IsVoter({{3}, {104}}));  // a wiped disk has no vote (rule 4)
  EXPECT_FALSE(c.IsVoter({{4}, {104}}));
  EXPECT_EQ(c.LearnerCount(), 2u);
}

TEST(ConfigurationTest, LearnersEnterAtOnce) {
  const Configuration founded = Founded({1, 2, 3});
  MembershipChange change = Add(founded, {7, 4});
  change.add_learners[0].voter = true;  // ignored
  change.add_learners[1].outgoing_voter = true;
  const Configuration next = Entered(founded, change);
  EXPECT_FALSE(next.IsJoint());
  EXPECT_EQ(next.version(), 2u);
  EXPECT_EQ(next.Describe(), "v2 {1 2 3} learners {4 7}");
  EXPECT_EQ(next.VersionOfChange(change.change_id), 2u);
}

TEST(ConfigurationTest, PromotionGoesThroughAJointConfiguration) {
  const Configuration c = WithLearners();
  const MembershipChange change = Promote(c, {4});
  const Configuration joint = Entered(c, change);
  EXPECT_TRUE(joint.IsJoint());
  EXPECT_EQ(joint.Describe(), "v3 {1 2 3 4}<-{1 2 3} learners {5}");
  EXPECT_EQ(joint.VersionOfChange(change.change_id), 4u);
  const Configuration after = joint.LeaveJoint();
  EXPECT_FALSE(after.IsJoint());
  EXPECT_EQ(after.Describe(), "v4 {1 2 3 4} learners {5}");
  EXPECT_EQ(after.VersionOfChange(change.change_id), 4u);
}

TEST(ConfigurationTest, RemovedVoterStaysUntilTheJointOneIsLeft) {
  const Configuration c = WithLearners();
  const Configuration joint = Entered(c, Remove(c, {3}));
  EXPECT_EQ(joint.Describe(), "v3 {1 2}<-{1 2 3} learners {4 5}");
  ASSERT_NE(joint.Find(MemberId{3}), nullptr);
  EXPECT_FALSE(joint.Find(MemberId{3})->voter);
  EXPECT_TRUE(joint.Find(MemberId{3})->outgoing_voter);
  EXPECT_FALSE(joint.WasRemoved({3}));
  EXPECT_TRUE(joint.IsVoter({{3}, {103}}));
  const Configuration after = joint.LeaveJoint();
  EXPECT_EQ(after.Describe(), "v4 {1 2} learners {4 5} removed {3}");
  EXPECT_TRUE(after.WasRemoved({3}));
  EXPECT_FALSE(after.IsVoter({{3}, {103}}));
}

TEST(ConfigurationTest, RemovedLearnerGoesAtOnce) {
  const Configuration c = WithLearners();
  EXPECT_EQ(Entered(c, Remove(c, {4})).Describe(),
            "v3 {1 2 3} learners {5} removed {4}");
  // Also when voters change with it.
  EXPECT_EQ(Entered(c, Remove(c, {3, 4})).Describe(),
            "v3 {1 2}<-{1 2 3} learners {5} removed {4}");
}

TEST(ConfigurationTest, ReplacementIsOneChange) {
  const Configuration c = WithLearners();
  const Configuration joint = Entered(c, Replace(c, {4}, {1}));
  EXPECT_EQ(joint.Describe(), "v3 {2 3 4}<-{1 2 3} learners {5}");
  EXPECT_EQ(joint.LeaveJoint().Describe(),
            "v4 {2 3 4} learners {5} removed {1}");
}

TEST(ConfigurationTest, LimitsComeIntoForceAtOnce) {
  const Configuration c = Founded({1, 2, 3});
  Limits limits;
  limits.max_learners = 9;
  const Configuration next = Entered(c, SetLimits(c, limits));
  EXPECT_EQ(next.limits(), limits);
  EXPECT_FALSE(next.IsJoint());
}

TEST(ConfigurationTest, EverythingInOneChange) {
  const Configuration c = WithLearners();
  MembershipChange change = Replace(c, {4}, {1, 5});
  change.add_learners = MakeMembers({6});
  change.limits = Limits();
  change.limits->dead_ms = 9'000;
  const Configuration joint = Entered(c, change);
  EXPECT_EQ(joint.Describe(), "v3 {2 3 4}<-{1 2 3} learners {6} removed {5}");
  EXPECT_EQ(joint.limits().dead_ms, 9'000);
  EXPECT_EQ(joint.LeaveJoint().Describe(),
            "v4 {2 3 4} learners {6} removed {1 5}");
}

// What to spoil in an empty change, and what the error then says.
struct Nonsense {
  std::string reason;
  std::function<void(MembershipChange&)> edit;
};

void ExpectNonsense(const std::vector<Nonsense>& cases) {
  const Configuration c = WithLearners();
  for (const Nonsense& bad : cases) {
    MembershipChange change = ChangeOf(c);
    bad.edit(change);
    const absl::StatusOr<Configuration> next = c.Enter(change);
    ASSERT_EQ(next.status().code(), absl::StatusCode::kInvalidArgument)
        << bad.reason;
    EXPECT_NE(std::string(next.status().message()).find(bad.reason),
              std::string::npos)
        << next.status() << ", expected: " << bad.reason;
  }
}

TEST(ConfigurationTest, IncompleteRequestIsRefused) {
  ExpectNonsense({
      {"id must not be 0",
       [](auto& m) {
         m.promote = Ids({4});
         m.change_id = 0;
       }},
      {"nothing to do", [](auto&) {}},
      {"nothing to do", [](auto& m) { m.limits = Limits(); }},
      {"id is named twice",
       [](auto& m) {
         m.promote = Ids({4, 4});
       }},
      {"id is named twice",
       [](auto& m) {
         m.remove = Ids({1, 1});
       }},
      {"id is named twice",
       [](auto& m) {
         m.add_learners = MakeMembers({6, 6});
       }},
      {"id is named twice",
       [](auto& m) {
         m.promote = Ids({4});
         m.remove = Ids({4});
       }},
      {"id is named twice",
       [](auto& m) {
         m.remove = Ids({4});
         m.add_learners = MakeMembers({4});
       }},
      {"needs an id", [](auto& m) { m.add_learners = MakeMembers({0}); }},
      {"and an incarnation",
       [](auto& m) {
         m.add_learners = MakeMembers({6});
         m.add_learners[0].incarnation = {};
       }},
      {"1 to 512 bytes",
       [](auto& m) {
         m.add_learners = MakeMembers({6});
         m.add_learners[0].address.clear();
       }},
      {"1 to 512 bytes",
       [](auto& m) {
         m.add_learners = MakeMembers({6});
         m.add_learners[0].address.assign(513, 'x');
       }},
      {"two learners at the address host:6",
       [](auto& m) {
         m.add_learners = MakeMembers({6, 7});
         m.add_learners[1].address = "host:6";
       }},
  });
}

TEST(ConfigurationTest, RequestThatDoesNotFitTheMembersIsRefused) {
  ExpectNonsense({
      {"cannot promote 9, which is no member",
       [](auto& m) { m.promote = Ids({9}); }},
      {"add it as a learner before",
       [](auto& m) {
         m.promote = Ids({9});
         m.add_learners = MakeMembers({8});
       }},
      {"cannot promote 1, which is a voter already",
       [](auto& m) { m.promote = Ids({1}); }},
      {"cannot remove 9, which is no member",
       [](auto& m) { m.remove = Ids({9}); }},
      {"dead_ms must be from",
       [](auto& m) {
         m.limits = Limits();
         m.limits->dead_ms = 1;
       }},
      {"leave no voter",
       [](auto& m) {
         m.remove = Ids({1, 2, 3});
       }},
      {"address host:2 is in use by member 2",
       [](auto& m) {
         m.add_learners = MakeMembers({6});
         m.add_learners[0].address = "host:2";
       }},
      {"member 2 belongs to the ensemble already",
       [](auto& m) { m.add_learners = MakeMembers({2}); }},
      {"id 2 is in use by the member at host:2 with another data directory",
       [](auto& m) {
         m.add_learners = MakeMembers({2});
         m.add_learners[0].incarnation = {7};
       }},
  });
}

TEST(ConfigurationTest, RemovedIdIsNeverAdmittedAgain) {
  const Configuration c = WithLearners();
  const Configuration voter_gone = Made(c, Remove(c, {3}));
  const Configuration learner_gone = Made(c, Remove(c, {4}));
  for (const auto& [after, id] : {std::pair(voter_gone, uint64_t{3}),
                                  std::pair(learner_gone, uint64_t{4})}) {
    MembershipChange change = Add(after, {id});
    change.add_learners[0].incarnation = {7};  // not under another disk either
    change.add_learners[0].address = "elsewhere:1";
    EXPECT_EQ(after.Enter(change).status().code(),
              absl::StatusCode::kInvalidArgument);
    // Its address may be used by somebody else.
    change = Add(after, {9});
    change.add_learners[0].address = "host:" + std::to_string(id);
    EXPECT_TRUE(after.Enter(change).ok());
  }
}

TEST(ConfigurationTest, MemberThatIsLeavingKeepsItsIdAndAddress) {
  const Configuration c = WithLearners();
  const Configuration joint = Entered(c, Remove(c, {3}));
  EXPECT_FALSE(joint.CheckIdentities(Add(joint, {3})).ok());
  MembershipChange change = Add(joint, {9});
  change.add_learners[0].address = "host:3";
  EXPECT_FALSE(joint.CheckIdentities(change).ok());
  EXPECT_FALSE(joint.CheckSense(Remove(joint, {3})).ok());
}

TEST(ConfigurationTest, NumberOfVotersIsBounded) {
  std::vector<uint64_t> founders;
  for (uint64_t id = 1; id <= kMaxVoters; ++id) founders.push_back(id);
  const Configuration full = Founded(founders);
  const Configuration c = Made(full, Add(full, {99}));
  EXPECT_FALSE(c.Enter(Promote(c, {99})).ok());
  EXPECT_TRUE(c.Enter(Replace(c, {99}, {1})).ok());
}

TEST(ConfigurationTest, NumberOfLearnersIsBounded) {
  std::vector<uint64_t> learners;
  for (uint64_t id = 2; id < 2 + kMaxLearners; ++id) learners.push_back(id);
  const Configuration founded = Founded({1});
  const Configuration full = Made(founded, Add(founded, learners));
  EXPECT_EQ(full.LearnerCount(), kMaxLearners);
  EXPECT_FALSE(full.Enter(Add(full, {99})).ok());
  MembershipChange swap = Add(full, {99});
  swap.remove = Ids({2});
  EXPECT_TRUE(full.Enter(swap).ok());
}

TEST(ConfigurationTest, RemembersTheLastChangesOnce) {
  Configuration c = Founded({1, 2, 3});
  for (uint64_t id = 1; id <= 2 * Configuration::kRememberedChanges; ++id) {
    MembershipChange change = Add(c, {100 + id});
    change.remove = c.version() == 1 ? Ids({}) : Ids({99 + id});
    change.change_id = id;
    c = Made(c, change);
    EXPECT_EQ(c.VersionOfChange(id), c.version());
    EXPECT_FALSE(c.Enter(change).ok()) << "resent change " << id;
  }
  EXPECT_EQ(c.changes().size(), Configuration::kRememberedChanges);
  const uint64_t oldest = Configuration::kRememberedChanges + 1;
  EXPECT_TRUE(c.VersionOfChange(oldest).has_value());
  EXPECT_FALSE(c.VersionOfChange(oldest - 1).has_value());
  EXPECT_FALSE(c.VersionOfChange(0).has_value());
}

TEST(ConfigurationTest, RescueLeavesTheSurvivorAlone) {
  Limits limits;
  limits.min_voters = 3;
  Configuration c = Founded({1, 2, 3}, limits);
  c = Made(c, Add(c, {4, 5}));
  c = Made(c, Remove(c, {5}));
  const EnsembleId fresh = {1, 2};
  const Configuration rescued = c.Rescue({2}, fresh);
  EXPECT_EQ(rescued.Describe(), "v4 {2} removed {1 3 4 5}");
  EXPECT_EQ(rescued.ensemble(), fresh);
  EXPECT_EQ(rescued.parent(), kTestEnsemble);
  EXPECT_EQ(rescued.limits().min_voters, 1u);
  EXPECT_TRUE(rescued.HasQuorum([](MemberId id) { return id.value == 2; }));
  // A learner may be all that is left.
  EXPECT_EQ(c.Rescue({4}, fresh).voters(), Ids({4}));
}

TEST(ConfigurationTest, RescueForgetsTheChangeThatItCutsShort) {
  const Configuration c = WithLearners();
  const MembershipChange change = Replace(c, {4}, {3});
  const Configuration joint = Entered(c, change);
  const Configuration rescued = joint.Rescue({3}, {1, 2});
  EXPECT_EQ(rescued.Describe(), "v4 {3} removed {1 2 4 5}");
  EXPECT_FALSE(rescued.VersionOfChange(change.change_id).has_value());
  EXPECT_EQ(rescued.changes().size(), 1u);
}

TEST(ConfigurationTest, PartsMakeItAnew) {
  const Configuration stable = WithLearners();
  const Configuration joint = Entered(stable, Replace(stable, {4}, {1}));
  for (const Configuration& c :
       {Configuration(), stable, joint, joint.LeaveJoint(),
        joint.Rescue({2}, {1, 2})}) {
    const absl::StatusOr<Configuration> again =
        Configuration::FromParts(c.parts());
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(*again, c);
    EXPECT_EQ(again->IsJoint(), c.IsJoint());
    EXPECT_EQ(again->voters(), c.voters());
    EXPECT_EQ(again->outgoing_voters(), c.outgoing_voters());
  }
}

TEST(ConfigurationTest, BrokenPartsAreRefused) {
  const Configuration c = WithLearners();
  const Configuration::Parts stable = Made(c, Remove(c, {5})).parts();
  const Configuration::Parts joint = Entered(c, Replace(c, {4}, {1})).parts();
  using Parts = Configuration::Parts;
  const std::vector<std::function<void(Parts&)>> breaks = {
      [](Parts& p) { p.version = 0; },
      [](Parts& p) { p.ensemble = {}; },
      [](Parts& p) { p.parent = p.ensemble; },
      [](Parts& p) { p.members.clear(); },
      [](Parts& p) { std::swap(p.members[0], p.members[1]); },
      [](Parts& p) { p.members[1].id = p.members[0].id; },
      [](Parts& p) { p.members[0].id = {0}; },
      [](Parts& p) { p.members[0].incarnation = {0}; },
      [](Parts& p) { p.members[0].address = ""; },
      [](Parts& p) { p.members[0].address.assign(513, 'x'); },
      [](Parts& p) { p.members[0].address = p.members[1].address; },
      [](Parts& p) {
        for (Member& member : p.members) member.voter = false;
      },
      [](Parts& p) {  // joint, but going nowhere
        for (Member& member : p.members) member.outgoing_voter = member.voter;
      },
      [](Parts& p) {
        p.members.clear();
        for (uint64_t id = 1; id <= kMaxVoters + 1; ++id) {
          p.members.push_back(MakeMember(id));
          p.members.back().voter = true;
        }
      },
      [](Parts& p) {
        for (uint64_t id = 10; id <= 10 + kMaxLearners; ++id) {
          p.members.push_back(MakeMember(id));
        }
      },
      [](Parts& p) {
        p.removed = Ids({9, 8});
      },
      [](Parts& p) {
        p.removed = Ids({9, 9});
      },
      [](Parts& p) { p.removed = Ids({0}); },
      [](Parts& p) { p.removed = Ids({2}); },
      [](Parts& p) { p.limits.contact_ms = 0; },
      [](Parts& p) { p.changes.front().change_id = 0; },
      [](Parts& p) { p.changes.back().change_id = p.changes[0].change_id; },
      [](Parts& p) { p.changes.back().version = p.changes[0].version; },
      [](Parts& p) { p.changes.back().version = 99; },
      [](Parts& p) { p.changes.front().version = 1; },
      [](Parts& p) {
        p.version = 99;
        p.changes.clear();
        for (uint64_t i = 1; i <= Configuration::kRememberedChanges + 1; ++i) {
          p.changes.push_back({i, 10 + i});
        }
      },
  };
  for (const Parts& sound : {stable, joint}) {
    ASSERT_TRUE(Configuration::FromParts(sound).ok());
    for (size_t i = 0; i < breaks.size(); ++i) {
      Parts parts = sound;
      breaks[i](parts);
      EXPECT_EQ(Configuration::FromParts(parts).status().code(),
                absl::StatusCode::kInvalidArgument)
          << "break " << i;
    }
  }
}

TEST(ConfigurationTest, OnlyAJointOneRemembersAChangeToCome) {
  const Configuration c = WithLearners();
  Configuration::Parts parts = Entered(c, Promote(c, {4})).parts();
  EXPECT_EQ(parts.changes.back().version, parts.version + 1);
  for (Member& member : parts.members) member.outgoing_voter = false;
  EXPECT_FALSE(Configuration::FromParts(parts).ok());
}

TEST(ConfigurationTest, FirstOneIsNotJoint) {
  Configuration::Parts parts = Founded({1, 2, 3}).parts();
  parts.members[0].outgoing_voter = true;
  EXPECT_FALSE(Configuration::FromParts(parts).ok());
  parts.version = 2;
  EXPECT_TRUE(Configuration::FromParts(parts).ok());
}

TEST(ConfigurationDeathTest, BrokenStateStopsTheProcess) {
  const Configuration c = WithLearners();
  const Configuration joint = Entered(c, Promote(c, {4}));
  EXPECT_DEATH(c.LeaveJoint(), "joint_");
  EXPECT_DEATH(joint.Enter(Add(joint, {9})).IgnoreError(), "kRule7OneAtATime");
  EXPECT_DEATH(c.Rescue({9}, {1, 2}), "survivor");
  EXPECT_DEATH(Founded({}), "Validate");
}

}  // namespace
}  // namespace quorate::consensus
