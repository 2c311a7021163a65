#include "tools/quorate/provision/target.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/exit_code.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/provision/declaration.h"
#include "tools/quorate/provision/view.h"

namespace quorate::tools {
namespace {

using testing::HasSubstr;

// 16 bytes each.
constexpr char kOurs[] = "ensemble--number";
constexpr char kOther[] = "other---ensemble";

void AddMember(coord::v1::MembersResponse& members, uint64_t id, bool voter) {
  coord::v1::MemberInfo& info = *members.add_members();
  info.set_id(id);
  info.set_incarnation(100 + id);
  info.set_address(absl::StrCat("h:", id));
  info.set_voter(voter);
  info.set_known(true);
  info.set_last_heard_ms(0);
}

// Voters 1, 2 and 3, learner 4; 9 was removed; a floor of 2, two learners.
coord::v1::MembersResponse Members() {
  coord::v1::MembersResponse members;
  members.set_ensemble_id(kOurs);
  members.set_configuration_version(8);
  members.set_leader_id(1);
  members.set_from_leader(true);
  for (const uint64_t id : {1, 2, 3}) AddMember(members, id, true);
  AddMember(members, 4, false);
  members.add_removed(9);
  coord::v1::MembershipLimits& limits = *members.mutable_limits();
  limits.set_stabilisation_ms(10'000);
  limits.set_promotion_distance_ms(10'000);
  limits.set_contact_ms(250);
  limits.set_dead_ms(3'000);
  limits.set_max_lag_records(256);
  limits.set_max_lag_bytes(1 << 20);
  limits.set_max_fsync_ms(200);
  limits.set_max_learners(2);
  limits.set_max_snapshot_transfers(1);
  limits.set_min_voters(2);
  return members;
}

class TargetTest : public testing::Test {
 protected:
  // The three voters, wanted as they are.
  TargetTest() {
    for (const uint64_t id : {1, 2, 3}) Declare(id, absl::StrCat("h:", id));
  }
  void Declare(uint64_t id, const std::string& address, bool voter = true) {
    declaration_.members.push_back(
        {.id = id, .address = address, .voter = voter});
  }
  // Who answers at "h:5", unless a test says otherwise.
  coord::v1::StatusResponse Newcomer(uint64_t id = 5) {
    coord::v1::StatusResponse status;
    status.set_member_id(id);
    status.set_incarnation(100 + id);
    status.set_address("h:5");
    status.set_role("joining");
    return status;
  }
  absl::StatusOr<TargetMembers> Resolved() {
    return Resolve(declaration_, *ViewOf(Members()), answers_);
  }
  void ExpectError(ExitCode code, const std::string& text) {
    const absl::StatusOr<TargetMembers> target = Resolved();
    ASSERT_FALSE(target.ok());
    EXPECT_EQ(ExitCodeOf(target.status()), code) << target.status();
    EXPECT_THAT(std::string(target.status().message()), HasSubstr(text));
  }
  void ExpectTrouble(const std::string& text) {
    const absl::StatusOr<TargetMembers> target = Resolved();
    ASSERT_TRUE(target.ok()) << target.status();
    EXPECT_THAT(target->back().trouble, HasSubstr(text));
    EXPECT_TRUE(target->back().incarnation.IsNone());
  }

  Declaration declaration_;
  Answers answers_;
};

TEST_F(TargetTest, KnowsMembersByIdOrAddress) {
  declaration_.members.clear();
  Declare(1, "h:1");
  Declare(0, "h:2");
  Declare(0, "h:4", false);
  EXPECT_TRUE(NewcomersOf(declaration_, *ViewOf(Members())).empty());
  const absl::StatusOr<TargetMembers> target = Resolved();
  ASSERT_TRUE(target.ok()) << target.status();
  ASSERT_EQ(target->size(), 3u);
  EXPECT_EQ((*target)[1].id, MemberId{2});
  EXPECT_EQ((*target)[2].id, MemberId{4});
  EXPECT_FALSE((*target)[2].voter);
}

TEST_F(TargetTest, NewcomersTellWhoTheyAre) {
  Declare(0, "h:5");
  EXPECT_THAT(NewcomersOf(declaration_, *ViewOf(Members())),
              testing::ElementsAre("h:5"));
  answers_.emplace("h:5", Newcomer());
  const absl::StatusOr<TargetMembers> target = Resolved();
  ASSERT_TRUE(target.ok()) << target.status();
  EXPECT_EQ(target->back().id, MemberId{5});
  EXPECT_EQ(target->back().incarnation, Incarnation{105});
  EXPECT_EQ(target->back().trouble, "");
}

TEST_F(TargetTest, WhatNewcomersMayRecoverFromIsTrouble) {
  Declare(5, "h:5");
  ExpectTrouble("the newcomer at h:5 does not answer");
  answers_.insert_or_assign("h:5", absl::UnavailableError("refused"));
  ExpectTrouble("does not answer (refused); start it");
  coord::v1::StatusResponse status = Newcomer();
  status.set_role("founding");
  answers_.insert_or_assign("h:5", status);
  ExpectTrouble("founds an ensemble of its own");
  status = Newcomer();
  status.mutable_stopped()->set_message("disk on fire");
  answers_.insert_or_assign("h:5", status);
  ExpectTrouble("has stopped: disk on fire");
  status = Newcomer();
  status.set_incarnation(0);
  answers_.insert_or_assign("h:5", status);
  ExpectTrouble("does not say who it is");
  status = Newcomer();
  status.set_ensemble_id(kOurs);
  answers_.insert_or_assign("h:5", status);
  ExpectTrouble("has come or gone just now");
}

TEST_F(TargetTest, RefusesMembersOfAnotherEnsemble) {
  Declare(5, "h:5");
  coord::v1::StatusResponse status = Newcomer();
  status.set_ensemble_id(kOther);
  answers_.insert_or_assign("h:5", status);
  ExpectError(ExitCode::kRefused, "belongs to ensemble");
  status = Newcomer();
  status.set_unsafe(true);
  answers_.insert_or_assign("h:5", status);
  ExpectError(ExitCode::kRefused, "--unsafe-static-membership");
}

TEST_F(TargetTest, RefusesAnotherEnsembleThanDeclared) {
  declaration_.ensemble_id = kOther;
  ExpectError(ExitCode::kRefused, "the one that answers is");
  declaration_.ensemble_id = kOurs;
  EXPECT_TRUE(Resolved().ok());
}

TEST_F(TargetTest, RefusesWhoWasRemoved) {
  Declare(9, "h:5");
  ExpectError(ExitCode::kRefused, "member 9, declared at h:5, was removed");
  declaration_.members.pop_back();
  Declare(0, "h:5");
  answers_.emplace("h:5", Newcomer(9));
  ExpectError(ExitCode::kRefused, "member 9, declared at h:5, was removed");
}

TEST_F(TargetTest, RefusesIdsAndAddressesOfOthers) {
  declaration_.members.pop_back();
  Declare(3, "h:5");
  ExpectError(ExitCode::kUsage, "stands at h:3; the address of a member never");
  declaration_.members.pop_back();
  Declare(5, "h:3");
  ExpectError(ExitCode::kUsage, "where member 3 stands");
  declaration_.members.pop_back();
  Declare(0, "h:5");
  answers_.insert_or_assign("h:5", Newcomer(3));
  ExpectError(ExitCode::kRefused, "has the id 3, which the member at h:3 has");
  declaration_.members.back().id = 6;
  answers_.insert_or_assign("h:5", Newcomer());
  ExpectError(ExitCode::kUsage, "is member 5, and declared is 6");
  declaration_.members.back() = {.id = 0, .address = "h:5"};
  Declare(5, "h:6");
  ExpectError(ExitCode::kUsage, "member 5 is declared at");
}

TEST_F(TargetTest, RefusesAnAddressThatOthersDoNotKnow) {
  Declare(5, "h:5");
  coord::v1::StatusResponse status = Newcomer();
  status.set_address("elsewhere:5");
  answers_.emplace("h:5", status);
  ExpectError(ExitCode::kUsage, "tells others to reach it at elsewhere:5");
}

TEST_F(TargetTest, AVoterCannotBecomeALearner) {
  declaration_.members.back().voter = false;
  ExpectError(ExitCode::kUsage, "member 3 votes and is declared a learner");
}

TEST_F(TargetTest, KeepsToTheLimits) {
  declaration_.members.resize(1);
  ExpectError(ExitCode::kRefused, "2 is this ensemble's floor");
  Declare(2, "h:2");
  EXPECT_TRUE(Resolved().ok());
  Declare(4, "h:4", false);
  Declare(5, "h:5", false);
  EXPECT_TRUE(Resolved().ok());
  Declare(6, "h:6", false);
  ExpectError(ExitCode::kRefused, "at most 2 at once (max_learners)");
}

}  // namespace
}  // namespace quorate::tools
