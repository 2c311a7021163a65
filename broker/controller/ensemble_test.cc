// Bootstrap, registration, election and a reign, in a real ensemble of one
// member.

#include "tests/client/ensemble.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "broker/controller/bootstrap.h"
#include "broker/controller/cluster_reader.h"
#include "broker/controller/election.h"
#include "broker/controller/leadership.h"
#include "broker/controller/planner.h"
#include "broker/controller/registration.h"
#include "broker/controller/reign.h"
#include "broker/controller/test_links.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "broker/image/znodes.h"
#include "coord/client/error.h"
#include "coord/client/session.h"
#include "coord/client/types.h"
#include "coord/rpc/timer.h"
#include "coord/server/logger.h"
#include "gtest/gtest.h"

namespace quorate::broker {
namespace {

using client::Session;

Registration Where(BrokerId id, const std::string& directory = "") {
  return {absl::StrCat("host:", id),
          directory.empty() ? absl::StrCat("dir", id) : directory};
}

class EnsembleTest : public testing::Test {
 protected:
  void SetUp() override {
    session_ = ensemble_.Open();
    ASSERT_TRUE(MakeZnodes(*session_).ok());
  }
  std::string Get(const std::string& path) {
    const absl::StatusOr<client::Data> data = session_->GetData(path);
    return data.ok() ? data->data : std::string(data.status().message());
  }
  // Registers, and wins.
  Leadership Win(Session& session, BrokerId id) {
    EXPECT_TRUE(Register(session, id, Where(id)).ok());
    const absl::StatusOr<std::optional<Leadership>> won = Elect(session, id);
    EXPECT_TRUE(won.ok() && won->has_value()) << won.status();
    return **won;
  }

