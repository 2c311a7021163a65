// Bugs that the simulator or a review found in the core, one test each. Every
// one of these failed before its fix.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "coord/base/bytes.h"
#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/options.h"
#include "coord/consensus/output.h"
#include "coord/consensus/record.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"

namespace quorate::consensus {
namespace {

constexpr EnsembleId kEnsemble = {7, 7};

std::string AddressOf(uint64_t id) {
  return "host" + std::to_string(id) + ":1";
}

MemberKey KeyOf(uint64_t id) { return {{id}, {1000 + id}}; }

Configuration Founders(uint64_t count) {
  std::vector<Member> members;
  for (uint64_t id = 1; id <= count; ++id) {
    members.push_back({{id}, {1000 + id}, AddressOf(id), true, false});
  }
  return Configuration::Found(kEnsemble, members, Limits());
}

// A member of an ensemble of `count`, with the founding record on its disk.
DurableState MemberDisk(uint64_t id, uint64_t count) {
  DurableState disk;
  disk.hard_state.ensemble = kEnsemble;
  disk.hard_state.member = {id};
  disk.hard_state.incarnation = {1000 + id};
  disk.log.push_back({kFoundingZxid, RecordKind::kFounding, nullptr,
                      std::make_shared<const Configuration>(Founders(count))});
  return disk;
}

Options OptionsOf(uint64_t id) {
  Options options;
  options.address = AddressOf(id);
  options.fresh_ensemble_id = {8, id};
  return options;
}

Manifest ManifestOf(uint64_t count) {
  Manifest manifest;
  for (uint64_t id = 1; id <= count; ++id) {
    manifest.founders.push_back({{id}, AddressOf(id)});
  }
  return manifest;
}

Envelope From(uint64_t from, uint64_t to, EnsembleId ensemble,
              Message message) {
  return {ensemble, KeyOf(from),   AddressOf(from),
          {to},     AddressOf(to), std::move(message)};
}

// Takes outputs until there is nothing more to do; all is durable at once.
std::vector<Envelope> Settle(Core& core) {
  std::vector<Envelope> messages;
  for (;;) {
    Output output = core.TakeOutput();
    for (Envelope& envelope : output.messages) {
      messages.push_back(std::move(envelope));
    }
    if (output.persist_id == 0) return messages;
    core.Persisted(output.persist_id);
  }
}

// Makes member 1 of three leader of epoch 1, with member 2's vote.
void Lead(Core& core) {
  core.Tick(1000);
  Settle(core);
  core.Step(From(2, 1, kEnsemble, PreVoteReply{1, true, 0}));
  Settle(core);
  core.Step(From(2, 1, kEnsemble, VoteReply{1, true, 1}));
  Settle(core);
  ASSERT_TRUE(core.IsLeader());
}

uint64_t LastAsk(const std::vector<Envelope>& messages, MemberId to) {
  uint64_t ask = 0;
  for (const Envelope& envelope : messages) {
    const auto* request = std::get_if<HistoryRequest>(&envelope.message);
    if (request != nullptr && envelope.to == to) ask = request->ask;
  }
  return ask;
}

TEST(CoreRegressionTest, FollowerBehindTheLogBaseIsNotShunned) {
  Options options = OptionsOf(1);
  options.retained_log_bytes = 0;
  Core core(options, MemberDisk(1, 3), 1);
  Lead(core);
  core.Tick(100);  // asks for histories again, under a new number
  uint64_t ask = LastAsk(Settle(core), {2});
  core.Step(From(2, 1, kEnsemble,
                 HistoryReply{1, ask, Zxid(), kFoundingZxid, {{0, 1, 1}}}));
  Settle(core);
  core.Step(From(2, 1, kEnsemble, Ack{1, Zxid(1, 0)}));
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(core.Propose(MakeBytes("x")).ok());
  }
  Settle(core);
  core.Step(From(3, 1, kEnsemble, Ack{1, core.log().last()}));
  Settle(core);
  ASSERT_EQ(core.applied(), Zxid(1, 10));
  core.SnapshotTaken({core.applied(),
                      core.ConfigurationAt(core.applied()).configuration,
                      kFoundingZxid, 3});
  ASSERT_EQ(core.log().base(), Zxid(1, 10));
  // Member 2 has what it acknowledged, but that is compacted away here.
  core.Step(
      From(2, 1, kEnsemble,
           HistoryReply{1, 0, Zxid(), Zxid(1, 0), {{0, 1, 1}, {1, 0, 0}}}));
  ask = LastAsk(Settle(core), {2});
  ASSERT_NE(ask, 0u);
  core.Step(
      From(2, 1, kEnsemble,
           HistoryReply{1, ask, Zxid(), Zxid(1, 0), {{0, 1, 1}, {1, 0, 0}}}));
  bool snapshot = false;
  for (const Envelope& envelope : Settle(core)) {
    EXPECT_FALSE(std::holds_alternative<Refused>(envelope.message));
    snapshot |= std::holds_alternative<SnapshotChunk>(envelope.message);
  }
  EXPECT_TRUE(snapshot);
}

TEST(CoreRegressionTest, LateAnswerToAnEarlierLifeAnswersNoRead) {
  auto first_batch = [](uint64_t seed) {
    Core core(OptionsOf(2), MemberDisk(2, 3), seed);
    core.Step(From(1, 2, kEnsemble, Heartbeat{1, Zxid(), 0, 0}));
    core.RequestRead(5);
    for (const Envelope& envelope : Settle(core)) {
      const auto* request = std::get_if<ReadRequest>(&envelope.message);
      if (request != nullptr) return request->batch;
    }
    ADD_FAILURE() << "no ReadRequest";
    return uint64_t{0};
  };
  EXPECT_NE(first_batch(1), first_batch(2));
}

TEST(CoreRegressionTest, ConfirmationOfAStrangerDoesNotCount) {
  Options options = OptionsOf(1);
  options.manifest = ManifestOf(3);
  DurableState disk;
  disk.hard_state.member = {1};
  disk.hard_state.incarnation = {1001};
  Core core(options, disk, 1);
  Settle(core);
  const uint64_t hash = options.manifest->Hash();
  core.Step(From(2, 1, EnsembleId(), FoundingConfirm{hash}));
  core.Step(From(9, 1, EnsembleId(), FoundingConfirm{hash}));
  Settle(core);
  EXPECT_EQ(core.RoleName(), "founding");
  core.Step(From(3, 1, EnsembleId(), FoundingConfirm{hash}));
  Settle(core);
  EXPECT_EQ(core.RoleName(), "follower");
  EXPECT_EQ(core.configuration().voters().size(), 3u);
}

TEST(CoreRegressionTest, BadManifestStopsInsteadOfCrashing) {
  Options options = OptionsOf(1);
  options.manifest = ManifestOf(3);
  options.manifest->founders[2].address = AddressOf(2);  // twice
  DurableState disk;
  disk.hard_state.member = {1};
  disk.hard_state.incarnation = {1001};
  Core core(options, disk, 1);
  ASSERT_TRUE(core.IsStopped());
  EXPECT_EQ(core.stop_reason()->rule, Rule::kUnanimousBootstrap);
}

TEST(CoreRegressionTest, EveryFounderWritesTheFoundingRecord) {
  Options options = OptionsOf(2);
  options.manifest = ManifestOf(3);
  DurableState disk;
  disk.hard_state.member = {2};
  disk.hard_state.incarnation = {1002};
  Core core(options, disk, 1);
  Settle(core);
  const uint64_t hash = options.manifest->Hash();
  core.Step(From(
      1, 2, kEnsemble,
      Founded{
          hash, {1002}, std::make_shared<const Configuration>(Founders(3))}));
  Settle(core);
  EXPECT_EQ(core.durable(), kFoundingZxid);
  // And so it can tell a founder that the minting one never reached.
  core.Step(From(3, 2, EnsembleId(), FoundingConfirm{hash}));
  bool told = false;
  for (const Envelope& envelope : Settle(core)) {
    const auto* founded = std::get_if<Founded>(&envelope.message);
    told |= founded != nullptr && founded->configuration != nullptr;
  }
  EXPECT_TRUE(told);
}

TEST(CoreRegressionTest, CrashBetweenEnsembleIdAndFoundingRecord) {
  Options options = OptionsOf(1);
  options.manifest = ManifestOf(3);
  DurableState disk;  // as a crash leaves it that kept the hard state alone
  disk.hard_state.ensemble = kEnsemble;
  disk.hard_state.member = {1};
  disk.hard_state.incarnation = {1001};
  disk.hard_state.manifest_hash = options.manifest->Hash();
  Core core(options, disk, 1);
  EXPECT_EQ(core.RoleName(), "founding");
  Settle(core);
  for (uint64_t id = 2; id <= 3; ++id) {
    core.Step(From(id, 1, EnsembleId(),
                   FoundingConfirm{disk.hard_state.manifest_hash}));
  }
  Settle(core);
  EXPECT_EQ(core.hard_state().ensemble, options.fresh_ensemble_id);
  EXPECT_EQ(core.durable(), kFoundingZxid);
}

TEST(CoreRegressionTest, RemovedIdThatJoinsAgainIsTold) {
  // The change id of a joiner is its incarnation: recognised as made before,
  // it was neither admitted nor refused.
  DurableState disk = MemberDisk(1, 1);
  Core core(OptionsOf(1), disk, 1);
  core.Tick(1000);
  Settle(core);
  ASSERT_TRUE(core.IsLeader());
  core.Step(From(2, 1, EnsembleId(), JoinRequest{}));
  Settle(core);
  MembershipChange removal;
  removal.change_id = 99;
  removal.expected_version = core.configuration().version();
  removal.remove = {{2}};
  ASSERT_EQ(core.ChangeMembership(removal).outcome,
            AdmissionDecision::Outcome::kAccepted);
  Settle(core);
  core.Step(From(2, 1, EnsembleId(), JoinRequest{}));
  bool told = false;
  for (const Envelope& envelope : Settle(core)) {
    const auto* reply = std::get_if<JoinReply>(&envelope.message);
    told |= reply != nullptr && reply->refusal.rule == Rule::kNoResurrection;
  }
  EXPECT_TRUE(told);
}

TEST(CoreRegressionTest, CampaignsInTheEpochThatWasAskedFor) {
  Core core(OptionsOf(1), MemberDisk(1, 3), 1);
  core.Tick(1000);
  Settle(core);
  // A refusal that tells of a higher epoch, then the vote that decides.
  core.Step(From(3, 1, kEnsemble, PreVoteReply{1, false, 5}));
  core.Step(From(2, 1, kEnsemble, PreVoteReply{1, true, 0}));
  for (const Envelope& envelope : Settle(core)) {
    const auto* vote = std::get_if<Vote>(&envelope.message);
    if (vote == nullptr) continue;
    EXPECT_EQ(vote->epoch, 1u);
  }
}

TEST(CoreRegressionTest, LateHeartbeatAckTellsNoFsyncTime) {
  Core core(OptionsOf(1), MemberDisk(1, 3), 1);
  Lead(core);
  auto fsync_of_2 = [&] { return core.Facts()->members[1].fsync_ms; };
  core.Step(From(2, 1, kEnsemble, HeartbeatAck{1, 0, 900, {}, {}, 5}));
  EXPECT_EQ(fsync_of_2(), 5);
  core.Step(From(2, 1, kEnsemble, HeartbeatAck{1, 0, 800, {}, {}, 500}));
  EXPECT_EQ(fsync_of_2(), 5);
  core.Step(From(2, 1, kEnsemble, HeartbeatAck{1, 0, 950, {}, {}, 7}));
  EXPECT_EQ(fsync_of_2(), 7);
}

TEST(CoreRegressionTest, LeavingLeaderRefusesFurtherChanges) {
  Core core(OptionsOf(1), MemberDisk(1, 3), 1);
  Lead(core);
  auto ack_all = [&] {
    for (uint64_t id = 2; id <= 3; ++id) {
      core.Step(From(id, 1, kEnsemble, Ack{1, core.log().last()}));
    }
    Settle(core);
  };
  auto hear_for = [&](int64_t milliseconds) {
    for (int64_t t = 0; t < milliseconds; t += 100) {
      core.Tick(100);
      Settle(core);
      ack_all();
    }
  };
  hear_for(15'000);
  MembershipChange removal;
  removal.change_id = 98;
  removal.expected_version = 1;
  removal.remove = {{1}};
  AdmissionDecision decision = core.ChangeMembership(removal);
  ASSERT_EQ(decision.outcome, AdmissionDecision::Outcome::kAccepted)
      << Describe(decision.refusal);
  Settle(core);
  ack_all();  // joint
  ack_all();  // final: from here on it only hands over
  MembershipChange more;
  more.change_id = 99;
  more.expected_version = core.configuration().version();
  more.add_learners = {{{4}, {1004}, AddressOf(4), false, false}};
  decision = core.ChangeMembership(more);
  ASSERT_EQ(decision.outcome, AdmissionDecision::Outcome::kRefused);
  EXPECT_EQ(decision.refusal.rule, Rule::kOrderlyExit);
}

}  // namespace
}  // namespace quorate::consensus
