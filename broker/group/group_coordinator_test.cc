// Coordinators one after the other, in a real ensemble of one member.

#include "broker/group/group_coordinator.h"

#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "broker/controller/leadership.h"
#include "broker/error/broker_error.h"
#include "broker/group/group_state.h"
#include "broker/group/group_types.h"
#include "broker/image/cluster_image.h"
#include "broker/image/znodes.h"
#include "coord/client/session.h"
#include "coord/client/types.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/ensemble.h"

namespace quorate::broker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr uint64_t kTopicId = 77;

std::shared_ptr<const ClusterImage> ImageWith(size_t partitions) {
  auto image = std::make_shared<ClusterImage>();
  image->topics["t"] = {.topic_id = kTopicId,
                        .partitions = std::vector<PartitionState>(partitions)};
  return image;
}

class GroupCoordinatorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    session = ensemble.Open();
    for (const std::string path :
         {kRootPath, kControllerEpochPath, kGroupsPath}) {
      ASSERT_TRUE(
          session->Write(client::Create{.path = path, .data = "0"}).ok());
    }
  }

  // Becomes controller, as an election would.
  void Begin(GroupCoordinator& coordinator, size_t partitions = 4) {
    ++epoch;
    const absl::StatusOr<client::WriteResult> written = session->Write(
        client::SetData{kControllerEpochPath, std::to_string(epoch)});
    ASSERT_TRUE(written.ok());
    Leadership leadership;
    leadership.token.controller_epoch = epoch;
    leadership.token.broker_id = 1;
    leadership.fence_version = written->stat->version;
    coordinator.Began(leadership, *session, ImageWith(partitions));
  }

  // Asks until it is not answered with NotReady, since groups are read first.
  static GroupReply Ask(
      const std::function<void(GroupCoordinator::Done)>& ask) {
    while (true) {
      std::promise<GroupReply> answer;
      ask([&answer](GroupReply reply) { answer.set_value(std::move(reply)); });
      GroupReply reply = answer.get_future().get();
      if (!Is(reply.status, ErrorKind::kNotReady)) return reply;
      std::this_thread::yield();
    }
  }
  static GroupReply Join(GroupCoordinator& coordinator,
                         const std::string& member_id = "") {
    return Ask([&](GroupCoordinator::Done done) {
      coordinator.Join("g",
                       {.member_id = member_id,
                        .client_id = "c",
                        .topics = {"t"},
                        .session_timeout_ms = 60'000,
                        .rebalance_timeout_ms = 60'000},
                       std::move(done));
    });
  }
  static absl::Status Commit(GroupCoordinator& coordinator,
                             const JoinAnswer& member, int64_t offset) {
    return Ask([&](GroupCoordinator::Done done) {
             coordinator.Commit("g",
                                {.member_id = member.member_id,
                                 .generation = member.generation,
                                 .offsets = {{"t", 0, offset}}},
                                std::move(done));
           })
        .status;
  }
  static GroupReply Fetch(GroupCoordinator& coordinator) {
    return Ask([&](GroupCoordinator::Done done) {
      coordinator.FetchOffsets("g", std::move(done));
    });
  }

  Ensemble ensemble{1};
  std::unique_ptr<client::Session> session;
  int64_t epoch = 0;
};

TEST_F(GroupCoordinatorTest, WhoIsNotControllerSaysSo) {
  GroupCoordinator coordinator;
  EXPECT_TRUE(Is(Join(coordinator).status, ErrorKind::kNotController));
  EXPECT_TRUE(
      Is(coordinator.Heartbeat("g", "m", 1), ErrorKind::kNotController));
  EXPECT_TRUE(Is(coordinator.List().status(), ErrorKind::kNotController));
  Begin(coordinator);
  EXPECT_TRUE(Join(coordinator).status.ok());
  coordinator.Ended();
  EXPECT_TRUE(Is(Join(coordinator).status, ErrorKind::kNotController));
}

TEST_F(GroupCoordinatorTest, ANewOneGoesOnWhereTheOldOneWas) {
  GroupCoordinator old;
  Begin(old);
  const GroupReply joined = Join(old);
  ASSERT_TRUE(joined.status.ok()) << joined.status;
  EXPECT_THAT(joined.join.partitions, SizeIs(4));
  EXPECT_TRUE(Commit(old, joined.join, 5).ok());

  GroupCoordinator next;
  Begin(next);
  const GroupReply fetched = Fetch(next);
  EXPECT_EQ(fetched.offsets.at("t").offsets.at(0), 5);
  EXPECT_THAT(next.List().value(), ElementsAre("g"));
  EXPECT_TRUE(Is(next.Heartbeat("g", joined.join.member_id, 1),
                 ErrorKind::kUnknownMember));
  EXPECT_TRUE(Is(Commit(next, joined.join, 6), ErrorKind::kUnknownMember));
  // The old one does not know yet; the fence does.
  EXPECT_TRUE(old.Heartbeat("g", joined.join.member_id, 1).ok());
  const absl::Status late = Commit(old, joined.join, 7);
  EXPECT_TRUE(IsWorthRetry(late)) << late;
  EXPECT_TRUE(Is(Commit(old, joined.join, 8), ErrorKind::kNotController));
  const GroupReply again = Join(next);
  EXPECT_EQ(again.join.generation, 2);
  EXPECT_NE(again.join.member_id, joined.join.member_id);
  EXPECT_EQ(Fetch(next).offsets.at("t").offsets.at(0), 5);
  old.Ended();
  next.Ended();
}

