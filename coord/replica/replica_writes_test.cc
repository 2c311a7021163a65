// Writes: how they travel, and that each is applied exactly once.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coord/replica/client_message.h"
#include "coord/replica/error.h"
#include "coord/replica/peer_message.h"
#include "coord/replica/testing/harness.h"
#include "coord/tree/error.h"
#include "coord/tree/request.h"
#include "coord/tree/state_machine.h"
#include "gtest/gtest.h"

namespace quorate::replica {
namespace {

using tree::CreateMode;

// The children of the root, beside ZooKeeper's own.
size_t NodesOf(Harness& harness, int id) {
  return harness.member(id).state().tree().size();
}

std::string PathOf(const Reply& reply) {
  return std::get<tree::TxnResult>(reply.result).path;
}

TEST(Writes, OfASingleMemberAreAnswered) {
  Harness harness(1);
  const int leader = harness.Elect();
  const ConnectionId client = harness.Open(leader);
  harness.Write(client, 1, CreateOf("/a", "x"));
  harness.Write(client, 2, CreateOf("/a/b"));
  harness.Settle();
  const std::vector<Reply> replies = harness.Replies(client);
  ASSERT_EQ(replies.size(), 2u);
  EXPECT_TRUE(replies[0].status.ok()) << replies[0].status;
  EXPECT_EQ(PathOf(replies[0]), "/a");
  EXPECT_EQ(PathOf(replies[1]), "/a/b");
  EXPECT_LT(replies[0].zxid, replies[1].zxid);
}

TEST(Writes, TravelFromAFollowerToTheLeaderAndBack) {
  Harness harness(3);
  harness.Elect();
  const ConnectionId client = harness.Open(harness.Follower());
  for (int64_t i = 1; i <= 20; ++i) {
    harness.Write(client, i, CreateOf(absl::StrCat("/n", i)));
  }
  harness.Settle();
  const std::vector<Reply> replies = harness.Replies(client);
  ASSERT_EQ(replies.size(), 20u);
  for (size_t i = 0; i < replies.size(); ++i) {
    EXPECT_TRUE(replies[i].status.ok()) << replies[i].status;
    EXPECT_EQ(PathOf(replies[i]), absl::StrCat("/n", i + 1));
  }
}

TEST(Writes, ThatFailHaveTheirPlaceInTheLog) {
  Harness harness(3);
  harness.Elect();
  const ConnectionId client = harness.Open(harness.Follower());
  harness.Write(client, 1, CreateOf("/a"));
  harness.Write(client, 2, CreateOf("/a"));
  harness.Write(client, 3, tree::SetDataRequest{"/a", "y", 7});
  harness.Write(client, 4, tree::SetDataRequest{"/a", "y", 0});
  harness.Settle();
  const std::vector<Reply> replies = harness.Replies(client);
  ASSERT_EQ(replies.size(), 4u);
  EXPECT_EQ(tree::ErrorCodeOf(replies[1].status), tree::ErrorCode::kNodeExists);
  EXPECT_EQ(tree::ErrorCodeOf(replies[2].status), tree::ErrorCode::kBadVersion);
  EXPECT_FALSE(replies[1].not_taken);
  EXPECT_TRUE(replies[3].status.ok());
  EXPECT_LT(replies[1].zxid, replies[2].zxid);
  EXPECT_LT(replies[2].zxid, replies[3].zxid);
}

TEST(Writes, AMultiThatFailsTellsOfEachOp) {
  Harness harness(1);
  const ConnectionId client = harness.Open(harness.Elect());
  tree::MultiRequest multi;
  multi.ops.push_back(CreateOf("/a"));
  multi.ops.push_back(tree::DeleteRequest{"/none"});
  multi.ops.push_back(CreateOf("/b"));
  harness.Write(client, 1, multi);
  harness.Settle();
  const Reply reply = harness.LastReply(client);
  EXPECT_EQ(tree::ErrorCodeOf(reply.status), tree::ErrorCode::kNoNode);
  const auto& result = std::get<tree::TxnResult>(reply.result);
  ASSERT_EQ(result.multi.size(), 3u);
  EXPECT_EQ(result.multi[0].error, tree::ErrorCode::kOk);
  EXPECT_EQ(result.multi[1].error, tree::ErrorCode::kNoNode);
  EXPECT_EQ(result.multi[2].error, tree::ErrorCode::kRuntimeInconsistency);
}

TEST(Writes, AreAppliedOnceHoweverOftenTheyAreSent) {
  Harness harness(3);
  harness.Elect();
  harness.duplicate_peers = true;
  const ConnectionId client = harness.Open(harness.Follower());
  const size_t before = NodesOf(harness, 1);
  for (int64_t i = 1; i <= 5; ++i) {
    harness.Write(client, i,
                  CreateOf("/s", "", CreateMode::kPersistentSequential));
  }
  harness.Settle();
  EXPECT_EQ(NodesOf(harness, 1), before + 5);
  EXPECT_EQ(harness.Replies(client).size(), 5u);
}

TEST(Writes, OfALostForwardAreSentAgain) {
  Harness harness(3);
  harness.Elect();
  const ConnectionId client = harness.Open(harness.Follower());
  bool dropped = false;
  harness.drop_peer = [&](const PeerEnvelope& envelope) {
    if (dropped || !std::holds_alternative<Forward>(envelope.message)) {
      return false;
    }
    return dropped = true;
  };
  harness.Write(client, 1, CreateOf("/a"));
  harness.Settle();
  harness.Write(client, 2, CreateOf("/b"));  // overtakes the first
  harness.Settle();
  EXPECT_TRUE(dropped);
  EXPECT_TRUE(harness.Replies(client).empty());
  harness.Advance(1'000);
  const std::vector<Reply> replies = harness.Replies(client);
  ASSERT_EQ(replies.size(), 2u);
  EXPECT_EQ(PathOf(replies[0]), "/a");
  EXPECT_EQ(PathOf(replies[1]), "/b");
}

TEST(Writes, ThatArriveInTheWrongOrderAreAppliedInTheRightOne) {
  Harness harness(3);
  harness.Elect();
  const ConnectionId client = harness.Open(harness.Follower());
  harness.hold_peer = [](const PeerEnvelope& envelope) {
    return std::holds_alternative<Forward>(envelope.message);
  };
  for (int64_t i = 1; i <= 6; ++i) {
    harness.Write(client, i, CreateOf(absl::StrCat("/n", i)));
    harness.Settle();
  }
  EXPECT_EQ(harness.num_held(), 6u);
  harness.hold_peer = nullptr;
  harness.Release(true);
  harness.Advance(1'000);
  const std::vector<Reply> replies = harness.Replies(client);
  ASSERT_EQ(replies.size(), 6u);
  for (size_t i = 0; i < replies.size(); ++i) {
    EXPECT_TRUE(replies[i].status.ok());
    EXPECT_EQ(PathOf(replies[i]), absl::StrCat("/n", i + 1));
  }
}

TEST(Writes, SurviveTheLeader) {
  Harness harness(3);
  const int leader = harness.Elect();
  const ConnectionId client = harness.Open(harness.Follower());
  // The leader gets them, and dies before anyone else does.
  harness.drop = [&](const consensus::Envelope& envelope) {
    return std::holds_alternative<consensus::Proposals>(envelope.message);
  };
  for (int64_t i = 1; i <= 3; ++i) {
    harness.Write(client, i,
                  CreateOf("/s", "", CreateMode::kPersistentSequential));
  }
  harness.Settle();
  EXPECT_TRUE(harness.Replies(client).empty());
  harness.Crash(leader);
  harness.drop = nullptr;
  harness.Elect();
  harness.Advance(1'000);
  ASSERT_EQ(harness.Replies(client).size(), 3u);
  harness.Restart(leader);
  harness.Advance(3'000);
  EXPECT_EQ(NodesOf(harness, leader), NodesOf(harness, harness.Leader()));
  EXPECT_EQ(harness.member(leader).state().digest(),
            harness.member(harness.Leader()).state().digest());
}

TEST(Writes, AreNotAppliedAgainAfterAReconnect) {
  Harness harness(3);
  const int leader = harness.Elect();
  const int first = harness.Follower();
  const ConnectionId client = harness.Open(first);
  for (int64_t i = 1; i <= 3; ++i) {
    harness.Write(client, i,
                  CreateOf("/s", "", CreateMode::kPersistentSequential));
  }
  harness.Settle();
  const std::vector<Reply> before = harness.Replies(client);
  ASSERT_EQ(before.size(), 3u);
  harness.Crash(first);
  const ConnectionId again = harness.Resume(leader, client);
  ASSERT_TRUE(harness.WelcomeOf(again).has_value());
  EXPECT_EQ(harness.WelcomeOf(again)->last_request_id, 3);
  for (int64_t i = 2; i <= 4; ++i) {
    harness.Write(again, i,
                  CreateOf("/s", "", CreateMode::kPersistentSequential));
  }
  harness.Settle();
  const std::vector<Reply> after = harness.Replies(again);
  ASSERT_EQ(after.size(), 3u);
  EXPECT_EQ(PathOf(after[0]), PathOf(before[1]));
  EXPECT_EQ(after[0].zxid, before[1].zxid);
  EXPECT_EQ(PathOf(after[1]), PathOf(before[2]));
  EXPECT_GT(after[2].zxid, before[2].zxid);
  EXPECT_GE(harness.member(leader).counters().duplicates, 2u);
}

TEST(Writes, WhoseAnswerWasAcknowledgedCannotBeAskedAgain) {
  Harness harness(1);
  const ConnectionId client = harness.Open(harness.Elect());
  harness.Write(client, 1, CreateOf("/a"));
  harness.Write(client, 2, CreateOf("/b"));
  harness.Settle();
  harness.Write(client, 3, CreateOf("/c"), 2);
  const int64_t again = harness.Write(client, 2, CreateOf("/b"));
  harness.Settle();
  const Reply reply = harness.ReplyTo(client, again);
  EXPECT_EQ(ErrorKindOf(reply.status), ErrorKind::kBadRequest);
  EXPECT_FALSE(reply.not_taken);
}

TEST(Writes, WithAGapAreNotTaken) {
  Harness harness(3);
  harness.Elect();
  const ConnectionId client = harness.Open(harness.Follower());
  const int64_t second = harness.Write(client, 2, CreateOf("/b"));
  const int64_t first = harness.Write(client, 1, CreateOf("/a"));
  const int64_t again = harness.Write(client, 2, CreateOf("/b"));
  harness.Settle();
  EXPECT_TRUE(harness.ReplyTo(client, second).not_taken);
  EXPECT_EQ(ErrorKindOf(harness.ReplyTo(client, second).status),
            ErrorKind::kOutOfOrder);
  EXPECT_TRUE(harness.ReplyTo(client, first).status.ok());
  EXPECT_TRUE(harness.ReplyTo(client, again).status.ok());
  EXPECT_EQ(harness.member(harness.Follower()).counters().not_taken, 1u);
}

}  // namespace
}  // namespace quorate::replica