  Ensemble ensemble_{1};
  std::unique_ptr<Session> session_;
};

TEST_F(EnsembleTest, BootstrapTwiceIsOnce) {
  EXPECT_EQ(Get(kControllerEpochPath), "0");
  ASSERT_TRUE(session_->Write(client::SetData{kControllerEpochPath, "7"}).ok());
  EXPECT_TRUE(MakeZnodes(*session_).ok());
  EXPECT_EQ(Get(kControllerEpochPath), "7");
  // It cures nothing, except by the unsafe way.
  ASSERT_TRUE(session_->Write(client::Delete{kControllerEpochPath}).ok());
  const absl::Status half = MakeZnodes(*session_);
  EXPECT_TRUE(absl::IsFailedPrecondition(half));
  EXPECT_TRUE(absl::StrContains(half.message(), kControllerEpochPath)) << half;
  EXPECT_TRUE(MakeMissingZnodes(*session_).ok());
  EXPECT_EQ(Get(kControllerEpochPath), "0");
  EXPECT_EQ(Get(kProducerIdsPath), "0");  // it was there
  ASSERT_TRUE(session_->Write(client::SetData{kRootPath, "{}"}).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(MakeZnodes(*session_)));
}

// Two ensembles that are taken for one must not give out the same ids: the
// second producer's batches would count as repeated ones of the first.
TEST_F(EnsembleTest, MissingProducerIdsBeginWhereNobodyHasBeen) {
  std::set<std::string> blocks;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(session_->Write(client::Delete{kProducerIdsPath}).ok());
    ASSERT_TRUE(MakeMissingZnodes(*session_).ok());
    const std::string block = Get(kProducerIdsPath);
    EXPECT_TRUE(ParseCounter(kProducerIdsPath, block).ok()) << block;
    blocks.insert(block);
  }
  EXPECT_EQ(blocks.size(), 3u);
}

TEST_F(EnsembleTest, RegistrationIsOfOneLifeOfOneDirectory) {
  const absl::StatusOr<uint64_t> first = Register(*session_, 1, Where(1));
  ASSERT_TRUE(first.ok()) << first.status();
  // As after a lost answer.
  EXPECT_EQ(Register(*session_, 1, Where(1)).value(), *first);
  // The next life of the same directory does not wait for the first to expire.
  const std::unique_ptr<Session> next = ensemble_.Open();
  const absl::StatusOr<uint64_t> second = Register(*next, 1, Where(1));
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_GT(*second, *first);
  const absl::Status taken =
      Register(*session_, 1, Where(1, "another")).status();
  EXPECT_TRUE(absl::IsAlreadyExists(taken)) << taken;
  EXPECT_TRUE(absl::StrContains(taken.message(), "dir1")) << taken;
  const auto brokers = ReadBrokers(*session_);
  ASSERT_TRUE(brokers.ok());
  EXPECT_EQ(brokers->brokers.at(1).broker_epoch, *second);
  EXPECT_TRUE(brokers->ignored.empty());
  // Somebody's mistake is nobody's broker.
  ASSERT_TRUE(session_->Write(client::Create{BrokerPath(2), "me"}).ok());
  ASSERT_TRUE(session_->Write(client::Create{"/broker/ids/x", "{}"}).ok());
  const auto some = ReadBrokers(*session_);
  ASSERT_TRUE(some.ok()) << some.status();
  EXPECT_EQ(some->brokers, brokers->brokers);
  EXPECT_EQ(some->ignored.size(), 2);
}

TEST_F(EnsembleTest, OneIsElectedAndTheEpochGrows) {
  const Leadership first = Win(*session_, 1);
  EXPECT_EQ(first.token.controller_epoch, 1);
  EXPECT_EQ(first.token.token.ensemble_id, session_->pin().ensemble_id);
  EXPECT_EQ(Get(kControllerPath), R"({"broker":1,"epoch":1})");
  EXPECT_EQ(Get(kControllerEpochPath), "1");
  // Its answer was lost: it finds that it has won.
  const auto again = Elect(*session_, 1);
  ASSERT_TRUE(again.ok() && again->has_value());
  EXPECT_EQ((*again)->token, first.token);
  EXPECT_EQ((*again)->fence_version, first.fence_version);

  std::unique_ptr<Session> other = ensemble_.Open();
  ASSERT_TRUE(Register(*other, 2, Where(2)).ok());
  const auto lost = Elect(*other, 2);
  ASSERT_TRUE(lost.ok()) << lost.status();
  EXPECT_FALSE(lost->has_value());
  // The next life of the controller's need not wait for the first to expire.
  const std::unique_ptr<Session> next = ensemble_.Open();
  const Leadership second = Win(*next, 1);
  EXPECT_EQ(second.token.controller_epoch, 2);
  EXPECT_GT(second.token.token.czxid, first.token.token.czxid);
  EXPECT_GT(second.fence_version, first.fence_version);
}

TEST_F(EnsembleTest, NoControllerEpochIsNotZero) {
  ASSERT_TRUE(session_->Write(client::Delete{kControllerEpochPath}).ok());
  ASSERT_TRUE(Register(*session_, 1, Where(1)).ok());
  const auto elected = Elect(*session_, 1);
  EXPECT_TRUE(absl::IsFailedPrecondition(elected.status()));
  EXPECT_TRUE(
      absl::StrContains(elected.status().message(), kControllerEpochPath))
      << elected.status();
  EXPECT_TRUE(absl::StrContains(elected.status().message(), "--bootstrap"));
  ASSERT_TRUE(
      session_->Write(client::Create{kControllerEpochPath, "none"}).ok());
  EXPECT_TRUE(absl::IsDataLoss(Elect(*session_, 1).status()));
}

class ReignTest : public EnsembleTest {
 protected:
  struct Counts : LeadershipListener {
    void Began(const Leadership&, Session&,
               std::shared_ptr<const ClusterImage> image) override {
      ++begun;
      newest = std::move(image);
    }
    void ImageChanged(std::shared_ptr<const ClusterImage> image) override {
      newest = std::move(image);
    }
    void Ended() override { ++ended; }
    int begun = 0;
    int ended = 0;
    std::shared_ptr<const ClusterImage> newest;
  };

  void SetUp() override {
    EnsembleTest::SetUp();
    for (BrokerId id : {2, 3}) {
      others_[id] = ensemble_.Open();
      ASSERT_TRUE(Register(*others_[id], id, Where(id)).ok());
    }
    reign_ = Begin(Win(*session_, 1), *session_);
    reign_->Work();
  }
  void TearDown() override { reign_.reset(); }

  std::unique_ptr<Reign> Begin(const Leadership& leadership, Session& session) {
    ReignOutside outside;
    outside.open_link = links_.Opener();
    outside.timer = &timer_;
    outside.logger = &logger_;
    outside.listeners = {&counts_};
    outside.wake = [] {};
    outside.doubt = [] {};
    return std::make_unique<Reign>(leadership, session, std::move(outside));
  }
  // Every broker acknowledges what it is told, until all are told the newest.
  void AnswerAll() {
    for (const auto& [id, broker] : counts_.newest->brokers) {
      for (;;) {
        TestLinks::Told told = links_.Take(broker.address);
        told.done(absl::OkStatus());
        if (told.image.version == counts_.newest->version) break;
      }
    }
    reign_->Work();
  }
  absl::StatusOr<TopicState> CreateTopic(const std::string& name,
                                         int32_t partitions) {
    absl::StatusOr<TopicState> result = absl::UnknownError("not answered");
    reign_->CreateTopic(
        {name, partitions, {}},
        [&](const absl::StatusOr<TopicState>& topic) { result = topic; });
    if (!absl::IsUnknown(result.status())) return result;
    AnswerAll();
    return result;
  }

