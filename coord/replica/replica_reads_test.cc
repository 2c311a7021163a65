// Reads: linearizable and local, their order among writes, and calls.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coord/consensus/message.h"
#include "coord/replica/client_message.h"
#include "coord/replica/error.h"
#include "coord/replica/options.h"
#include "coord/replica/peer_message.h"
#include "coord/replica/testing/harness.h"
#include "coord/tree/error.h"
#include "coord/tree/reads.h"
#include "coord/tree/request.h"
#include "coord/tree/watches.h"
#include "gtest/gtest.h"

namespace quorate::replica {
namespace {

using tree::ErrorCode;

std::string DataOf(const Reply& reply) {
  const auto* answer = std::get_if<tree::DataAnswer>(&reply.result);
  return answer != nullptr ? answer->data
                           : absl::StrCat(reply.status.ToString());
}

TEST(Reads, AreLinearizableAtAFollower) {
  Harness harness(3);
  const int leader = harness.Elect();
  const int follower = harness.Follower();
  const ConnectionId writer = harness.Open(leader);
  const ConnectionId reader = harness.Open(follower);
  harness.HoldDisk(follower);  // it falls behind
  harness.Write(writer, 1, CreateOf("/a", "new"));
  harness.Settle();
  ASSERT_TRUE(harness.LastReply(writer).status.ok());
  const int64_t read = harness.Read(reader, GetData{"/a"});
  harness.Settle();
  EXPECT_FALSE(harness.HasReply(reader, read));
  harness.LetDiskGo(follower);
  EXPECT_EQ(DataOf(harness.ReplyTo(reader, read)), "new");
  EXPECT_GE(harness.ReplyTo(reader, read).zxid, harness.LastReply(writer).zxid);
}

TEST(Reads, ThatAreLocalDoNotWait) {
  Harness harness(3);
  const int leader = harness.Elect();
  const int follower = harness.Follower();
  const ConnectionId writer = harness.Open(leader);
  const ConnectionId reader = harness.Open(follower);
  harness.HoldDisk(follower);
  harness.Write(writer, 1, CreateOf("/a", "new"));
  harness.Settle();
  const int64_t read = harness.Read(reader, GetData{"/a"}, true);
  harness.Settle();
  EXPECT_EQ(tree::ErrorCodeOf(harness.ReplyTo(reader, read).status),
            ErrorCode::kNoNode);
}

TEST(Reads, KeepTheirPlaceBetweenTheWritesOfTheirConnection) {
  for (const bool at_leader : {true, false}) {
    Harness harness(3);
    const int leader = harness.Elect();
    const int id = at_leader ? leader : harness.Follower();
    const ConnectionId client = harness.Open(id);
    for (const bool local : {false, true}) {
      const std::string path = local ? "/local" : "/linearizable";
      const int64_t first = local ? 4 : 1;
      const int64_t before = harness.Read(client, GetData{path}, local);
      harness.Write(client, first, CreateOf(path, "1"));
      const int64_t between = harness.Read(client, GetData{path}, local);
      harness.Write(client, first + 1, tree::SetDataRequest{path, "2"});
      harness.Write(client, first + 2, tree::SetDataRequest{path, "3"});
      const int64_t after = harness.Read(client, GetData{path}, local);
      harness.Settle();
      EXPECT_EQ(tree::ErrorCodeOf(harness.ReplyTo(client, before).status),
                ErrorCode::kNoNode);
      EXPECT_EQ(DataOf(harness.ReplyTo(client, between)), "1");
      EXPECT_EQ(DataOf(harness.ReplyTo(client, after)), "3");
    }
    const std::vector<Reply> replies = harness.Replies(client);
    ASSERT_EQ(replies.size(), 12u);
    for (size_t i = 1; i < replies.size(); ++i) {
      EXPECT_LT(replies[i - 1].tag, replies[i].tag);
      EXPECT_LE(replies[i - 1].zxid, replies[i].zxid);
    }
  }
}

// The read's confirmation is slow: it is answered when the write behind it is
// about to be applied, and does not see it.
TEST(Reads, AreNotOvertakenByAWrite) {
  Harness harness(3);
  harness.Elect();
  const ConnectionId client = harness.Open(harness.Follower());
  harness.Write(client, 1, CreateOf("/a", "old"));
  harness.Settle();
  harness.drop = [](const consensus::Envelope& envelope) {
    return std::holds_alternative<consensus::ReadRequest>(envelope.message);
  };
  const int64_t read = harness.Read(client, GetData{"/a"});
  harness.Settle();
  EXPECT_FALSE(harness.HasReply(client, read));
  const int64_t write =
      harness.Write(client, 2, tree::SetDataRequest{"/a", "new"});
  harness.Settle();
  EXPECT_EQ(DataOf(harness.ReplyTo(client, read)), "old");
  EXPECT_TRUE(harness.ReplyTo(client, write).status.ok());
}

// A write that was refused is in the log all the same, by a copy that was under
// way. A read between the refusal and the next attempt must not be answered
// from the state before it, which may be older than the read.
TEST(Reads, AreNotAnsweredFromBeforeAStrayWrite) {
  Harness harness(3);
  const int leader = harness.Elect();
  const int follower = harness.Follower();
  const ConnectionId client = harness.Open(follower);
  const ConnectionId other = harness.Open(leader);
  std::optional<PeerEnvelope> stray;
  harness.drop_peer = [&](const PeerEnvelope& envelope) {
    if (std::holds_alternative<Forward>(envelope.message)) stray = envelope;
    return false;
  };
  harness.member(leader).SetDiskFull(true);
  harness.Write(client, 1, CreateOf("/mine"));
  harness.Settle();
  ASSERT_TRUE(harness.LastReply(client).not_taken);
  harness.drop_peer = nullptr;
  harness.member(leader).SetDiskFull(false);
  harness.HoldDisk(follower);
  ASSERT_TRUE(stray.has_value());
  harness.member(leader).Step(*stray);
  harness.Write(other, 1, CreateOf("/theirs"));
  harness.Settle();
  ASSERT_TRUE(harness.LastReply(other).status.ok());

  harness.drop = [](const consensus::Envelope& envelope) {
    return std::holds_alternative<consensus::ReadRequest>(envelope.message);
  };
  const int64_t read = harness.Read(client, Exists{"/theirs"});
  const int64_t write = harness.Write(client, 1, CreateOf("/mine"));
  harness.LetDiskGo(follower);
  EXPECT_TRUE(harness.ReplyTo(client, read).not_taken);
  EXPECT_TRUE(harness.ReplyTo(client, write).status.ok());
}

TEST(Reads, AreAskedForAgainByThemselves) {
  Harness harness(3);
  harness.Elect();
  const ConnectionId client = harness.Open(harness.Follower());
  int lost = 0;
  harness.drop = [&](const consensus::Envelope& envelope) {
    return std::holds_alternative<consensus::ReadRequest>(envelope.message) &&
           ++lost <= 1;
  };
  const int64_t read = harness.Read(client, Exists{"/"});
  harness.Advance(2'000);
  EXPECT_GE(lost, 2);
  EXPECT_TRUE(harness.ReplyTo(client, read).status.ok());
}

TEST(Reads, FailWithoutALeader) {
  Options options;
  options.request_deadline_ms = 2'000;
  Harness harness(3, options);
  harness.Elect();
  const int follower = harness.Follower();
  const ConnectionId client = harness.Open(follower, 60'000);
  harness.Isolate(follower);
  const int64_t read = harness.Read(client, Exists{"/"});
  const int64_t local = harness.Read(client, Exists{"/"}, true);
  harness.Advance(1'900);
  EXPECT_FALSE(harness.HasReply(client, read));
  harness.Advance(200);
  EXPECT_EQ(ErrorKindOf(harness.ReplyTo(client, read).status),
            ErrorKind::kNoLeader);
  EXPECT_TRUE(harness.ReplyTo(client, read).not_taken);
  EXPECT_TRUE(harness.ReplyTo(client, local).status.ok());
}

TEST(Reads, OfADeposedLeaderAreNotAnswered) {
  Harness harness(3);
  const int old = harness.Elect();
  const ConnectionId client = harness.Open(old, 60'000);
  harness.Isolate(old);
  const int64_t read = harness.Read(client, Exists{"/"});
  harness.Advance(3'000);
  EXPECT_FALSE(harness.HasReply(client, read));
  const int leader = harness.Elect();
  const ConnectionId other = harness.Open(leader);
  harness.Write(other, 1, CreateOf("/a"));
  harness.Settle();
  harness.Heal();
  harness.Advance(2'000);
  EXPECT_GE(harness.ReplyTo(client, read).zxid, harness.LastReply(other).zxid);
}

TEST(Reads, SyncAndTheOthersAnswer) {
  Harness harness(3);
  harness.Elect();
  const ConnectionId client = harness.Open(harness.Follower());
  harness.Write(client, 1, CreateOf("/a", "x"));
  harness.Write(client, 2, CreateOf("/a/e", "", tree::CreateMode::kEphemeral));
  const int64_t sync = harness.Read(client, Sync(), true);
  const int64_t children = harness.Read(client, GetChildren{"/a"});
  const int64_t acl = harness.Read(client, GetAcl{"/a"});
  const int64_t count = harness.Read(client, CountDescendants{"/a"});
  const int64_t own = harness.Read(client, GetEphemerals{""});
  MultiRead multi;
  multi.ops = {{tree::ReadOp::Kind::kGetData, "/a"},
               {tree::ReadOp::Kind::kGetData, "/none"}};
  const int64_t many = harness.Read(client, multi);
  harness.Settle();
  EXPECT_TRUE(harness.ReplyTo(client, sync).status.ok());
  EXPECT_EQ(
      std::get<tree::ChildrenAnswer>(harness.ReplyTo(client, children).result)
          .names,
      std::vector<std::string>{"e"});
  EXPECT_FALSE(std::get<tree::AclAnswer>(harness.ReplyTo(client, acl).result)
                   .acl.empty());
  EXPECT_EQ(std::get<uint32_t>(harness.ReplyTo(client, count).result), 1u);
  EXPECT_EQ(
      std::get<std::vector<std::string>>(harness.ReplyTo(client, own).result),
      std::vector<std::string>{"/a/e"});
  const Reply reply = harness.ReplyTo(client, many);
  const auto& answers = std::get<std::vector<tree::ReadAnswer>>(reply.result);
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_TRUE(std::holds_alternative<absl::Status>(answers[1]));
}

TEST(Identities, CountForWhatComesBehindThem) {
  Harness harness(1);
  const ConnectionId client = harness.Open(harness.Elect());
  tree::CreateRequest create = CreateOf("/secret", "x");
  create.acl = {{tree::kAllPermissions, {"digest", "me:hash"}}};
  harness.Write(client, 1, create);
  const int64_t before = harness.Read(client, GetData{"/secret"});
  harness.Submit(client, AddIdentity{{"digest", "me:hash"}});
  const int64_t after = harness.Read(client, GetData{"/secret"});
  harness.Write(client, 2, tree::SetDataRequest{"/secret", "y"});
  harness.Settle();
  EXPECT_EQ(tree::ErrorCodeOf(harness.ReplyTo(client, before).status),
            ErrorCode::kNoAuth);
  EXPECT_EQ(DataOf(harness.ReplyTo(client, after)), "x");
  EXPECT_TRUE(harness.LastReply(client).status.ok());
}

TEST(Calls, ReadAndWriteWithoutASession) {
  Harness harness(3);
  harness.Elect();
  const int follower = harness.Follower();
  const ConnectionId write =
      harness.Call(follower, WriteRequest{0, 0, CreateOf("/a", "x")});
  harness.Settle();
  EXPECT_TRUE(harness.LastReply(write).status.ok());
  const ConnectionId read =
      harness.Call(follower, ReadRequest{false, GetData{"/a"}});
  harness.Settle();
  EXPECT_EQ(DataOf(harness.LastReply(read)), "x");
  const ConnectionId failing =
      harness.Call(follower, WriteRequest{0, 0, CreateOf("/a", "x")});
  harness.Settle();
  EXPECT_EQ(tree::ErrorCodeOf(harness.LastReply(failing).status),
            ErrorCode::kNodeExists);
  EXPECT_EQ(harness.member(follower).counters().connections, 0u);
}

TEST(Calls, CannotDoWhatNeedsASession) {
  Harness harness(1);
  const int leader = harness.Elect();
  const auto kind = [&](decltype(ClientRequest::body) body) {
    const ConnectionId call = harness.Call(leader, std::move(body));
    harness.Settle();
    return ErrorKindOf(harness.LastReply(call).status);
  };
  EXPECT_EQ(kind(ReadRequest{false, GetData{"/", true}}),
            ErrorKind::kBadRequest);
  EXPECT_EQ(kind(AddWatch{"/", tree::WatchKind::kData, {}}),
            ErrorKind::kBadRequest);
  EXPECT_EQ(kind(WriteRequest{0, 0, tree::CloseSessionRequest()}),
            ErrorKind::kBadRequest);
  EXPECT_EQ(kind(WriteRequest{0, 0, tree::DeleteContainerRequest{"/"}}),
            ErrorKind::kBadRequest);
  const ConnectionId ephemeral = harness.Call(
      leader,
      WriteRequest{0, 0, CreateOf("/e", "", tree::CreateMode::kEphemeral)});
  harness.Settle();
  EXPECT_EQ(tree::ErrorCodeOf(harness.LastReply(ephemeral).status),
            ErrorCode::kBadArguments);
}

// A write without a session is sent to the next leader only when it is certain
// that the last one has not logged it.
TEST(Calls, AreAppliedOnceThoughTheLeaderChanges) {
  for (const bool logged : {true, false}) {
    Harness harness(3);
    const int leader = harness.Elect();
    const int follower = harness.Follower();
    harness.drop_peer = [&](const PeerEnvelope& envelope) {
      return !logged && std::holds_alternative<Forward>(envelope.message);
    };
    // The followers have it, but the leader does not learn that.
    harness.drop = [&](const consensus::Envelope& envelope) {
      return std::holds_alternative<consensus::Ack>(envelope.message) ||
             std::holds_alternative<consensus::HeartbeatAck>(envelope.message);
    };
    const size_t before = harness.member(follower).state().tree().size();
    const ConnectionId call = harness.Call(
        follower,
        WriteRequest{
            0, 0, CreateOf("/s", "", tree::CreateMode::kPersistentSequential)});
    harness.Settle();
    EXPECT_TRUE(harness.Replies(call).empty());
    harness.Crash(leader);
    harness.drop = nullptr;
    harness.drop_peer = nullptr;
    harness.Elect();
    harness.Advance(2'000);
    ASSERT_EQ(harness.Replies(call).size(), 1u);
    EXPECT_TRUE(harness.LastReply(call).status.ok());
    EXPECT_EQ(harness.member(follower).state().tree().size(), before + 1);
  }
}

TEST(Calls, AreAppliedOnceThoughTheyArriveTwice) {
  Harness harness(3);
  const int leader = harness.Elect();
  harness.duplicate_peers = true;
  const size_t before = harness.member(leader).state().tree().size();
  const ConnectionId call = harness.Call(
      harness.Follower(),
      WriteRequest{
          0, 0, CreateOf("/s", "", tree::CreateMode::kPersistentSequential)});
  harness.Advance(2'000);
  EXPECT_TRUE(harness.LastReply(call).status.ok());
  EXPECT_EQ(harness.member(leader).state().tree().size(), before + 1);
}

TEST(Calls, SayWhenTheOutcomeIsUnknown) {
  Options options;
  options.request_deadline_ms = 2'000;
  Harness harness(3, options);
  harness.Elect();
  const int follower = harness.Follower();
  harness.drop_peer = [](const PeerEnvelope& envelope) {
    return std::holds_alternative<Forward>(envelope.message);
  };
  const ConnectionId sent =
      harness.Call(follower, WriteRequest{0, 0, CreateOf("/a")});
  harness.Settle();
  harness.Isolate(follower);
  harness.Advance(1'500);
  const ConnectionId unsent =
      harness.Call(follower, WriteRequest{0, 0, CreateOf("/b")});
  harness.Advance(2'500);
  EXPECT_EQ(ErrorKindOf(harness.LastReply(sent).status),
            ErrorKind::kUnknownOutcome);
  EXPECT_FALSE(harness.LastReply(sent).not_taken);
  EXPECT_EQ(ErrorKindOf(harness.LastReply(unsent).status),
            ErrorKind::kNoLeader);
  EXPECT_TRUE(harness.LastReply(unsent).not_taken);
}

}  // namespace
}  // namespace quorate::replica
