// The core driven by hand: what it promises to its driver (output.h), and each
// phase of the protocol in its plainest course. Faults and long runs are the
// business of tests/scenarios and tests/simulation.

#include "coord/consensus/core.h"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/base/bytes.h"
#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
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

constexpr int64_t kTickMs = 20;

std::string AddressOf(uint64_t id) { return absl::StrCat("host", id, ":1"); }

Manifest ManifestOf(int founders) {
  Manifest manifest;
  for (uint64_t id = 1; id <= static_cast<uint64_t>(founders); ++id) {
    manifest.founders.push_back({MemberId{id}, AddressOf(id)});
  }
  return manifest;
}

Options OptionsOf(uint64_t id) {
  Options options;
  options.address = AddressOf(id);
  options.fresh_ensemble_id = {0xabc, id};
  return options;
}

DurableState EmptyDisk(uint64_t id) {
  DurableState state;
  state.hard_state.member = MemberId{id};
  state.hard_state.incarnation = Incarnation{1000 + id};
  return state;
}

// Cores with instant messages and, unless told otherwise, instant disks.
class Ensemble {
 public:
  void Found(int founders, Options options = Options()) {
    for (uint64_t id = 1; id <= static_cast<uint64_t>(founders); ++id) {
      options.manifest = ManifestOf(founders);
      Add(id, options);
    }
  }

  void Add(uint64_t id, Options options) {
    options.address = AddressOf(id);
    options.fresh_ensemble_id = {0xabc, id};
    cores_[id] = std::make_unique<Core>(std::move(options), EmptyDisk(id), id);
  }

  Core& At(uint64_t id) { return *cores_.at(id); }

  Core* Leader() {
    for (auto& [id, core] : cores_) {
      if (core->IsLeader() && !down_.contains(id)) return core.get();
    }
    return nullptr;
  }

  // Stops delivering to and from a member.
  void Isolate(uint64_t id) { down_[id] = true; }
  void Heal(uint64_t id) { down_.erase(id); }
  // Holds back or frees the answers of a member's disk.
  void HoldDisk(uint64_t id, bool hold) {
    held_[id] = hold;
    if (!hold) At(id).Persisted(last_persist_[id]);
    Settle();
  }

  void Run(int64_t milliseconds) {
    for (int64_t t = 0; t < milliseconds; t += kTickMs) {
      for (auto& [id, core] : cores_) core->Tick(kTickMs);
      Settle();
    }
  }

  void Settle() {
    for (bool busy = true; busy;) {
      busy = false;
      for (auto& [id, core] : cores_) busy |= Drive(id, *core);
    }
  }

  // Ticks until there is a leader that has committed its epoch.
  Core& Elect() {
    for (int i = 0; i < 500; ++i) {
      Run(kTickMs);
      Core* leader = Leader();
      if (leader != nullptr && leader->commit().epoch() == leader->epoch()) {
        return *leader;
      }
    }
    ADD_FAILURE() << "no leader";
    std::abort();
  }

  std::map<uint64_t, std::vector<Record>> applied;
  std::map<uint64_t, std::vector<ReadResult>> reads;
  std::vector<Envelope> sent;

 private:
  bool Drive(uint64_t id, Core& core) {
    Output output = core.TakeOutput();
    bool busy = output.persist_id != 0 || !output.messages.empty();
    if (output.persist_id != 0) {
      last_persist_[id] = output.persist_id;
      if (!held_[id]) core.Persisted(output.persist_id);
    }
    for (const Record& record : output.committed) {
      applied[id].push_back(record);
    }
    for (const ReadResult& read : output.reads) reads[id].push_back(read);
    for (Envelope& envelope : output.messages) {
      sent.push_back(envelope);
      Deliver(id, std::move(envelope));
    }
    return busy;
  }

  void Deliver(uint64_t from, Envelope envelope) {
    if (down_.contains(from)) return;
    if (auto* chunk = std::get_if<SnapshotChunk>(&envelope.message)) {
      chunk->data = MakeBytes(std::string(chunk->length, 's'));
    }
    for (auto& [id, core] : cores_) {
      if (AddressOf(id) != envelope.to_address || down_.contains(id)) continue;
      core->Step(envelope);
    }
  }

  std::map<uint64_t, std::unique_ptr<Core>> cores_;
  std::map<uint64_t, bool> down_;
  std::map<uint64_t, bool> held_;
  std::map<uint64_t, uint64_t> last_persist_;
};

template <typename T>
int CountSent(const Ensemble& ensemble) {
  int count = 0;
  for (const Envelope& envelope : ensemble.sent) {
    count += std::holds_alternative<T>(envelope.message) ? 1 : 0;
  }
  return count;
}

