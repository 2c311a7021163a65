// Running brokerds in an ensemble of three: who is controller, what happens if
// it dies, stands still or stops.

#include <signal.h>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "broker/image/znodes.h"
#include "broker/server/test_broker.h"
#include "coord/client/error.h"
#include "coord/client/session.h"
#include "coord/client/types.h"
#include "gtest/gtest.h"
#include "tests/client/ensemble.h"

namespace quorate::broker {
namespace {

constexpr char kIsController[] = "quorate_broker_is_controller";
constexpr char kEpoch[] = "quorate_broker_controller_epoch";
constexpr char kStale[] =
    "quorate_broker_refused_commands_total{kind=\"StaleController\"}";

class BrokerdTest : public testing::Test {
 protected:
  void SetUp() override {
    session_ = ensemble_.Open();
    for (BrokerId id = 1; id <= 3; ++id) {
      brokers_.push_back(
          absl::make_unique<TestBroker>(id, ensemble_.endpoints()));
      ASSERT_EQ(brokers_.back()->Format({"--bootstrap"}), 0)
          << brokers_.back()->process().Stderr();
      brokers_.back()->Start();
    }
    for (const auto& broker : brokers_) {
      ASSERT_TRUE(broker->WaitUntilReady()) << broker->process().Stderr();
    }
  }

  // Waits until one of them is controller, in a later epoch than `after`.
  TestBroker& Controller(int64_t after = 0) {
    TestBroker* found = nullptr;
    EXPECT_TRUE(Eventually([&] {
      for (const auto& broker : brokers_) {
        if (broker->Metric(kIsController) != 1) continue;
        if (broker->Metric(kEpoch) <= after) continue;
        found = broker.get();
        return true;
      }
      return false;
    }));
    EXPECT_NE(found, nullptr);
    return found == nullptr ? *brokers_[0] : *found;
  }
  PartitionState Partition(const std::string& topic, int32_t partition) {
    const std::string path = PartitionPath(topic, partition);
    const absl::StatusOr<client::Data> data = session_->GetData(path);
    EXPECT_TRUE(data.ok()) << data.status();
    if (!data.ok()) return {};
    return ParsePartition(path, data->data, data->stat.version).value();
  }

