#include "coord/replica/refused_changes.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/rule.h"
#include "gtest/gtest.h"

namespace quorate::replica {
namespace {

using consensus::AdmissionDecision;
using Outcome = AdmissionDecision::Outcome;

AdmissionDecision Refused(const std::string& reason) {
  AdmissionDecision decision;
  decision.outcome = Outcome::kRefused;
  decision.refusal.rule = consensus::Rule::kProvenLearner;
  decision.refusal.reason = reason;
  return decision;
}

TEST(RefusedChangesTest, RemembersTheNewestRefusal) {
  RefusedChanges changes(10);
  EXPECT_EQ(changes.Find(7), nullptr);
  changes.Note(7, Refused("first"));
  changes.Note(8, Refused("other"));
  changes.Note(7, Refused("second"));
  ASSERT_NE(changes.Find(7), nullptr);
  EXPECT_EQ(changes.Find(7)->refusal.reason, "second");
  EXPECT_EQ(changes.size(), 2u);
}

TEST(RefusedChangesTest, RemembersWhatCouldNeverBeMade) {
  RefusedChanges changes(10);
  AdmissionDecision invalid;
  invalid.error = absl::InvalidArgumentError("no such member");
  changes.Note(7, invalid);
  ASSERT_NE(changes.Find(7), nullptr);
  EXPECT_EQ(changes.Find(7)->error.message(), "no such member");
}

TEST(RefusedChangesTest, WhatIsMadeAfterAllIsNotRefused) {
  for (Outcome outcome : {Outcome::kAccepted, Outcome::kAlreadyMade}) {
    RefusedChanges changes(10);
    changes.Note(7, Refused("not yet"));
    AdmissionDecision made;
    made.outcome = outcome;
    changes.Note(7, made);
    EXPECT_EQ(changes.Find(7), nullptr);
  }
}

TEST(RefusedChangesTest, ForgetsTheOldestAndEverything) {
  RefusedChanges changes(3);
  for (uint64_t id = 1; id <= 5; ++id) changes.Note(id, Refused("no"));
  EXPECT_EQ(changes.size(), 3u);
  EXPECT_EQ(changes.Find(2), nullptr);
  EXPECT_NE(changes.Find(3), nullptr);
  changes.Clear();
  EXPECT_EQ(changes.Find(5), nullptr);
}

}  // namespace
}  // namespace quorate::replica
