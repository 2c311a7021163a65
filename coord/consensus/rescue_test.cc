#include "coord/consensus/rescue.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/base/bytes.h"
#include "coord/base/ids.h"
#include "coord/base/unsafe_ensemble.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/record.h"
#include "coord/consensus/test_members.h"
#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"

namespace quorate::consensus {
namespace {

constexpr EnsembleId kFresh = {7, 8};

Record ConfigurationRecord(Zxid zxid, const Configuration& configuration) {
  return {zxid, RecordKind::kConfiguration, nullptr,
          std::make_shared<const Configuration>(configuration)};
}

// Voter 2 of {1 2 3} with the learner 4, whose log is whole:
// founding, NEWLEADER, the learner's admission, a txn.
DurableState Stopped() {
  const Configuration founded = Founded({1, 2, 3});
  DurableState state;
  state.hard_state.ensemble = kTestEnsemble;
  state.hard_state.member = {2};
  state.hard_state.incarnation = {102};
  state.hard_state.manifest_hash = 55;
  state.hard_state.accepted_epoch = 6;
  state.hard_state.voted_for = {{1}, {101}};
  state.log = {
      ConfigurationRecord(kFoundingZxid, founded),
      {Zxid(5, 0), RecordKind::kNewLeader, nullptr, nullptr},
      ConfigurationRecord(Zxid(5, 1), Made(founded, Add(founded, {4}))),
      {Zxid(5, 2), RecordKind::kTxn, MakeBytes("x"), nullptr}};
  state.log[0].kind = RecordKind::kFounding;
  return state;
}

// The same, compacted: the snapshot contains all, the log nothing.
DurableState StoppedWithSnapshot() {
  DurableState state = Stopped();
  SnapshotMeta snapshot;
  snapshot.zxid = Zxid(5, 2);
  snapshot.configuration = state.log[2].configuration;
  snapshot.configuration_zxid = Zxid(5, 1);
  state.snapshot = snapshot;
  state.log_base = Zxid(5, 2);
  state.log.clear();
  return state;
}

TEST(RescueTest, MintsANewEnsembleOfOneVoter) {
  const absl::StatusOr<DurableState> rescued = RescueMember(Stopped(), kFresh);
  ASSERT_TRUE(rescued.ok()) << rescued.status();
  EXPECT_EQ(rescued->hard_state.ensemble, kFresh);
  ASSERT_EQ(rescued->log.size(), 5u);
  const Record& record = rescued->log.back();
  EXPECT_EQ(record.zxid, Zxid(5, 3));
  EXPECT_EQ(record.kind, RecordKind::kConfiguration);
  ASSERT_NE(record.configuration, nullptr);
  EXPECT_EQ(record.configuration->Describe(), "v3 {2} removed {1 3 4}");
  EXPECT_EQ(record.configuration->ensemble(), kFresh);
  EXPECT_EQ(record.configuration->parent(), kTestEnsemble);
}

TEST(RescueTest, KeepsIdentityEpochAndHistoryButNoVote) {
  const DurableState before = Stopped();
  const DurableState after = *RescueMember(before, kFresh);
  EXPECT_EQ(after.hard_state.member, before.hard_state.member);
  EXPECT_EQ(after.hard_state.incarnation, before.hard_state.incarnation);
  EXPECT_EQ(after.hard_state.manifest_hash, before.hard_state.manifest_hash);
  EXPECT_EQ(after.hard_state.accepted_epoch, 6u);
  EXPECT_TRUE(after.hard_state.voted_for.IsNone());
  for (size_t i = 0; i < before.log.size(); ++i) {
    EXPECT_EQ(after.log[i].zxid, before.log[i].zxid);
    EXPECT_EQ(after.log[i].configuration, before.log[i].configuration);
  }
}

TEST(RescueTest, WorksFromASnapshotAlone) {
  const absl::StatusOr<DurableState> rescued =
      RescueMember(StoppedWithSnapshot(), kFresh);
  ASSERT_TRUE(rescued.ok()) << rescued.status();
  ASSERT_EQ(rescued->log.size(), 1u);
  EXPECT_EQ(rescued->log.back().zxid, Zxid(5, 3));
  EXPECT_EQ(rescued->log.back().configuration->version(), 3u);
  EXPECT_EQ(rescued->snapshot->zxid, Zxid(5, 2));
}

TEST(RescueTest, NewestConfigurationCountsCommittedOrNot) {
  DurableState state = StoppedWithSnapshot();
  const Configuration& known = *state.snapshot->configuration;
  state.log.push_back(ConfigurationRecord(
      Zxid(5, 3), Entered(known, Replace(known, {4}, {1}))));
  const DurableState rescued = *RescueMember(state, kFresh);
  EXPECT_EQ(rescued.log.back().configuration->Describe(),
            "v4 {2} removed {1 3 4}");
}

TEST(RescueTest, LearnerMayBeAllThatIsLeft) {
  DurableState state = Stopped();
  state.hard_state.member = {4};
  state.hard_state.incarnation = {104};
  EXPECT_EQ(RescueMember(state, kFresh)->log.back().configuration->voters(),
            Ids({4}));
}

TEST(RescueTest, CanBeRescuedAgain) {
  const DurableState once = *RescueMember(Stopped(), kFresh);
  EXPECT_EQ(RescueMember(once, kFresh).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(RescueMember(once, kTestEnsemble).status().code(),
            absl::StatusCode::kInvalidArgument)
      << "an id that it had";
  const DurableState twice = *RescueMember(once, {9, 9});
  EXPECT_EQ(twice.log.back().configuration->parent(), kFresh);
}

TEST(RescueTest, CompletesWhatACrashCutShort) {
  const DurableState whole = *RescueMember(Stopped(), kFresh);
  DurableState state = whole;
  EXPECT_FALSE(FinishRescue(state)) << "nothing is missing";
  state.log.pop_back();  // the hard state is stored, the record not
  EXPECT_TRUE(FinishRescue(state));
  ASSERT_EQ(state.log.size(), whole.log.size());
  EXPECT_EQ(state.log.back().zxid, whole.log.back().zxid);
  EXPECT_EQ(*state.log.back().configuration, *whole.log.back().configuration);
  EXPECT_FALSE(FinishRescue(state));

  state = Stopped();
  EXPECT_FALSE(FinishRescue(state)) << "no rescue was begun";
  state = DurableState();
  EXPECT_FALSE(FinishRescue(state));
  state = whole;
  state.log.pop_back();
  state.hard_state.incarnation = {9};
  EXPECT_FALSE(FinishRescue(state)) << "not in that configuration";
}

TEST(RescueTest, RefusesWhatCannotBeRescued) {
  struct Case {
    absl::StatusCode code;
    std::function<void(DurableState&)> edit;
  };
  const std::vector<Case> cases = {
      {absl::StatusCode::kFailedPrecondition,  // joining or founding
       [](DurableState& s) {
         s.hard_state.ensemble = {};
         s.log.clear();
       }},
      {absl::StatusCode::kFailedPrecondition,
       [](DurableState& s) { s.hard_state.removed = true; }},
      {absl::StatusCode::kFailedPrecondition,
       [](DurableState& s) { s.hard_state.ensemble = kUnsafeEnsemble; }},
      {absl::StatusCode::kFailedPrecondition,  // admitted, and got nothing yet
       [](DurableState& s) { s.log.clear(); }},
      {absl::StatusCode::kFailedPrecondition,
       [](DurableState& s) { s.hard_state.member = {9}; }},
      {absl::StatusCode::kFailedPrecondition,  // a copied-back disk
       [](DurableState& s) { s.hard_state.incarnation = {9}; }},
      {absl::StatusCode::kResourceExhausted,
       [](DurableState& s) { s.log.back().zxid = Zxid(5, UINT32_MAX); }},
      {absl::StatusCode::kDataLoss,
       [](DurableState& s) {
         s.snapshot.emplace();
         s.snapshot->zxid = Zxid(5, 3);
         s.snapshot->configuration = s.log[2].configuration;
       }},
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    DurableState state = Stopped();
    cases[i].edit(state);
    const absl::StatusOr<DurableState> rescued = RescueMember(state, kFresh);
    EXPECT_EQ(rescued.status().code(), cases[i].code)
        << "case " << i << ": " << rescued.status();
  }
}

TEST(RescueTest, WantsAFreshEnsembleId) {
  for (EnsembleId bad : {EnsembleId(), kTestEnsemble, kUnsafeEnsemble}) {
    EXPECT_EQ(RescueMember(Stopped(), bad).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace quorate::consensus
