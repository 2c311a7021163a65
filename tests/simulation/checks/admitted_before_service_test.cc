#include "tests/simulation/checks/admitted_before_service.h"

#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "gtest/gtest.h"
#include "tests/simulation/checks/check_test_support.h"

namespace quorate::simulation {
namespace {

size_t Violations(const consensus::DurableState& disk,
                  const consensus::Output& output) {
  const auto core = Start(disk);
  AdmittedBeforeService check;
  check.OnStart(View(0, *core), disk);
  check.OnOutput(View(0, *core), output);
  return check.violations().size();
}

consensus::Output From(uint64_t id, const EnsembleId& ensemble,
                       consensus::Message message) {
  consensus::Envelope envelope = Message(id, 9, std::move(message));
  envelope.ensemble = ensemble;
  return Sends(envelope);
}

TEST(AdmittedBeforeService, AcceptsWhatAJoinerMaySay) {
  EXPECT_EQ(Violations(EmptyDiskOf(4),
                       From(4, EnsembleId(), consensus::JoinRequest{})),
            0u);
  EXPECT_EQ(Violations(EmptyDiskOf(4),
                       From(4, EnsembleId(), consensus::FoundingConfirm{})),
            0u);
}

TEST(AdmittedBeforeService, RejectsAJoinerThatVotesOrAcksOrCampaigns) {
  for (const consensus::Message& message :
       {consensus::Message(consensus::VoteReply{1, true, 1}),
        consensus::Message(consensus::PreVoteReply{1, true, 0}),
        consensus::Message(consensus::Ack{1, {}}),
        consensus::Message(consensus::HeartbeatAck{})}) {
    EXPECT_EQ(Violations(EmptyDiskOf(4), From(4, EnsembleId(), message)), 1u);
    EXPECT_EQ(Violations(EmptyDiskOf(4), From(4, kOurs, message)), 1u);
  }
  EXPECT_GE(Violations(EmptyDiskOf(4),
                       From(4, EnsembleId(), consensus::PreVote{1, {}})),
            1u);
}

TEST(AdmittedBeforeService, RejectsAJoinerThatServes) {
  consensus::Output output;
  output.reads = {{1, false, {}}};
  EXPECT_EQ(Violations(EmptyDiskOf(4), output), 0u);
  output.reads = {{1, true, {}}};
  EXPECT_EQ(Violations(EmptyDiskOf(4), output), 1u);
  output = {};
  output.committed = {NewLeader(1)};
  EXPECT_EQ(Violations(EmptyDiskOf(4), output), 1u);
}

TEST(AdmittedBeforeService, AcceptsAVoterThatCampaigns) {
  EXPECT_EQ(Violations(DiskOf(1, Founding({1, 2, 3})),
                       From(1, kOurs, consensus::Vote{1, {}, 0})),
            0u);
}

TEST(AdmittedBeforeService, RejectsALearnerThatCampaigns) {
  const auto learner = WithLearners(Founding({1, 2, 3}), {4});
  EXPECT_EQ(
      Violations(DiskOf(4, learner), From(4, kOurs, consensus::PreVote{1, {}})),
      1u);
  EXPECT_EQ(Violations(DiskOf(4, learner),
                       From(4, kOurs, consensus::VoteReply{1, true, 1})),
            0u);
}

TEST(AdmittedBeforeService, RejectsAMessageInAnotherName) {
  EXPECT_EQ(Violations(DiskOf(1, Founding({1, 2, 3})),
                       From(2, kOurs, consensus::Ack{})),
            1u);
  EXPECT_EQ(Violations(DiskOf(1, Founding({1, 2, 3})),
                       From(1, kOthers, consensus::Ack{})),
            1u);
}

}  // namespace
}  // namespace quorate::simulation
