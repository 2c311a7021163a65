// Sessions: opening, resuming, moving, expiring, closing.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/client_message.h"
#include "coord/replica/error.h"
#include "coord/replica/options.h"
#include "coord/replica/peer_message.h"
#include "coord/replica/testing/harness.h"
#include "coord/tree/error.h"
#include "coord/tree/request.h"
#include "gtest/gtest.h"

namespace quorate::replica {
namespace {

using tree::CreateMode;
using tree::ErrorCode;

bool HasNode(Harness& harness, int id, const std::string& path) {
  return harness.member(id).state().tree().Find(path) != nullptr;
}

bool HasSession(Harness& harness, int id, tree::SessionId session) {
  return harness.member(id).state().sessions().Has(session);
}

ErrorCode GoodbyeCode(const Harness& harness, ConnectionId connection) {
  const auto goodbye = harness.GoodbyeOf(connection);
  return goodbye.has_value() ? tree::ErrorCodeOf(*goodbye) : ErrorCode::kOk;
}

ErrorKind GoodbyeKind(const Harness& harness, ConnectionId connection) {
  const auto goodbye = harness.GoodbyeOf(connection);
  return goodbye.has_value() ? ErrorKindOf(*goodbye) : ErrorKind::kNone;
}

// Lets time go by while the client is heard from.
void Ping(Harness& harness, ConnectionId client, int64_t ms) {
  for (; ms > 0; ms -= 200) {
    harness.Submit(client, replica::Ping());
    harness.Advance(200);
  }
}

TEST(Sessions, AreOpenedUnderTheZxidOfTheirTxn) {
  Harness harness(3);
  harness.Elect();
  const ConnectionId client = harness.Open(harness.Follower(), 5'000);
  const Welcome welcome = *harness.WelcomeOf(client);
  EXPECT_EQ(welcome.timeout_ms, 5'000);
  EXPECT_EQ(static_cast<uint64_t>(welcome.session.value), welcome.zxid.value());
  EXPECT_EQ(welcome.last_request_id, 0);
  EXPECT_EQ(welcome.member.value, static_cast<uint64_t>(harness.Follower()));
  EXPECT_TRUE(HasSession(harness, harness.Leader(), welcome.session));
}

TEST(Sessions, HaveTimeoutsWithinBounds) {
  Harness harness(1);
  const int leader = harness.Elect();
  EXPECT_EQ(harness.WelcomeOf(harness.Open(leader, 1))->timeout_ms, 1'000);
  EXPECT_EQ(harness.WelcomeOf(harness.Open(leader, 2'000'000'000))->timeout_ms,
            600'000);
}

TEST(Sessions, ExpireWithTheirEphemeralsWhenNobodyIsHeard) {
  Harness harness(3);
  harness.Elect();
  const int follower = harness.Follower();
  const ConnectionId client = harness.Open(follower, 2'000);
  harness.Write(client, 1, CreateOf("/e", "", CreateMode::kEphemeral));
  harness.Settle();
  harness.Advance(1'800);
  EXPECT_TRUE(HasNode(harness, follower, "/e"));
  harness.Advance(600);
  EXPECT_FALSE(HasNode(harness, follower, "/e"));
  EXPECT_EQ(GoodbyeCode(harness, client), ErrorCode::kSessionExpired);
  EXPECT_EQ(harness.member(harness.Leader()).counters().sessions_expired, 1u);
}

TEST(Sessions, LiveWhileTheirClientIsHeardThroughAFollower) {
  Harness harness(3);
  harness.Elect();
  const ConnectionId client = harness.Open(harness.Follower(), 1'000);
  Ping(harness, client, 10'000);
  EXPECT_FALSE(harness.GoodbyeOf(client).has_value());
}

TEST(Sessions, HaveAFullTimeoutUnderANewLeader) {
  Harness harness(3);
  const int leader = harness.Elect();
  const int follower = harness.Follower();
  const ConnectionId client = harness.Open(follower, 5'000);
  harness.Advance(4'500);
  harness.Crash(leader);
  harness.Elect();
  harness.Advance(3'000);
  EXPECT_TRUE(HasSession(harness, harness.Leader(), harness.SessionOf(client)));
  harness.Advance(3'000);
  EXPECT_FALSE(
      HasSession(harness, harness.Leader(), harness.SessionOf(client)));
}

TEST(Sessions, DoNotExpireWhileTheLeaderStoodStill) {
  Harness harness(1);
  const int leader = harness.Elect();
  const ConnectionId client = harness.Open(leader, 2'000);
  harness.member(leader).Tick(60'000, harness.wall_ms);
  harness.Settle();
  EXPECT_TRUE(HasSession(harness, leader, harness.SessionOf(client)));
}

TEST(Sessions, AreResumedElsewhere) {
  Harness harness(3);
  const int leader = harness.Elect();
  const int first = harness.Follower();
  const ConnectionId client = harness.Open(first, 5'000);
  harness.Write(client, 1, CreateOf("/e", "", CreateMode::kEphemeral));
  harness.Settle();
  const ConnectionId again = harness.Resume(leader, client);
  ASSERT_TRUE(harness.WelcomeOf(again).has_value());
  EXPECT_EQ(harness.WelcomeOf(again)->session, harness.SessionOf(client));
  EXPECT_EQ(harness.WelcomeOf(again)->last_request_id, 1);
  EXPECT_GE(harness.WelcomeOf(again)->zxid, harness.LastReply(client).zxid);
  // The old connection is told when it is heard of again.
  EXPECT_FALSE(harness.GoodbyeOf(client).has_value());
  harness.Submit(client, replica::Ping());
  harness.Advance(200);
  EXPECT_EQ(GoodbyeCode(harness, client), ErrorCode::kSessionMoved);
  EXPECT_FALSE(harness.GoodbyeOf(again).has_value());
}

TEST(Sessions, LeaveTheirOldConnectionAtTheSameMemberAtOnce) {
  Harness harness(3);
  harness.Elect();
  const int follower = harness.Follower();
  const ConnectionId client = harness.Open(follower);
  const ConnectionId again = harness.Resume(follower, client);
  EXPECT_TRUE(harness.WelcomeOf(again).has_value());
  EXPECT_EQ(GoodbyeCode(harness, client), ErrorCode::kSessionMoved);
  EXPECT_TRUE(
      harness.member(follower).IsAttachedHere(harness.SessionOf(client)));
}

TEST(Sessions, AWriteOfTheOldConnectionIsNotTaken) {
  Harness harness(3);
  const int leader = harness.Elect();
  const ConnectionId client = harness.Open(harness.Follower());
  const ConnectionId again = harness.Resume(leader, client);
  harness.Write(client, 1, CreateOf("/old"));
  harness.Settle();
  EXPECT_EQ(GoodbyeCode(harness, client), ErrorCode::kSessionMoved);
  EXPECT_FALSE(HasNode(harness, leader, "/old"));
  harness.Write(again, 1, CreateOf("/new"));
  harness.Settle();
  EXPECT_TRUE(HasNode(harness, leader, "/new"));
}

TEST(Sessions, ADelayedAttachDoesNotTakeThemBack) {
  Harness harness(3);
  const int leader = harness.Elect();
  const int follower = harness.Follower();
  const ConnectionId first = harness.Open(leader);
  harness.Disconnect(first);
  std::optional<PeerEnvelope> late;
  harness.drop_peer = [&](const PeerEnvelope& envelope) {
    if (std::holds_alternative<AttachSession>(envelope.message)) {
      late = envelope;
    }
    return false;
  };
  const ConnectionId second = harness.Resume(follower, first);
  harness.drop_peer = nullptr;
  ASSERT_TRUE(late.has_value());
  const ConnectionId third = harness.Resume(leader, first);
  harness.member(leader).Step(*late);
  harness.Settle();
  EXPECT_EQ(GoodbyeCode(harness, second), ErrorCode::kSessionMoved);
  harness.Write(third, 1, CreateOf("/a"));
  harness.Settle();
  EXPECT_TRUE(harness.LastReply(third).status.ok());
}

TEST(Sessions, AreNotGivenToWhoDoesNotKnowThePassword) {
  Harness harness(3);
  const int leader = harness.Elect();
  const ConnectionId client = harness.Open(leader);
  for (const int id : {leader, harness.Follower()}) {
    Hello thief;
    thief.session = harness.SessionOf(client);
    thief.password = "0123456789abcdef";
    EXPECT_EQ(GoodbyeKind(harness, harness.Connect(id, thief)),
              ErrorKind::kWrongPassword);
  }
  EXPECT_FALSE(harness.GoodbyeOf(client).has_value());
}

TEST(Sessions, ThatAreGoneCannotBeResumed) {
  Harness harness(3);
  harness.Elect();
  Hello hello;
  hello.session = tree::SessionId{12345};
  hello.password = "0123456789abcdef";
  EXPECT_EQ(GoodbyeCode(harness, harness.Connect(harness.Follower(), hello)),
            ErrorCode::kSessionExpired);
}

TEST(Sessions, AreClosedByTheirClient) {
  Harness harness(3);
  harness.Elect();
  const ConnectionId client = harness.Open(harness.Follower());
  harness.Write(client, 1, CreateOf("/e", "", CreateMode::kEphemeral));
  const int64_t close = harness.Write(client, 2, tree::CloseSessionRequest());
  harness.Write(client, 3, CreateOf("/after"));
  harness.Settle();
  EXPECT_TRUE(harness.ReplyTo(client, close).status.ok());
  ASSERT_TRUE(harness.GoodbyeOf(client).has_value());
  EXPECT_TRUE(harness.GoodbyeOf(client)->ok());
  EXPECT_TRUE(std::holds_alternative<Goodbye>(harness.Messages(client).back()));
  EXPECT_FALSE(HasNode(harness, harness.Leader(), "/e"));
  EXPECT_FALSE(HasNode(harness, harness.Leader(), "/after"));
  EXPECT_EQ(harness.member(harness.Follower()).counters().connections, 0u);
}

TEST(Sessions, AreOpenedOnceWhenTheLeaderChanges) {
  Harness harness(3);
  const int leader = harness.Elect();
  const int follower = harness.Follower();
  harness.drop = [](const consensus::Envelope& envelope) {
    return std::holds_alternative<consensus::Proposals>(envelope.message);
  };
  Hello hello;
  hello.password = "0123456789abcdef";
  hello.timeout_ms = 60'000;
  const ConnectionId client = harness.Connect(follower, hello);
  EXPECT_FALSE(harness.WelcomeOf(client).has_value());
  harness.Crash(leader);
  harness.drop = nullptr;
  harness.Elect();
  harness.Advance(1'000);
  EXPECT_TRUE(harness.WelcomeOf(client).has_value());
  EXPECT_EQ(harness.member(follower).counters().sessions, 1u);
}

// Its connection breaks before it is welcome, and it comes again with the same
// password.
TEST(Sessions, AreOpenedOnceForAClientThatComesAgain) {
  for (const bool same_member : {true, false}) {
    for (const bool disconnected : {true, false}) {
      for (const bool applied : {true, false}) {
        Harness harness(3);
        const int leader = harness.Elect();
        const int follower = harness.Follower();
        Hello hello;
        hello.password = "0123456789abcdef";
        hello.timeout_ms = 60'000;
        harness.drop = [](const consensus::Envelope& envelope) {
          return std::holds_alternative<consensus::Proposals>(envelope.message);
        };
        const ConnectionId first = harness.Connect(follower, hello);
        EXPECT_FALSE(harness.WelcomeOf(first).has_value());
        if (applied) {
          harness.drop = nullptr;
          harness.Advance(500);
          ASSERT_TRUE(harness.WelcomeOf(first).has_value());
        }
        if (disconnected) harness.Disconnect(first);
        const ConnectionId second =
            harness.Connect(same_member ? follower : leader, hello);
        harness.drop = nullptr;
        harness.Advance(500);
        ASSERT_TRUE(harness.WelcomeOf(second).has_value());
        harness.Write(second, 1, CreateOf("/a"));
        harness.Advance(500);
        EXPECT_TRUE(harness.LastReply(second).status.ok());
        EXPECT_FALSE(harness.GoodbyeOf(second).has_value());
        EXPECT_EQ(harness.member(leader).counters().sessions, 1u);
      }
    }
  }
}

TEST(Pins, OfAnotherEnsembleAreRefused) {
  Harness harness(1);
  const int leader = harness.Elect();
  Hello hello;
  hello.password = "0123456789abcdef";
  hello.pin.ensemble = {1, 2};
  EXPECT_EQ(GoodbyeKind(harness, harness.Connect(leader, hello)),
            ErrorKind::kPinned);
}

TEST(Pins, AheadOfAMemberWaitForItToCatchUp) {
  Harness harness(3);
  const int leader = harness.Elect();
  const int follower = harness.Follower();
  const ConnectionId client = harness.Open(leader);
  harness.HoldDisk(follower);
  harness.Write(client, 1, CreateOf("/a"));
  harness.Settle();
  Hello hello;
  hello.password = "0123456789abcdef";
  hello.pin.ensemble = harness.WelcomeOf(client)->ensemble;
  hello.pin.highest_seen = harness.LastReply(client).zxid;
  const ConnectionId late = harness.Connect(follower, hello);
  harness.Advance(500);
  EXPECT_TRUE(harness.Messages(late).empty());
  harness.LetDiskGo(follower);
  ASSERT_TRUE(harness.WelcomeOf(late).has_value());
  EXPECT_GE(harness.WelcomeOf(late)->zxid, hello.pin.highest_seen);

  hello.pin.highest_seen = consensus::Zxid(1'000, 0);
  hello.password = "0123456789abcdeg";
  const ConnectionId never = harness.Connect(follower, hello);
  harness.Advance(1'500);
  EXPECT_EQ(GoodbyeKind(harness, never), ErrorKind::kPinned);
}

TEST(Members, WithoutAnEnsembleServeNobody) {
  Harness harness(3);  // nobody has heard of the others yet
  Hello hello;
  hello.password = "0123456789abcdef";
  EXPECT_FALSE(harness.member(1).IsServing());
  EXPECT_EQ(GoodbyeKind(harness, harness.Connect(1, hello)),
            ErrorKind::kNotServing);
}

TEST(Members, WithoutALeaderSendTheirClientsAway) {
  Harness harness(3);
  harness.Elect();
  const int follower = harness.Follower();
  const ConnectionId client = harness.Open(follower, 4'000);
  harness.Isolate(follower);
  harness.Advance(1'600);
  const int64_t ping = harness.Submit(client, replica::Ping());
  harness.Settle();
  EXPECT_EQ(ErrorKindOf(harness.ReplyTo(client, ping).status),
            ErrorKind::kNoLeader);
  harness.Advance(2'000);
  EXPECT_EQ(GoodbyeKind(harness, client), ErrorKind::kNoLeader);
  Hello hello;
  hello.password = "0123456789abcdef";
  const ConnectionId newcomer = harness.Connect(follower, hello);
  harness.Advance(1'100);
  EXPECT_EQ(GoodbyeKind(harness, newcomer), ErrorKind::kNoLeader);
}

}  // namespace
}  // namespace quorate::replica