TEST(CoreTest, FoundsOnlyWhenEveryFounderHasConfirmed) {
  Ensemble ensemble;
  ensemble.Found(3);
  ensemble.Isolate(3);
  ensemble.Run(5000);
  EXPECT_EQ(ensemble.At(1).RoleName(), "founding");
  EXPECT_EQ(ensemble.At(2).RoleName(), "founding");
  ensemble.Heal(3);
  Core& leader = ensemble.Elect();
  EXPECT_EQ(leader.hard_state().ensemble, (EnsembleId{0xabc, 1}));
  ensemble.Run(1000);
  for (uint64_t id = 1; id <= 3; ++id) {
    EXPECT_EQ(ensemble.At(id).configuration().version(), 1u);
    EXPECT_EQ(ensemble.At(id).commit(), leader.commit());
  }
}

TEST(CoreTest, CommitsAndAppliesEverywhereInOrder) {
  Ensemble ensemble;
  ensemble.Found(5);
  Core& leader = ensemble.Elect();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(leader.Propose(MakeBytes(absl::StrCat("txn", i))).ok());
  }
  ensemble.Run(500);
  for (uint64_t id = 1; id <= 5; ++id) {
    int next = 0;
    for (const Record& record : ensemble.applied[id]) {
      if (record.kind != RecordKind::kTxn) continue;
      EXPECT_EQ(*record.payload, absl::StrCat("txn", next++));
    }
    EXPECT_EQ(next, 100) << "at member " << id;
  }
}

TEST(CoreTest, AcknowledgesOnlyWhatIsDurable) {
  Ensemble ensemble;
  ensemble.Found(3);
  Core& leader = ensemble.Elect();
  ensemble.Run(500);
  const Zxid before = leader.commit();
  for (uint64_t id = 1; id <= 3; ++id) {
    if (id != leader.key().id.value) ensemble.HoldDisk(id, true);
  }
  const Zxid zxid = *leader.Propose(MakeBytes("x"));
  ensemble.Run(400);
  EXPECT_EQ(leader.commit(), before);  // the followers have it, not durably
  for (uint64_t id = 1; id <= 3; ++id) {
    if (id != leader.key().id.value) ensemble.HoldDisk(id, false);
  }
  EXPECT_EQ(leader.commit(), zxid);
}

TEST(CoreTest, CountsItselfOnlyWhenItsOwnDiskIsDone) {
  Ensemble ensemble;
  ensemble.Found(1);
  Core& leader = ensemble.Elect();
  ensemble.HoldDisk(1, true);
  const Zxid zxid = *leader.Propose(MakeBytes("x"));
  ensemble.Settle();
  EXPECT_LT(leader.commit(), zxid);
  EXPECT_LT(leader.applied(), zxid);
  ensemble.HoldDisk(1, false);
  EXPECT_EQ(leader.commit(), zxid);
  EXPECT_EQ(leader.applied(), zxid);
}

TEST(CoreTest, VotesOnlyWhenTheVoteIsDurable) {
  DurableState state = EmptyDisk(2);
  state.hard_state.ensemble = {7, 7};
  Options options = OptionsOf(2);
  Core core(options, state, 1);
  core.Step({{7, 7},
             {MemberId{1}, Incarnation{1001}},
             AddressOf(1),
             MemberId{2},
             AddressOf(2),
             Vote{1, kFoundingZxid, 0}});
  Output output = core.TakeOutput();
  ASSERT_TRUE(output.hard_state.has_value());
  EXPECT_EQ(output.hard_state->accepted_epoch, 1u);
  EXPECT_TRUE(output.messages.empty());
  core.Persisted(output.persist_id);
  output = core.TakeOutput();
  ASSERT_EQ(output.messages.size(), 1u);
  EXPECT_TRUE(std::get<VoteReply>(output.messages[0].message).granted);
}

TEST(CoreTest, ElectsAnotherLeaderAndTruncatesWhatWasNotCommitted) {
  Ensemble ensemble;
  ensemble.Found(3);
  Core& old = ensemble.Elect();
  const uint64_t old_id = old.key().id.value;
  ensemble.Isolate(old_id);
  ASSERT_TRUE(old.Propose(MakeBytes("lost")).ok());
  ensemble.Settle();
  ensemble.Run(3000);
  Core& leader = ensemble.Elect();
  EXPECT_NE(leader.key(), old.key());
  EXPECT_FALSE(old.IsLeader());  // it lost its quorum
  ASSERT_TRUE(leader.Propose(MakeBytes("kept")).ok());
  ensemble.Run(200);
  ensemble.Heal(old_id);
  ensemble.Run(2000);
  EXPECT_EQ(old.log().last(), leader.log().last());
  EXPECT_EQ(*ensemble.applied[old_id].back().payload, "kept");
  EXPECT_LE(leader.epoch(), 3u);  // the outcast could not raise the epoch
}