  Ensemble ensemble_{3};
  std::unique_ptr<client::Session> session_;
  std::vector<std::unique_ptr<TestBroker>> brokers_;
};

TEST_F(BrokerdTest, OneOfThemCreatesTopics) {
  TestBroker& controller = Controller();
  for (const auto& broker : brokers_) {
    if (broker.get() == &controller) continue;
    // The others say whom to ask.
    ASSERT_TRUE(Eventually([&] { return broker->Metric(kEpoch) == 1; }));
    const absl::Status refusal = broker->CreateTopic("t", 6).status();
    EXPECT_TRUE(Is(refusal, ErrorKind::kNotController)) << refusal;
    EXPECT_EQ(client::ErrorInfoOf(refusal)->leader_address,
              controller.address());
  }
  const absl::StatusOr<TopicState> topic = controller.CreateTopic("t", 6);
  ASSERT_TRUE(topic.ok()) << topic.status();
  for (int32_t i = 0; i < 6; ++i) {
    EXPECT_EQ(Partition("t", i), topic->partitions[static_cast<size_t>(i)]);
  }
  for (const auto& broker : brokers_) {
    EXPECT_TRUE(Eventually(
        [&] { return broker->Metric("quorate_broker_partitions_led") == 2; }));
  }
  EXPECT_TRUE(
      Is(controller.CreateTopic("t", 1).status(), ErrorKind::kTopicExists));
  for (const char* bad : {"", "..", "a/b"}) {
    EXPECT_TRUE(
        Is(controller.CreateTopic(bad, 1).status(), ErrorKind::kBadRequest));
  }
  for (const int32_t bad : {0, -1, 1001}) {
    EXPECT_TRUE(
        Is(controller.CreateTopic("u", bad).status(), ErrorKind::kBadRequest));
  }
}

TEST_F(BrokerdTest, AControllerThatIsKilledIsFollowed) {
  TestBroker& first = Controller();
  ASSERT_TRUE(first.CreateTopic("t", 3).ok());
  first.Kill();
  TestBroker& second = Controller(1);
  EXPECT_NE(second.id(), first.id());
  EXPECT_EQ(second.Metric(kEpoch), 2);
  for (int32_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(Eventually([&] {
      const PartitionState state = Partition("t", i);
      return state.leader != first.id() && state.leader != kNoBroker &&
             !state.IsInSync(first.id());
    }));
  }
  EXPECT_TRUE(second.CreateTopic("u", 1).ok());
  // It comes back, at once, and is told.
  first.Start();
  EXPECT_TRUE(first.WaitUntilReady());
  EXPECT_EQ(first.Metric(kIsController), 0);
}

TEST_F(BrokerdTest, APausedControllerIsFenced) {
  TestBroker& first = Controller();
  ASSERT_TRUE(first.CreateTopic("t", 3).ok());
  ClusterImage late;
  late.controller.controller_epoch = 1;
  late.controller.broker_id = first.id();
  late.controller.token.ensemble_id = session_->pin().ensemble_id;
  late.controller.token.czxid =
      session_->GetData(kControllerPath).value().stat.czxid;
  late.version = 1'000'000;

  first.process().Kill(SIGSTOP);
  TestBroker& second = Controller(1);
  EXPECT_NE(second.id(), first.id());
  // Its commands come late: an image without any topic.
  for (const auto& broker : brokers_) {
    if (broker.get() == &first) continue;
    ASSERT_TRUE(Eventually([&] { return broker->Metric(kEpoch) == 2; }));
    const int64_t before = broker->Metric(kStale);
    const absl::Status refusal = broker->ApplyImage(late);
    EXPECT_TRUE(Is(refusal, ErrorKind::kStaleController)) << refusal;
    EXPECT_EQ(broker->Metric(kStale), before + 1);
    EXPECT_GT(broker->Metric("quorate_broker_partitions_led"), 0);
  }
  first.process().Kill(SIGCONT);
  EXPECT_TRUE(Eventually([&] {
    return first.Metric(kIsController) == 0 && first.Metric(kEpoch) == 2 &&
           first.Metric("quorate_broker_ready") == 1;
  })) << first.process().Stderr();
  EXPECT_EQ(session_->GetData(kControllerEpochPath)->data, "2");
  EXPECT_TRUE(second.CreateTopic("u", 1).ok());
  // Its old self is fenced at its own door, too.
  EXPECT_TRUE(Is(first.ApplyImage(late), ErrorKind::kStaleController));
}

TEST_F(BrokerdTest, ProducerIdsComeOnce) {
  std::set<uint64_t> ids;
  for (int i = 0; i < 3; ++i) {
    for (const auto& broker : brokers_) {
      const absl::StatusOr<uint64_t> id = broker->InitProducer();
      ASSERT_TRUE(id.ok()) << id.status();
      EXPECT_GT(*id, 0);
      EXPECT_TRUE(ids.insert(*id).second) << *id;
    }
    // The next life takes a block of its own.
    brokers_[0]->Start();
    ASSERT_TRUE(brokers_[0]->WaitUntilReady());
  }
}

// The controller and the leader are killed while records are produced: each is
// sent until it is acknowledged, and all are there, once, in order.
TEST_F(BrokerdTest, WhatIsAcknowledgedStays) {
  ASSERT_TRUE(Controller().CreateTopic("t", 1).ok());
  uint64_t producer = 0;
  ASSERT_TRUE(Eventually([&] {
    const absl::StatusOr<uint64_t> made = brokers_[0]->InitProducer();
    if (made.ok()) producer = *made;
    return made.ok();
  }));
  const auto leader = [&]() -> TestBroker* {
    const BrokerId id = Partition("t", 0).leader;
    return id == kNoBroker ? nullptr
                           : brokers_[static_cast<size_t>(id) - 1].get();
  };
  std::vector<std::string> sent;
  for (int32_t i = 0; i < 60; ++i) {
    TestBroker* killed = nullptr;
    if (i == 20) killed = leader();
    if (i == 40) killed = &Controller();
    if (killed != nullptr) killed->Kill();
    sent.push_back(absl::StrCat("record ", i));
    ASSERT_TRUE(Eventually([&] {
      TestBroker* asked = leader();
      return asked != nullptr &&
             asked->Produce("t", 0, producer, i, sent.back()).ok();
    })) << "record "
        << i;
    if (killed == nullptr) continue;
    killed->Start();
    ASSERT_TRUE(killed->WaitUntilReady()) << killed->process().Stderr();
    // Two in sync at least before the next is killed.
    ASSERT_TRUE(Eventually([&] { return Partition("t", 0).isr.size() == 3; }));
  }
  EXPECT_EQ(leader()->Fetch("t", 0).value(), sent);
}

TEST_F(BrokerdTest, RefusesCommandsOfAnotherEnsemble) {
  ClusterImage foreign;
  foreign.controller.controller_epoch = 99;
  foreign.controller.broker_id = 1;
  foreign.controller.token = {std::string(16, 'x'), 5};
  foreign.version = 1;
  EXPECT_TRUE(Is(brokers_[0]->ApplyImage(foreign), ErrorKind::kWrongEnsemble));
  EXPECT_EQ(
      brokers_[0]->Metric(
          "quorate_broker_refused_commands_total{kind=\"WrongEnsemble\"}"),
      1);
  foreign.controller.token.ensemble_id = "short";
  EXPECT_TRUE(Is(brokers_[0]->ApplyImage(foreign), ErrorKind::kBadRequest));
}

TEST_F(BrokerdTest, StopsInOrder) {
  TestBroker& controller = Controller();
  ASSERT_TRUE(controller.CreateTopic("t", 6).ok());
  TestBroker* follower = nullptr;
  for (const auto& broker : brokers_) {
    if (broker.get() != &controller) follower = broker.get();
  }
  // Both a broker and the controller itself hand over before they go.
  for (TestBroker* broker : {follower, &controller}) {
    broker->process().Kill(SIGTERM);
    EXPECT_EQ(broker->process().Wait(), 0) << broker->process().Stderr();
    EXPECT_TRUE(absl::StrContains(broker->process().Stderr(),
                                  "handed over\" remaining=0"))
        << broker->process().Stderr();
    EXPECT_TRUE(client::IsError(
        session_->Exists(BrokerPath(broker->id())).status(), "NoNode"));
    for (int32_t i = 0; i < 6; ++i) {
      const PartitionState state = Partition("t", i);
      EXPECT_NE(state.leader, broker->id());
      EXPECT_NE(state.leader, kNoBroker);
    }
  }
  Controller(1);
}

}  // namespace
}  // namespace quorate::broker
