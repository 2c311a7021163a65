#include "broker/client/admin.h"

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/client/client_options.h"
#include "broker/client/offset_at.h"
#include "broker/client/testing/fake_cluster.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "gtest/gtest.h"

namespace quorate::broker {
namespace {

using Method = FakeCluster::Method;

std::unique_ptr<Admin> NewAdmin(const std::vector<std::string>& bootstrap,
                                std::string ensemble_id = "",
                                int64_t timeout_ms = 10'000) {
  auto admin = Admin::Create({.bootstrap = bootstrap,
                              .ensemble_id = std::move(ensemble_id),
                              .max_backoff_ms = 50},
                             timeout_ms);
  EXPECT_TRUE(admin.ok()) << admin.status();
  return *std::move(admin);
}

TEST(AdminTest, RefusesBadOptions) {
  EXPECT_TRUE(absl::IsInvalidArgument(Admin::Create({}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      Admin::Create({.bootstrap = {"nonsense"}}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      Admin::Create({.bootstrap = {"h:1"}, .ensemble_id = "x"}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      Admin::Create({.bootstrap = {"h:1"}}, 0).status()));
}

TEST(AdminTest, FindsTheControllerThroughAnyBroker) {
  FakeCluster cluster(3);
  cluster.SetController(3);
  const auto admin = NewAdmin({cluster.AddressOf(2)});
  const absl::StatusOr<TopicState> topic = admin->CreateTopic("t", 4, {});
  ASSERT_TRUE(topic.ok()) << topic.status();
  EXPECT_EQ(topic->partitions.size(), 4u);
  EXPECT_TRUE(
      Is(admin->CreateTopic("t", 4, {}).status(), ErrorKind::kTopicExists));
  const absl::StatusOr<MetadataView> view = admin->Metadata();
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(view->image.topics.count("t"), 1u);
  EXPECT_EQ(view->ensemble_id, "ensemble-id-0001");
  EXPECT_EQ(*admin->ElectPreferred(), 3);
  // The controller moves; the old one still answers.
  cluster.SetController(1);
  EXPECT_TRUE(admin->DeleteTopic("t").ok());
  EXPECT_TRUE(Is(admin->DeleteTopic("t"), ErrorKind::kNoTopic));
}

TEST(AdminTest, AsksOneBrokerByItself) {
  FakeCluster cluster(3);
  const auto admin = NewAdmin({cluster.AddressOf(1)});
  EXPECT_EQ(admin->MetadataOf(cluster.AddressOf(3))->broker_id, 3);
}

TEST(AdminTest, LostAnswersAreNoErrors) {
  FakeCluster cluster(2);
  std::atomic<int> lost = 0;
  cluster.SetFaultHook([&lost](Method method, BrokerId) {
    FakeCluster::Fault fault;
    if ((method == Method::kCreateTopic || method == Method::kDeleteTopic) &&
        lost++ % 2 == 0) {
      fault.after = absl::UnavailableError("lost");
    }
    return fault;
  });
  const auto admin = NewAdmin(cluster.Addresses());
  const absl::StatusOr<TopicState> topic = admin->CreateTopic("t", 2, {});
  ASSERT_TRUE(topic.ok()) << topic.status();
  EXPECT_EQ(topic->partitions.size(), 2u);
  EXPECT_TRUE(admin->DeleteTopic("t").ok());
  EXPECT_GE(lost, 4);
}

TEST(AdminTest, AnothersTopicIsNotOurs) {
  FakeCluster cluster(1);
  cluster.AddTopic("t", 7);
  std::atomic<int> calls = 0;
  cluster.SetFaultHook([&calls](Method method, BrokerId) {
    FakeCluster::Fault fault;
    if (method == Method::kCreateTopic && calls++ == 0) {
      fault.after = absl::UnavailableError("lost");
    }
    return fault;
  });
  const auto admin = NewAdmin(cluster.Addresses());
  EXPECT_TRUE(
      Is(admin->CreateTopic("t", 2, {}).status(), ErrorKind::kTopicExists));
}

TEST(AdminTest, RetriesUntilTheDeadline) {
  FakeCluster cluster(1);
  std::atomic<int> calls = 0;
  cluster.SetFaultHook([&calls](Method method, BrokerId) {
    FakeCluster::Fault fault;
    if (method == Method::kListGroups && ++calls < 4) {
      fault.before = BrokerError(ErrorKind::kNotReady, "starting");
    }
    return fault;
  });
  EXPECT_TRUE(NewAdmin(cluster.Addresses())->ListGroups().ok());
  EXPECT_EQ(calls, 4);
  calls = -1'000'000;
  EXPECT_TRUE(Is(NewAdmin(cluster.Addresses(), "", 300)->ListGroups().status(),
                 ErrorKind::kNotReady));
}

TEST(AdminTest, AnotherEnsembleIsRefused) {
  FakeCluster cluster(2);
  const auto admin = NewAdmin(cluster.Addresses(), std::string(16, 'z'));
  EXPECT_TRUE(
      Is(admin->CreateTopic("t", 1, {}).status(), ErrorKind::kWrongEnsemble));
  EXPECT_TRUE(Is(admin->Metadata().status(), ErrorKind::kWrongEnsemble));
}

TEST(AdminTest, NobodyThere) {
  std::string address;
  {
    FakeCluster cluster(1);
    address = cluster.AddressOf(1);
  }
  const absl::Status status =
      NewAdmin({address}, "", 300)->ListGroups().status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
}

TEST(AdminTest, CommitsAndDescribesOffsets) {
  FakeCluster cluster(2);
  cluster.AddTopic("t", 2);
  const auto admin = NewAdmin(cluster.Addresses());
  ASSERT_TRUE(admin->CommitOffsets("g", {{{"t", 1}, 42}}).ok());
  const absl::StatusOr<GroupView> group = admin->DescribeGroup("g");
  ASSERT_TRUE(group.ok()) << group.status();
  EXPECT_EQ(group->offsets.at({"t", 1}), 42);
  EXPECT_EQ(group->state, "empty");
  EXPECT_EQ(*admin->ListGroups(), std::vector<std::string>{"g"});
  // Back only if it is said.
  ASSERT_TRUE(admin->CommitOffsets("g", {{{"t", 1}, 7}}).ok());
  EXPECT_EQ(cluster.CommittedOffset("g", {"t", 1}), 42);
  ASSERT_TRUE(admin->CommitOffsets("g", {{{"t", 1}, 7}}, true).ok());
  EXPECT_EQ(cluster.CommittedOffset("g", {"t", 1}), 7);
  EXPECT_TRUE(admin->DeleteGroup("g").ok());
  EXPECT_TRUE(Is(admin->DeleteGroup("g"), ErrorKind::kNoGroup));
  EXPECT_TRUE(Is(admin->DescribeGroup("g").status(), ErrorKind::kNoGroup));
  EXPECT_EQ(*admin->ListOffset({"t", 1}, OffsetAt::kLatest), 0);
}

}  // namespace
}  // namespace quorate::broker