TEST(CoreTest, RefusesProposalsWithAReason) {
  Ensemble ensemble;
  Options options;
  options.max_uncommitted_bytes = 100;
  ensemble.Found(3, options);
  Core& leader = ensemble.Elect();
  const uint64_t other = leader.key().id.value % 3 + 1;
  ensemble.Run(200);
  const absl::StatusOr<Zxid> refused =
      ensemble.At(other).Propose(MakeBytes("x"));
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(leader.Propose(MakeBytes(std::string(80, 'x'))).ok());
  EXPECT_EQ(leader.Propose(MakeBytes("y")).status().code(),
            absl::StatusCode::kResourceExhausted);
  ensemble.Run(200);
  EXPECT_TRUE(leader.Propose(MakeBytes("y")).ok());
}

TEST(CoreTest, AnswersReadsAtLeaderAndFollower) {
  Ensemble ensemble;
  ensemble.Found(3);
  Core& leader = ensemble.Elect();
  const uint64_t leader_id = leader.key().id.value;
  const uint64_t other = leader_id % 3 + 1;
  ensemble.Run(200);
  const Zxid written = *leader.Propose(MakeBytes("x"));
  ensemble.Run(200);
  leader.RequestRead(1);
  ensemble.At(other).RequestRead(2);
  ensemble.Run(200);
  ASSERT_EQ(ensemble.reads[leader_id].size(), 1u);
  ASSERT_EQ(ensemble.reads[other].size(), 1u);
  EXPECT_TRUE(ensemble.reads[leader_id][0].ok);
  EXPECT_GE(ensemble.reads[leader_id][0].zxid, written);
  EXPECT_TRUE(ensemble.reads[other][0].ok);
  EXPECT_GE(ensemble.reads[other][0].zxid, written);
}

TEST(CoreTest, AnswersEveryReadEvenIfItCannotBeConfirmed) {
  Ensemble ensemble;
  ensemble.Found(3);
  Core& leader = ensemble.Elect();
  const uint64_t leader_id = leader.key().id.value;
  const uint64_t other = leader_id % 3 + 1;
  ensemble.Run(200);
  ensemble.Isolate(leader_id);
  leader.RequestRead(1);
  ensemble.At(other).RequestRead(2);
  ensemble.Run(3000);
  ASSERT_EQ(ensemble.reads[leader_id].size(), 1u);
  EXPECT_FALSE(ensemble.reads[leader_id][0].ok);
  ASSERT_EQ(ensemble.reads[other].size(), 1u);
  EXPECT_FALSE(ensemble.reads[other][0].ok);
}

TEST(CoreTest, ShareOneConfirmationAmongManyReads) {
  Ensemble ensemble;
  ensemble.Found(3);
  Core& leader = ensemble.Elect();
  ensemble.Run(200);
  ensemble.sent.clear();
  for (uint64_t token = 1; token <= 1000; ++token) leader.RequestRead(token);
  ensemble.Settle();
  EXPECT_EQ(ensemble.reads[leader.key().id.value].size(), 1000u);
  EXPECT_EQ(CountSent<Heartbeat>(ensemble), 2);
}