TEST_F(GroupCoordinatorTest, TellsMembersOfMorePartitions) {
  GroupCoordinator coordinator;
  Begin(coordinator);
  const JoinAnswer member = Join(coordinator).join;
  EXPECT_TRUE(coordinator.Heartbeat("g", member.member_id, 1).ok());
  coordinator.ImageChanged(ImageWith(6));
  EXPECT_TRUE(Is(coordinator.Heartbeat("g", member.member_id, 1),
                 ErrorKind::kRebalanceInProgress));
  EXPECT_THAT(Join(coordinator, member.member_id).join.partitions, SizeIs(6));
  EXPECT_TRUE(coordinator.Leave("g", member.member_id).ok());
  EXPECT_EQ(coordinator.Describe("g")->state, "empty");
  coordinator.Ended();
}

TEST_F(GroupCoordinatorTest, LooksAgainIfSomebodyElseHasWritten) {
  GroupCoordinator coordinator;
  Begin(coordinator);
  const JoinAnswer member = Join(coordinator).join;
  EXPECT_TRUE(Commit(coordinator, member, 5).ok());
  ASSERT_TRUE(
      session
          ->Write(client::SetData{"/broker/groups/g/t",
                                  R"({"topic_id":77,"offsets":{"0":3}})"})
          .ok());
  // NotReady is asked again here, until the group has been read.
  EXPECT_TRUE(Is(Commit(coordinator, member, 6), ErrorKind::kUnknownMember));
  EXPECT_EQ(Fetch(coordinator).offsets.at("t").offsets.at(0), 3);
  coordinator.Ended();
}

TEST_F(GroupCoordinatorTest, ADamagedZnodeHoldsUpItsGroupAlone) {
  ASSERT_TRUE(
      session->Write(client::Create{.path = "/broker/groups/g", .data = "x"})
          .ok());
  GroupCoordinator coordinator;
  Begin(coordinator);
  absl::Status status;
  while (!absl::StrContains(status.message(), "/broker/groups/g")) {
    status = coordinator.Describe("g").status();
    ASSERT_TRUE(Is(status, ErrorKind::kNotReady)) << status;
    std::this_thread::yield();
  }
  const GroupReply other = Ask([&](GroupCoordinator::Done done) {
    coordinator.FetchOffsets("other", std::move(done));
  });
  EXPECT_TRUE(other.status.ok());
  EXPECT_THAT(other.offsets, IsEmpty());
  // Put right by hand, it serves.
  ASSERT_TRUE(
      session->Write(client::SetData{"/broker/groups/g", R"({"generation":9})"})
          .ok());
  EXPECT_EQ(Join(coordinator).join.generation, 10);
  coordinator.Ended();
}

TEST_F(GroupCoordinatorTest, AGroupThatIsDeletedIsGone) {
  GroupCoordinator coordinator;
  Begin(coordinator);
  const JoinAnswer member = Join(coordinator).join;
  EXPECT_TRUE(Commit(coordinator, member, 5).ok());
  const auto remove = [&](GroupCoordinator::Done done) {
    coordinator.Delete("g", std::move(done));
  };
  EXPECT_TRUE(Is(Ask(remove).status, ErrorKind::kGroupNotEmpty));
  EXPECT_TRUE(coordinator.Leave("g", member.member_id).ok());
  EXPECT_TRUE(Ask(remove).status.ok());
  EXPECT_TRUE(Is(Ask(remove).status, ErrorKind::kNoGroup));
  EXPECT_THAT(session->GetChildren(kGroupsPath)->names, IsEmpty());
  coordinator.Ended();
}

TEST_F(GroupCoordinatorTest, RefusesWhatIsOutOfBounds) {
  GroupCoordinator coordinator;
  Begin(coordinator);
  const JoinArguments good = {.topics = {"t"},
                              .session_timeout_ms = 1'000,
                              .rebalance_timeout_ms = 1'000};
  std::vector<std::pair<std::string, JoinArguments>> bad;
  bad.emplace_back("a/b", good);
  for (int i = 0; i < 8; ++i) bad.emplace_back("g", good);
  bad[1].second.topics.clear();
  bad[2].second.topics = {"a/b"};
  bad[3].second.topics.resize(kMaxTopicsPerMember + 1, "t");
  bad[4].second.session_timeout_ms = kMinGroupTimeoutMs - 1;
  bad[5].second.session_timeout_ms = kMaxGroupTimeoutMs + 1;
  bad[6].second.rebalance_timeout_ms = 0;
  bad[7].second.client_id.resize(kMaxClientIdBytes + 1, 'c');
  bad[8].second.member_id.resize(kMaxMemberIdBytes + 1, 'm');
  for (size_t i = 0; i < bad.size(); ++i) {
    const GroupReply reply = Ask([&](GroupCoordinator::Done done) {
      coordinator.Join(bad[i].first, bad[i].second, std::move(done));
    });
    EXPECT_TRUE(Is(reply.status, ErrorKind::kBadRequest)) << i;
  }
  for (const CommitArguments& arguments :
       {CommitArguments{.offsets = {{"t", 0, -1}}},
        CommitArguments{.offsets = {{"t", 0, 1}, {"t", 0, 2}}},
        CommitArguments{.member_id = "m", .offsets = {{"t", 0, 1}}},
        CommitArguments{.generation = 3, .offsets = {{"t", 0, 1}}}}) {
    const GroupReply reply = Ask([&](GroupCoordinator::Done done) {
      coordinator.Commit("g", arguments, std::move(done));
    });
    EXPECT_TRUE(Is(reply.status, ErrorKind::kBadRequest)) << reply.status;
  }
  EXPECT_THAT(session->GetChildren(kGroupsPath)->names, IsEmpty());
  coordinator.Ended();
}

}  // namespace
}  // namespace quorate::broker