  TestLinks links_;
  rpc::Timer timer_;
  server::Logger logger_{server::LogLevel::kWarn, server::LogFormat::kText};
  Counts counts_;
  std::map<BrokerId, std::unique_ptr<Session>> others_;
  std::unique_ptr<Reign> reign_;
};

TEST_F(ReignTest, TellsTheBrokersAndListeners) {
  EXPECT_EQ(counts_.begun, 1);
  const TestLinks::Told told = links_.Take("host:2");
  EXPECT_EQ(told.image, *counts_.newest);
  EXPECT_EQ(told.image.version, 1);
  EXPECT_EQ(told.image.brokers.size(), 3);
  EXPECT_EQ(told.image.controller.controller_epoch, 1);
  reign_.reset();
  EXPECT_EQ(counts_.ended, 1);
}

TEST_F(ReignTest, ATopicIsDoneOnceItsLeadersWereTold) {
  std::optional<absl::StatusOr<TopicState>> made;
  reign_->CreateTopic({"t", 6, {}},
                      [&](absl::StatusOr<TopicState> topic) { made = topic; });
  reign_->Work();
  EXPECT_FALSE(made.has_value());
  EXPECT_EQ(Get(PartitionPath("t", 5)),
            FormatPartition(*counts_.newest->Find("t", 5)));
  AnswerAll();
  ASSERT_TRUE(made.has_value() && made->ok()) << made->status();
  EXPECT_EQ((*made)->partitions.size(), 6);
  EXPECT_EQ((*made)->config.replication_factor, 3);
  EXPECT_EQ((*made)->config.min_insync_replicas, 2);
  EXPECT_EQ(**made, counts_.newest->topics.at("t"));
  EXPECT_TRUE(Is(CreateTopic("t", 1).status(), ErrorKind::kTopicExists));
  absl::Status deleted = absl::UnknownError("");
  reign_->DeleteTopic(
      "t", [&](const absl::StatusOr<bool>& done) { deleted = done.status(); });
  EXPECT_TRUE(deleted.ok()) << deleted;
  EXPECT_TRUE(
      client::IsError(session_->Exists(TopicPath("t")).status(), "NoNode"));
  reign_->DeleteTopic(
      "t", [&](const absl::StatusOr<bool>& done) { deleted = done.status(); });
  EXPECT_TRUE(Is(deleted, ErrorKind::kNoTopic));
}

TEST_F(ReignTest, RefusesTopicsThatCannotBe) {
  absl::Status refusal;
  const Done<TopicState> done = [&](const absl::StatusOr<TopicState>& topic) {
    refusal = topic.status();
  };
  reign_->CreateTopic({"t", 1, {.replication_factor = 4}}, done);
  EXPECT_TRUE(Is(refusal, ErrorKind::kNotEnoughBrokers)) << refusal;
  reign_->CreateTopic({"t", 1, {.min_insync_replicas = 4}}, done);
  EXPECT_TRUE(Is(refusal, ErrorKind::kBadRequest)) << refusal;
  reign_->CreateTopic({"t", 1, {.retention_ms = -1}}, done);
  EXPECT_TRUE(Is(refusal, ErrorKind::kBadRequest)) << refusal;
  EXPECT_TRUE(
      client::IsError(session_->Exists(TopicPath("t")).status(), "NoNode"));
}

TEST_F(ReignTest, WhatABrokerLedIsLedByAnother) {
  ASSERT_TRUE(CreateTopic("t", 3).ok());
  others_[2].reset();
  reign_->BrokersChanged();
  reign_->Work();
  for (int32_t i = 0; i < 3; ++i) {
    const PartitionState& state = *counts_.newest->Find("t", i);
    EXPECT_NE(state.leader, 2);
    EXPECT_FALSE(state.IsInSync(2));
    EXPECT_EQ(state.version, 1);
    EXPECT_EQ(state.leader_epoch, 1);
    EXPECT_EQ(Get(PartitionPath("t", i)), FormatPartition(state));
  }
  EXPECT_EQ(reign_->under_replicated(), 3);
}

TEST_F(ReignTest, AnIsrIsWrittenOnce) {
  const absl::StatusOr<TopicState> topic = CreateTopic("t", 1);
  ASSERT_TRUE(topic.ok());
  const PartitionState& state = topic->partitions[0];
  IsrRequest request = {
      .broker = state.leader,
      .broker_epoch = counts_.newest->brokers.at(state.leader).broker_epoch,
      .topic = "t",
      .topic_id = topic->topic_id,
      .partition = 0,
      .leader_epoch = state.leader_epoch,
      .version = state.version,
      .isr = {state.leader}};
  request.isr_broker_epochs = {request.broker_epoch};
  std::vector<absl::StatusOr<PartitionState>> answers;
  const Done<PartitionState> done =
      [&](const absl::StatusOr<PartitionState>& answer) {
        answers.push_back(answer);
      };
  reign_->AlterIsr(request, done);
  reign_->AlterIsr(request, done);
  reign_->Work();
  ASSERT_EQ(answers.size(), 2);
  for (const auto& answer : answers) {
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->isr, request.isr);
    EXPECT_EQ(answer->version, 1);
  }
  EXPECT_EQ(*counts_.newest->Find("t", 0), *answers[0]);
}