TEST(CoreTest, HandsLeadershipOver) {
  Ensemble ensemble;
  ensemble.Found(3);
  Core& old = ensemble.Elect();
  ensemble.Run(200);
  const MemberId heir{old.key().id.value % 3 + 1};
  EXPECT_EQ(old.TransferLeadership(MemberId{9}).code(),
            absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(old.TransferLeadership(heir).ok());
  EXPECT_EQ(old.Propose(MakeBytes("x")).status().code(),
            absl::StatusCode::kUnavailable);
  ensemble.Settle();
  EXPECT_EQ(ensemble.Elect().key().id, heir);
}

TEST(CoreTest, MovesToAFreshEpochBeforeTheCounterEnds) {
  Ensemble ensemble;
  Options options;
  options.last_counter = 10;
  ensemble.Found(3, options);
  Core* leader = &ensemble.Elect();
  const Epoch before = leader->epoch();
  int accepted = 0;
  for (int i = 0; i < 200; ++i) {
    if (leader != nullptr && leader->Propose(MakeBytes("x")).ok()) ++accepted;
    ensemble.Run(kTickMs);
    leader = ensemble.Leader();
  }
  EXPECT_GT(ensemble.Elect().epoch(), before + 3);
  EXPECT_GT(accepted, 100);
  EXPECT_LE(ensemble.Leader()->log().last().counter(), 12u);
}

TEST(CoreTest, AdmitsAJoinerAsALearnerAndSendsItASnapshot) {
  Ensemble ensemble;
  Options options;
  options.retained_log_bytes = 0;
  options.snapshot_chunk_bytes = 10;
  ensemble.Found(3, options);
  Core& leader = ensemble.Elect();
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(leader.Propose(MakeBytes("x")).ok());
  }
  ensemble.Run(500);
  const auto entry = leader.ConfigurationAt(leader.applied());
  leader.SnapshotTaken({leader.applied(), entry.configuration, entry.zxid, 35});
  EXPECT_EQ(leader.log().base(), leader.applied());

  Options joining;
  joining.seeds = {AddressOf(leader.key().id.value % 3 + 1)};
  ensemble.Add(4, joining);
  EXPECT_EQ(ensemble.At(4).RoleName(), "joining");
  ensemble.Run(3000);
  EXPECT_EQ(ensemble.At(4).RoleName(), "learner");
  EXPECT_EQ(CountSent<SnapshotChunk>(ensemble), 4);
  EXPECT_EQ(ensemble.At(4).commit(), leader.commit());
  EXPECT_EQ(ensemble.At(4).configuration(), leader.configuration());

  MembershipChange promotion;
  promotion.change_id = 77;
  promotion.expected_version = leader.configuration().version();
  promotion.promote = {MemberId{4}};
  AdmissionDecision decision = leader.ChangeMembership(promotion);
  ASSERT_EQ(decision.outcome, AdmissionDecision::Outcome::kRefused);
  EXPECT_EQ(decision.refusal.rule, Rule::kObservedStability);
  ensemble.Run(12'000);
  decision = leader.ChangeMembership(promotion);
  ASSERT_EQ(decision.outcome, AdmissionDecision::Outcome::kAccepted)
      << Describe(decision.refusal);
  EXPECT_EQ(leader.StateOfChange(77), ChangeState::kPending);
  ensemble.Run(1000);
  EXPECT_EQ(leader.StateOfChange(77), ChangeState::kDone);
  EXPECT_EQ(ensemble.At(4).RoleName(), "follower");
  EXPECT_EQ(leader.ChangeMembership(promotion).outcome,
            AdmissionDecision::Outcome::kAlreadyMade);
}

TEST(CoreTest, RemovedLeaderHandsOverAndStops) {
  Ensemble ensemble;
  ensemble.Found(3);
  Core& leader = ensemble.Elect();
  ensemble.Run(15'000);
  MembershipChange removal;
  removal.change_id = 78;
  removal.expected_version = 1;
  removal.remove = {leader.key().id};
  const AdmissionDecision decision = leader.ChangeMembership(removal);
  ASSERT_EQ(decision.outcome, AdmissionDecision::Outcome::kAccepted)
      << Describe(decision.refusal);
  ensemble.Run(4000);
  ASSERT_TRUE(leader.IsStopped());
  EXPECT_EQ(leader.stop_reason()->rule, Rule::kOrderlyExit);
  Core& next = ensemble.Elect();
  EXPECT_EQ(next.configuration().voters().size(), 2u);
  EXPECT_EQ(next.StateOfChange(78), ChangeState::kDone);
}

TEST(CoreTest, StopsWithAReasonIfTheDiskContradictsTheOptions) {
  Options options = OptionsOf(1);
  EXPECT_EQ(Core(options, EmptyDisk(1), 1).stop_reason()->rule,
            Rule::kNoSelfStart);  // neither manifest nor seeds
  options.manifest = ManifestOf(3);
  DurableState member = EmptyDisk(1);
  member.hard_state.ensemble = {7, 7};
  EXPECT_EQ(Core(options, member, 1).stop_reason()->rule, Rule::kOneTruth);
  DurableState confirmed = EmptyDisk(1);
  confirmed.hard_state.manifest_hash = 5;
  EXPECT_EQ(Core(options, confirmed, 1).stop_reason()->rule,
            Rule::kUnanimousBootstrap);
  DurableState removed = member;
  removed.hard_state.removed = true;
  EXPECT_EQ(Core(OptionsOf(1), removed, 1).stop_reason()->rule,
            Rule::kOrderlyExit);
  DurableState broken = member;
  broken.log.push_back({Zxid(3, 7), RecordKind::kTxn, nullptr, nullptr});
  EXPECT_EQ(Core(OptionsOf(1), broken, 1).stop_reason()->rule,
            Rule::kBadStorage);
}

TEST(CoreTest, StopsWhenStorageFails) {
  Ensemble ensemble;
  ensemble.Found(1);
  Core& leader = ensemble.Elect();
  leader.RequestRead(5);
  leader.StorageFailed("fsync: input/output error");
  ASSERT_TRUE(leader.IsStopped());
  EXPECT_EQ(leader.stop_reason()->rule, Rule::kBadStorage);
  EXPECT_FALSE(leader.Propose(MakeBytes("x")).ok());
  EXPECT_EQ(leader.TakeOutput().reads.size(), 1u);
}

}  // namespace
}  // namespace quorate::consensus
