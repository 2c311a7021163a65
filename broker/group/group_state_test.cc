#include "broker/group/group_state.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "broker/error/broker_error.h"
#include "broker/group/group_record.h"
#include "broker/group/group_types.h"
#include "coord/client/types.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quorate::broker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr uint64_t kTopicId = 77;

std::shared_ptr<const TopicTable> Topics(int32_t partitions,
                                         uint64_t id = kTopicId) {
  return std::make_shared<const TopicTable>(
      TopicTable{{"t", {id, partitions}}});
}

class GroupStateTest : public ::testing::Test {
 protected:
  void Join(uint64_t request, const std::string& id,
            std::vector<std::string> topics = {"t"}) {
    group.Join(now, request, "fresh" + std::to_string(request),
               {.member_id = id,
                .client_id = "c",
                .topics = std::move(topics),
                .session_timeout_ms = 10'000,
                .rebalance_timeout_ms = 20'000});
  }
  void Commit(uint64_t request, const std::string& id, int32_t generation,
              int64_t offset, bool rewind = false) {
    group.Commit(now, request,
                 {.member_id = id,
                  .generation = generation,
                  .offsets = {{"t", 0, offset}},
                  .rewind = rewind});
  }
  // Carries out what is to be written; the number of ops.
  size_t Write(const absl::Status& status = absl::OkStatus()) {
    const std::optional<std::vector<client::MultiOp>> ops = group.TakeWrite();
    if (!ops) return SIZE_MAX;
    group.Written(now, status);
    return ops->size();
  }
  std::map<uint64_t, GroupReply> Replies() {
    std::map<uint64_t, GroupReply> replies;
    for (GroupReply& reply : group.TakeReplies()) {
      const uint64_t request = reply.request;
      EXPECT_TRUE(replies.emplace(request, std::move(reply)).second);
    }
    return replies;
  }
  static JoinAnswer AnswerOf(const GroupReply& reply) {
    EXPECT_TRUE(reply.status.ok()) << reply.status;
    return reply.join;
  }
  // The first member, alone in generation 1.
  void JoinFirst() {
    Join(1, "");
    Write();
    EXPECT_EQ(AnswerOf(Replies().at(1)).member_id, "fresh1");
  }
  // The first two members, in generation 2.
  void JoinTwo() {
    JoinFirst();
    Join(2, "");
    Join(3, "fresh1");
    Write();
    EXPECT_THAT(Replies(), SizeIs(2));
  }
  int64_t OffsetOf(uint64_t request) {
    group.FetchOffsets(request);
    Write();
    const std::map<uint64_t, GroupReply> replies = Replies();
    GroupOffsets offsets = replies.at(request).offsets;
    return offsets.count("t") == 0 ? -1 : offsets["t"].offsets.at(0);
  }

  int64_t now = 1'000;
  GroupState group{"g", std::nullopt, Topics(4)};
};

TEST_F(GroupStateTest, AnswersAJoinOnceItsGenerationIsDurable) {
  Join(1, "");
  const auto ops = group.TakeWrite();
  ASSERT_TRUE(ops.has_value());
  ASSERT_THAT(*ops, SizeIs(1));
  const auto& create = std::get<client::Create>(ops->front());
  EXPECT_EQ(create.path, "/broker/groups/g");
  EXPECT_EQ(create.data, R"({"generation":1})");
  EXPECT_THAT(Replies(), IsEmpty());
  EXPECT_EQ(group.TakeWrite(), std::nullopt);
  group.Written(now, absl::OkStatus());
  const JoinAnswer answer = AnswerOf(Replies().at(1));
  EXPECT_EQ(answer.generation, 1);
  EXPECT_THAT(answer.partitions, SizeIs(4));
  EXPECT_EQ(group.Describe().state, "stable");
}

TEST_F(GroupStateTest, WaitsForAllKnownMembers) {
  JoinFirst();
  Join(2, "");
  EXPECT_EQ(Write(), SIZE_MAX);
  EXPECT_EQ(group.Describe().state, "rebalancing");
  EXPECT_TRUE(
      Is(group.Heartbeat(now, "fresh1", 1), ErrorKind::kRebalanceInProgress));
  Join(3, "fresh1");
  const auto ops = group.TakeWrite();
  ASSERT_THAT(*ops, SizeIs(1));
  EXPECT_EQ(std::get<client::SetData>(ops->front()).version, 0);
  group.Written(now, absl::OkStatus());
  const auto replies = Replies();
  const JoinAnswer first = AnswerOf(replies.at(3));
  const JoinAnswer second = AnswerOf(replies.at(2));
  EXPECT_EQ(first.generation, 2);
  EXPECT_THAT(first.partitions, SizeIs(2));
  EXPECT_THAT(second.partitions, SizeIs(2));
  EXPECT_TRUE(group.Heartbeat(now, "fresh1", 2).ok());
  EXPECT_TRUE(
      Is(group.Heartbeat(now, "fresh1", 1), ErrorKind::kFencedGeneration));
  EXPECT_TRUE(Is(group.Heartbeat(now, "x", 2), ErrorKind::kUnknownMember));
}

TEST_F(GroupStateTest, GoesOnWithoutWhoDoesNotJoinInTime) {
  JoinFirst();
  Join(2, "");
  for (int i = 0; i < 19; ++i) {
    now += 1'000;
    group.Heartbeat(now, "fresh1", 1).IgnoreError();
    group.Tick(now);
  }
  EXPECT_EQ(Write(), SIZE_MAX);
  now += 1'000;
  group.Tick(now);
  Write();
  EXPECT_THAT(AnswerOf(Replies().at(2)).partitions, SizeIs(4));
  Join(3, "fresh1");
  EXPECT_TRUE(Is(Replies().at(3).status, ErrorKind::kUnknownMember));
}

TEST_F(GroupStateTest, RemovesWhoIsSilent) {
  JoinTwo();
  now += 9'000;
  EXPECT_TRUE(group.Heartbeat(now, "fresh2", 2).ok());
  now += 2'000;
  group.Tick(now);
  EXPECT_TRUE(
      Is(group.Heartbeat(now, "fresh2", 2), ErrorKind::kRebalanceInProgress));
  EXPECT_TRUE(Is(group.Heartbeat(now, "fresh1", 2), ErrorKind::kUnknownMember));
  Join(5, "fresh2");
  Write();
  EXPECT_THAT(AnswerOf(Replies().at(5)).partitions, SizeIs(4));
}

TEST_F(GroupStateTest, AMemberThatLeavesMakesRoom) {
  JoinTwo();
  EXPECT_TRUE(group.Leave(now, "fresh1").ok());
  EXPECT_TRUE(Is(group.Leave(now, "fresh1"), ErrorKind::kUnknownMember));
  Join(4, "fresh2");
  Write();
  EXPECT_EQ(AnswerOf(Replies().at(4)).generation, 3);
  EXPECT_TRUE(group.Leave(now, "fresh2").ok());
  EXPECT_EQ(group.Describe().state, "empty");
  EXPECT_EQ(Write(), SIZE_MAX);
  Join(5, "");
  Write();
  EXPECT_EQ(AnswerOf(Replies().at(5)).generation, 4);
}

TEST_F(GroupStateTest, AJoinThatIsAskedAgainIsAnsweredAgain) {
  JoinTwo();
  Join(4, "fresh1");
  const JoinAnswer again = AnswerOf(Replies().at(4));
  EXPECT_EQ(again.generation, 2);
  EXPECT_THAT(again.partitions, SizeIs(2));
  EXPECT_EQ(group.Describe().state, "stable");
  // With other topics it is another wish.
  Join(5, "fresh1", {"u"});
  EXPECT_EQ(group.Describe().state, "rebalancing");
  Join(6, "fresh1", {"u"});
  EXPECT_TRUE(Is(Replies().at(5).status, ErrorKind::kRebalanceInProgress));
}

TEST_F(GroupStateTest, WhoJoinsWhileAGenerationIsWrittenIsInTheNext) {
  Join(1, "");
  ASSERT_TRUE(group.TakeWrite().has_value());
  Join(2, "");
  group.Written(now, absl::OkStatus());
  auto replies = Replies();
  EXPECT_EQ(AnswerOf(replies.at(1)).generation, 1);
  EXPECT_EQ(replies.count(2), 0u);
  EXPECT_EQ(group.Describe().state, "rebalancing");
  Join(3, "fresh1");
  Write();
  replies = Replies();
  EXPECT_EQ(AnswerOf(replies.at(2)).generation, 2);
  EXPECT_EQ(AnswerOf(replies.at(3)).generation, 2);
}

TEST_F(GroupStateTest, ACancelledJoinLeavesNoStranger) {
  JoinFirst();
  Join(2, "");
  group.Cancel(now, 2);
  EXPECT_TRUE(absl::IsCancelled(Replies().at(2).status));
  EXPECT_THAT(group.Describe().members, SizeIs(1));
  // A known member stays one, for its session's time-out.
  Join(3, "fresh1");
  ASSERT_TRUE(group.TakeWrite().has_value());
  group.Cancel(now, 3);
  group.Written(now, absl::OkStatus());
  EXPECT_THAT(Replies(), SizeIs(1));
  EXPECT_THAT(group.Describe().members, SizeIs(1));
  now += 10'001;
  group.Tick(now);
  EXPECT_EQ(group.Describe().state, "empty");
}

TEST_F(GroupStateTest, CommitsOfMembersOfThisGenerationOnly) {
  JoinTwo();
  Commit(10, "fresh2", 2, 5);
  Commit(11, "fresh2", 1, 6);
  Commit(12, "stranger", 2, 7);
  EXPECT_EQ(Write(), 1u);
  auto replies = Replies();
  EXPECT_TRUE(replies.at(10).status.ok());
  EXPECT_TRUE(Is(replies.at(11).status, ErrorKind::kFencedGeneration));
  EXPECT_TRUE(Is(replies.at(12).status, ErrorKind::kUnknownMember));
  // Partition 0 is the second member's.
  Commit(13, "fresh1", 2, 9);
  EXPECT_TRUE(Is(Replies().at(13).status, ErrorKind::kBadRequest));
  group.Commit(now, 14, {.generation = -1, .offsets = {{"t", 0, 1}}});
  EXPECT_TRUE(Is(Replies().at(14).status, ErrorKind::kGroupNotEmpty));
  EXPECT_EQ(OffsetOf(15), 5);
}

TEST_F(GroupStateTest, NothingOfAGenerationIsWrittenAfterTheNext) {
  JoinFirst();
  Join(2, "");
  // Still the first generation: it commits, and joins again.
  Commit(10, "fresh1", 1, 5);
  Join(3, "fresh1");
  Commit(11, "fresh1", 1, 6);
  const auto ops = group.TakeWrite();
  EXPECT_THAT(*ops, SizeIs(2));  // the offset and the generation
  Commit(12, "fresh1", 1, 7);
  group.Written(now, absl::OkStatus());
  const auto replies = Replies();
  EXPECT_TRUE(replies.at(10).status.ok());
  EXPECT_TRUE(Is(replies.at(11).status, ErrorKind::kRebalanceInProgress));
  EXPECT_TRUE(Is(replies.at(12).status, ErrorKind::kRebalanceInProgress));
}

TEST_F(GroupStateTest, ALateCommitTakesNothingBack) {
  JoinFirst();
  Commit(10, "fresh1", 1, 20);
  Write();
  Commit(11, "fresh1", 1, 10);
  EXPECT_EQ(Write(), 0u);  // only the fence
  EXPECT_TRUE(Replies().at(11).status.ok());
  EXPECT_EQ(OffsetOf(12), 20);
  Commit(13, "fresh1", 1, 10, /*rewind=*/true);
  EXPECT_EQ(Write(), 1u);
  EXPECT_EQ(OffsetOf(14), 10);
}

TEST_F(GroupStateTest, GathersWhatComesWhileItWrites) {
  JoinFirst();
  Commit(10, "fresh1", 1, 1);
  auto ops = group.TakeWrite();
  EXPECT_EQ(std::get<client::Create>(ops->front()).data,
            R"({"topic_id":77,"offsets":{"0":1}})");
  Commit(11, "fresh1", 1, 2);
  Commit(12, "fresh1", 1, 3);
  EXPECT_EQ(group.TakeWrite(), std::nullopt);
  group.Written(now, absl::OkStatus());
  EXPECT_THAT(Replies(), SizeIs(1));
  ops = group.TakeWrite();
  ASSERT_THAT(*ops, SizeIs(1));
  const auto& set = std::get<client::SetData>(ops->front());
  EXPECT_EQ(set.data, R"({"topic_id":77,"offsets":{"0":3}})");
  EXPECT_EQ(set.version, 0);
  group.Written(now, absl::OkStatus());
  EXPECT_THAT(Replies(), SizeIs(2));
}

TEST_F(GroupStateTest, WhatWasNotWrittenWasNotTaken) {
  JoinFirst();
  Commit(10, "fresh1", 1, 1);
  Write();
  Replies();
  Commit(11, "fresh1", 1, 2);
  ASSERT_TRUE(group.TakeWrite().has_value());
  Commit(12, "fresh1", 1, 3);
  group.Written(now, absl::UnavailableError("no"));
  const auto replies = Replies();
  EXPECT_FALSE(replies.at(11).status.ok());
  EXPECT_FALSE(replies.at(12).status.ok());
  EXPECT_EQ(OffsetOf(13), 1);
}

TEST_F(GroupStateTest, AGenerationThatWasNotWrittenNeverWas) {
  JoinFirst();
  Join(2, "");
  Join(3, "fresh1");
  EXPECT_EQ(Write(absl::UnavailableError("no")), 1u);
  auto replies = Replies();
  EXPECT_FALSE(replies.at(2).status.ok());
  EXPECT_FALSE(replies.at(3).status.ok());
  EXPECT_THAT(group.Describe().members, SizeIs(1));
  Commit(10, "fresh1", 1, 4);
  EXPECT_EQ(OffsetOf(11), 4);
  Join(12, "fresh1");
  Write();
  EXPECT_EQ(AnswerOf(Replies().at(12)).generation, 2);
}

TEST_F(GroupStateTest, ByHandWhileItIsEmpty) {
  group.Commit(now, 1, {.generation = -1, .offsets = {{"t", 0, 7}}});
  EXPECT_EQ(Write(), 2u);
  group.Commit(now, 2,
               {.generation = -1, .offsets = {{"t", 0, 3}}, .rewind = true});
  group.Commit(now, 3, {.generation = -1, .offsets = {{"t", 4, 3}}});
  group.Commit(now, 4, {.generation = -1, .offsets = {{"u", 0, 3}}});
  Write();
  const auto replies = Replies();
  EXPECT_TRUE(replies.at(2).status.ok());
  EXPECT_TRUE(Is(replies.at(3).status, ErrorKind::kNoTopic));
  EXPECT_TRUE(Is(replies.at(4).status, ErrorKind::kNoTopic));
  EXPECT_EQ(OffsetOf(5), 3);
  EXPECT_EQ(group.Describe().generation, 0);
}

TEST_F(GroupStateTest, MorePartitionsAreShared) {
  JoinFirst();
  group.SetTopics(now, Topics(4));
  EXPECT_TRUE(group.Heartbeat(now, "fresh1", 1).ok());
  group.SetTopics(now, Topics(6));
  EXPECT_TRUE(
      Is(group.Heartbeat(now, "fresh1", 1), ErrorKind::kRebalanceInProgress));
  Join(2, "fresh1");
  ASSERT_TRUE(group.TakeWrite().has_value());
  group.SetTopics(now, Topics(8));
  group.Written(now, absl::OkStatus());
  EXPECT_THAT(AnswerOf(Replies().at(2)).partitions, SizeIs(6));
  EXPECT_EQ(group.Describe().state, "rebalancing");
  Join(3, "fresh1");
  Write();
  EXPECT_THAT(AnswerOf(Replies().at(3)).partitions, SizeIs(8));
}

TEST_F(GroupStateTest, OffsetsGoWithTheirTopic) {
  JoinFirst();
  Commit(10, "fresh1", 1, 5);
  Write();
  Replies();
  // Deleted, and created again.
  group.SetTopics(now, Topics(4, kTopicId + 1));
  // Of the one that was deleted: it means nothing any more.
  Commit(11, "fresh1", 1, 6);
  EXPECT_EQ(Write(), 1u);  // deletes the offsets
  EXPECT_TRUE(Replies().at(11).status.ok());
  EXPECT_EQ(OffsetOf(12), -1);
  Join(13, "fresh1");
  Write();
  Commit(14, "fresh1", 2, 1);
  EXPECT_EQ(OffsetOf(15), 1);
}

TEST_F(GroupStateTest, ANewCoordinatorKnowsGenerationAndOffsetsOnly) {
  group = GroupState("g",
                     StoredGroup{.generation = 7,
                                 .version = 3,
                                 .topics = {{"t", {{kTopicId, {{0, 5}}}, 2}},
                                            {"gone", {{1, {{0, 9}}}, 0}}}},
                     Topics(4));
  // The offsets of a topic that is gone are deleted.
  EXPECT_EQ(Write(), 1u);
  EXPECT_EQ(OffsetOf(1), 5);
  EXPECT_TRUE(Is(group.Heartbeat(now, "old", 7), ErrorKind::kUnknownMember));
  Join(2, "old");
  Commit(3, "old", 7, 6);
  auto replies = Replies();
  EXPECT_TRUE(Is(replies.at(2).status, ErrorKind::kUnknownMember));
  EXPECT_TRUE(Is(replies.at(3).status, ErrorKind::kUnknownMember));
  Join(4, "");
  Write();
  EXPECT_EQ(AnswerOf(Replies().at(4)).generation, 8);
}

TEST_F(GroupStateTest, IsDeletedWhileItIsEmpty) {
  JoinFirst();
  Commit(10, "fresh1", 1, 5);
  Write();
  group.Delete(11);
  EXPECT_TRUE(Is(Replies().at(11).status, ErrorKind::kGroupNotEmpty));
  EXPECT_TRUE(group.Leave(now, "fresh1").ok());
  group.Delete(12);
  const auto ops = group.TakeWrite();
  ASSERT_THAT(*ops, SizeIs(2));
  EXPECT_EQ(std::get<client::Delete>(ops->back()).path, "/broker/groups/g");
  Join(13, "");
  EXPECT_TRUE(Is(Replies().at(13).status, ErrorKind::kNotReady));
  group.Written(now, absl::OkStatus());
  EXPECT_TRUE(Replies().at(12).status.ok());
  EXPECT_TRUE(group.IsUnused());
}

TEST_F(GroupStateTest, HasLimits) {
  for (uint64_t i = 1; i <= kMaxGroupMembers; ++i) Join(i, "");
  Join(1'000, "");
  EXPECT_TRUE(Is(Replies().at(1'000).status, ErrorKind::kOverloaded));
  Write();
  for (uint64_t i = 0; i <= kMaxWaitingPerGroup; ++i) {
    group.FetchOffsets(2'000 + i);
  }
  EXPECT_TRUE(Is(Replies().at(2'000 + kMaxWaitingPerGroup).status,
                 ErrorKind::kOverloaded));
}

TEST_F(GroupStateTest, AnswersAllWhenItIsGivenUp) {
  JoinFirst();
  Commit(10, "fresh1", 1, 5);
  ASSERT_TRUE(group.TakeWrite().has_value());
  Commit(11, "fresh1", 1, 6);
  group.FetchOffsets(12);
  Join(13, "");
  group.Abandon(BrokerError(ErrorKind::kNotController, ""),
                BrokerError(ErrorKind::kRequestTimedOut, ""));
  const auto replies = Replies();
  EXPECT_TRUE(Is(replies.at(10).status, ErrorKind::kRequestTimedOut));
  EXPECT_TRUE(Is(replies.at(11).status, ErrorKind::kNotController));
  EXPECT_TRUE(Is(replies.at(12).status, ErrorKind::kNotController));
  EXPECT_TRUE(Is(replies.at(13).status, ErrorKind::kNotController));
}

}  // namespace
}  // namespace quorate::broker