TEST_F(ReignTest, ResignationMovesLeaders) {
  ASSERT_TRUE(CreateTopic("t", 3).ok());
  std::optional<absl::StatusOr<int32_t>> remaining;
  const auto done = [&](const absl::StatusOr<int32_t>& answer) {
    remaining = answer;
  };
  const uint64_t epoch = counts_.newest->brokers.at(2).broker_epoch;
  reign_->Resign(2, epoch + 1, done);
  ASSERT_TRUE(remaining.has_value());
  EXPECT_TRUE(Is(remaining->status(), ErrorKind::kStaleBroker));
  remaining.reset();
  reign_->Resign(2, epoch, done);
  EXPECT_FALSE(remaining.has_value());
  AnswerAll();
  ASSERT_TRUE(remaining.has_value() && remaining->ok());
  EXPECT_EQ(**remaining, 0);
  for (int32_t i = 0; i < 3; ++i) {
    EXPECT_NE(counts_.newest->Find("t", i)->leader, 2);
    EXPECT_TRUE(counts_.newest->Find("t", i)->IsInSync(2));
  }
}

// What an old controller writes after another was elected is not applied.
TEST_F(ReignTest, AfterAnotherElectionNothingIsWritten) {
  ASSERT_TRUE(CreateTopic("t", 1).ok());
  ASSERT_TRUE(session_->Write(client::Delete{kControllerPath}).ok());
  const Leadership newer = Win(*others_[2], 2);
  EXPECT_EQ(newer.token.controller_epoch, 2);
  EXPECT_TRUE(Is(CreateTopic("late", 1).status(), ErrorKind::kNotController));
  EXPECT_TRUE(reign_->is_over());
  EXPECT_TRUE(
      client::IsError(session_->Exists(TopicPath("late")).status(), "NoNode"));
  EXPECT_TRUE(Is(CreateTopic("u", 1).status(), ErrorKind::kNotController));
  // The newer one knows what the older has left.
  counts_ = Counts();
  std::unique_ptr<Reign> next = Begin(newer, *others_[2]);
  next->Work();
  EXPECT_TRUE(counts_.newest->topics.contains("t"));
  EXPECT_EQ(counts_.newest->controller, newer.token);
}

// Nobody can say whether it was done: not "no", which would be asked again
// elsewhere, and answered with TopicExists.
TEST_F(ReignTest, AnAnswerThatWasLostMayMeanYes) {
  client::SessionOptions options = ensemble_.Options();
  options.timeout_ms = 1'000;
  options.call_timeout_ms = 1'000;
  const std::unique_ptr<Session> brief = ensemble_.Open(options);
  reign_.reset();
  session_.reset();
  counts_ = Counts();
  reign_ = Begin(Win(*brief, 1), *brief);
  reign_->Work();
  ASSERT_EQ(counts_.begun, 1);
  ensemble_.Kill(0);
  const absl::Status lost = CreateTopic("t", 1).status();
  EXPECT_TRUE(Is(lost, ErrorKind::kRequestTimedOut)) << lost;
  reign_.reset();
  others_.clear();
}

TEST_F(ReignTest, DoubtLooksWhoIsController) {
  reign_->Doubt();
  EXPECT_FALSE(reign_->is_over());
  ASSERT_TRUE(session_->Write(client::Delete{kControllerPath}).ok());
  reign_->Doubt();
  EXPECT_TRUE(reign_->is_over());
}

// A topic that cannot be read must not look like one that is not there: brokers
// would delete it.
TEST_F(ReignTest, TellsNothingWhileAZnodeIsDamaged) {
  ASSERT_TRUE(CreateTopic("t", 1).ok());
  reign_.reset();
  ASSERT_TRUE(
      session_->Write(client::SetData{PartitionPath("t", 0), "{}"}).ok());
  const auto leadership = Elect(*session_, 1);
  ASSERT_TRUE(leadership.ok() && leadership->has_value());
  counts_ = Counts();
  reign_ = Begin(**leadership, *session_);
  reign_->Work();
  EXPECT_EQ(counts_.begun, 0);
  EXPECT_FALSE(reign_->is_over());
  EXPECT_TRUE(Is(CreateTopic("u", 1).status(), ErrorKind::kNotReady));
}

}  // namespace
}  // namespace quorate::broker
