// What happens when something runs out: room, order, disk; and the leader's
// housekeeping.

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
#include "coord/replica/output.h"
#include "coord/replica/testing/harness.h"
#include "coord/tree/request.h"
#include "gtest/gtest.h"

namespace quorate::replica {
namespace {

using tree::CreateMode;

ErrorKind KindOf(const Reply& reply) { return ErrorKindOf(reply.status); }

TEST(Limits, OfOneConnectionAreKept) {
  Options options;
  options.max_outstanding = 4;
  Harness harness(3, options);
  harness.Elect();
  const ConnectionId client = harness.Open(harness.Follower());
  EXPECT_EQ(harness.WelcomeOf(client)->max_outstanding, 4u);
  std::vector<int64_t> tags;
  for (int64_t i = 1; i <= 7; ++i) {
    tags.push_back(harness.Write(client, i, CreateOf(absl::StrCat("/n", i))));
  }
  harness.Settle();
  for (size_t i = 0; i < tags.size(); ++i) {
    const Reply reply = harness.ReplyTo(client, tags[i]);
    EXPECT_EQ(reply.not_taken, i >= 4);
    EXPECT_EQ(KindOf(reply), i < 4 ? ErrorKind::kNone : ErrorKind::kOverloaded);
  }
  harness.Write(client, 5, CreateOf("/n5"));
  harness.Settle();
  EXPECT_TRUE(harness.LastReply(client).status.ok());
}

TEST(Limits, WhoSendsOnAlthoughRefusedIsSentAway) {
  Options options;
  options.max_outstanding = 4;
  Harness harness(3, options);
  const int leader = harness.Elect();
  const ConnectionId client = harness.Open(leader);
  harness.Write(client, 1, CreateOf("/a"));
  for (int i = 0; i < 20; ++i) harness.Submit(client, Ping());
  harness.Settle();
  ASSERT_TRUE(harness.GoodbyeOf(client).has_value());
  EXPECT_EQ(ErrorKindOf(*harness.GoodbyeOf(client)), ErrorKind::kOverloaded);
}

TEST(Limits, OfBytesAreKept) {
  Options options;
  options.max_outstanding_bytes = 10'000;
  options.max_waiting_bytes = 16'000;
  Harness harness(1, options);
  const int leader = harness.Elect();
  const ConnectionId first = harness.Open(leader);
  const ConnectionId second = harness.Open(leader);
  const std::string data(7'000, 'x');
  const int64_t a = harness.Write(first, 1, CreateOf("/a", data));
  const int64_t b = harness.Write(first, 2, CreateOf("/b", data));
  const int64_t c = harness.Write(second, 1, CreateOf("/c", data));
  const int64_t d = harness.Write(second, 2, CreateOf("/d", "small"));
  const ConnectionId call =
      harness.Call(leader, WriteRequest{0, 0, CreateOf("/e", data)});
  harness.Settle();
  EXPECT_TRUE(harness.ReplyTo(first, a).status.ok());
  EXPECT_EQ(KindOf(harness.ReplyTo(first, b)), ErrorKind::kOverloaded);
  EXPECT_TRUE(harness.ReplyTo(second, c).status.ok());
  EXPECT_TRUE(harness.ReplyTo(second, d).status.ok());
  EXPECT_EQ(KindOf(harness.LastReply(call)), ErrorKind::kOverloaded);
  EXPECT_TRUE(harness.LastReply(call).not_taken);
  EXPECT_EQ(harness.member(leader).counters().waiting_bytes, 0u);
}

// Whole-member simulation, seed 23809: what was refused for want of room was
// answered before the connection's Welcome.
TEST(Limits, NothingIsAnsweredBeforeWelcome) {
  Options options;
  options.max_waiting_bytes = 8'000;
  Harness harness(3, options);
  harness.Elect();
  const int follower = harness.Follower();
  const ConnectionId first = harness.Open(follower);
  harness.Isolate(follower);
  harness.Write(first, 1, CreateOf("/a", std::string(7'000, 'x')));
  Hello hello;
  hello.password = "0123456789abcdef";
  const ConnectionId second = harness.Connect(follower, hello);
  const int64_t tag =
      harness.Write(second, 1, CreateOf("/b", std::string(1'500, 'x')));
  harness.Settle();
  EXPECT_FALSE(harness.WelcomeOf(second).has_value());
  EXPECT_TRUE(harness.Replies(second).empty());
  harness.Heal();
  harness.Advance(1'000);
  ASSERT_TRUE(harness.WelcomeOf(second).has_value());
  EXPECT_EQ(KindOf(harness.ReplyTo(second, tag)), ErrorKind::kOverloaded);
}

TEST(Limits, OfConnectionsAreKept) {
  Options options;
  options.max_connections = 2;
  Harness harness(1, options);
  const int leader = harness.Elect();
  harness.Open(leader);
  harness.Open(leader);
  Hello hello;
  hello.password = "0123456789abcdef";
  const ConnectionId third = harness.Connect(leader, hello);
  EXPECT_EQ(ErrorKindOf(*harness.GoodbyeOf(third)), ErrorKind::kOverloaded);
  const ConnectionId call =
      harness.Call(leader, ReadRequest{true, GetData{"/"}});
  harness.Settle();
  EXPECT_EQ(KindOf(harness.LastReply(call)), ErrorKind::kOverloaded);
}

TEST(Limits, OfWhatWaitsForAQuorumAreKept) {
  Options options;
  options.core.max_uncommitted_bytes = 20'000;
  for (const bool at_leader : {true, false}) {
    Harness harness(3, options);
    const int leader = harness.Elect();
    const ConnectionId client =
        harness.Open(at_leader ? leader : harness.Follower(), 60'000);
    harness.drop = [](const consensus::Envelope& envelope) {
      return std::holds_alternative<consensus::Proposals>(envelope.message);
    };
    std::vector<int64_t> tags;
    for (int64_t i = 1; i <= 4; ++i) {
      tags.push_back(harness.Write(
          client, i, CreateOf(absl::StrCat("/n", i), std::string(7'000, 'x'))));
    }
    harness.Settle();
    harness.drop = nullptr;
    harness.Advance(2'000);
    EXPECT_TRUE(harness.ReplyTo(client, tags[0]).status.ok());
    EXPECT_TRUE(harness.ReplyTo(client, tags[1]).status.ok());
    EXPECT_EQ(KindOf(harness.ReplyTo(client, tags[2])), ErrorKind::kOverloaded);
    EXPECT_EQ(KindOf(harness.ReplyTo(client, tags[3])), ErrorKind::kOutOfOrder);
    EXPECT_TRUE(harness.ReplyTo(client, tags[3]).not_taken);
    harness.Write(client, 3, CreateOf("/n3"));
    harness.Write(client, 4, CreateOf("/n4"));
    harness.Settle();
    EXPECT_TRUE(harness.LastReply(client).status.ok());
    EXPECT_EQ(harness.member(leader)
                  .state()
                  .sessions()
                  .Find(harness.SessionOf(client))
                  ->last_request_id,
              4);
  }
}

TEST(DiskFull, RefusesWritesAndReadsOn) {
  Harness harness(3);
  const int leader = harness.Elect();
  const int follower = harness.Follower();
  const ConnectionId client = harness.Open(follower);
  harness.member(leader).SetDiskFull(true);
  EXPECT_TRUE(harness.member(leader).disk_full());
  const int64_t write = harness.Write(client, 1, CreateOf("/a"));
  const int64_t read = harness.Read(client, Exists{"/"});
  harness.Settle();
  EXPECT_EQ(KindOf(harness.ReplyTo(client, write)), ErrorKind::kDiskFull);
  EXPECT_TRUE(harness.ReplyTo(client, write).not_taken);
  EXPECT_TRUE(harness.ReplyTo(client, read).status.ok());

  harness.member(leader).SetDiskFull(false);
  harness.member(follower).SetDiskFull(true);
  const int64_t again = harness.Write(client, 1, CreateOf("/a"));
  harness.Settle();
  EXPECT_EQ(KindOf(harness.ReplyTo(client, again)), ErrorKind::kDiskFull);

  harness.member(follower).SetDiskFull(false);
  const int64_t last = harness.Write(client, 1, CreateOf("/a"));
  harness.Settle();
  EXPECT_TRUE(harness.ReplyTo(client, last).status.ok());
}

TEST(BadStorage, StopsTheMember) {
  Harness harness(3);
  harness.Elect();
  const int follower = harness.Follower();
  const ConnectionId client = harness.Open(follower);
  harness.member(follower).StorageFailed(absl::DataLossError("fsync failed"));
  harness.Settle();
  EXPECT_TRUE(absl::IsDataLoss(harness.member(follower).stop_reason()));
  EXPECT_EQ(ErrorKindOf(*harness.GoodbyeOf(client)), ErrorKind::kStopped);
  Hello hello;
  hello.password = "0123456789abcdef";
  const ConnectionId late = harness.Connect(follower, hello);
  EXPECT_EQ(ErrorKindOf(*harness.GoodbyeOf(late)), ErrorKind::kStopped);
  const ConnectionId call =
      harness.Call(follower, ReadRequest{true, GetData{"/"}});
  harness.Settle();
  EXPECT_EQ(KindOf(harness.LastReply(call)), ErrorKind::kStopped);
  harness.Advance(1'000);  // the others go on
  EXPECT_NE(harness.Leader(), 0);
  EXPECT_NE(harness.Leader(), follower);
}

TEST(Housekeeping, DeletesEmptyContainersAndOldNodes) {
  Harness harness(3);
  const int leader = harness.Elect();
  const ConnectionId client = harness.Open(leader, 60'000);
  harness.Write(client, 1, CreateOf("/c", "", CreateMode::kContainer));
  harness.Write(client, 2, CreateOf("/c/x"));
  harness.Write(client, 3, tree::DeleteRequest{"/c/x"});
  tree::CreateRequest ttl = CreateOf("/t", "", CreateMode::kPersistentWithTtl);
  ttl.ttl_ms = 5'000;
  harness.Write(client, 4, ttl);
  harness.Settle();
  const auto has = [&](const char* path) {
    return harness.member(leader).state().tree().Find(path) != nullptr;
  };
  EXPECT_TRUE(has("/c"));
  harness.Advance(1'500);
  EXPECT_FALSE(has("/c"));
  EXPECT_TRUE(has("/t"));
  harness.Advance(5'500);
  EXPECT_FALSE(has("/t"));
}

TEST(BadRequests, AreAnsweredAndHarmNobody) {
  Harness harness(1);
  const int leader = harness.Elect();
  const ConnectionId client = harness.Open(leader);
  EXPECT_EQ(harness.GoodbyeOf(harness.Connect(leader, Hello()))->code(),
            absl::StatusCode::kInvalidArgument);
  const std::vector<int64_t> bad = {
      harness.Write(client, 0, CreateOf("/a")),
      harness.Write(client, -1, CreateOf("/a")),
      harness.Write(client, 1, CreateOf("/a"), 1),
      harness.Write(client, 1, tree::CreateSessionRequest()),
      harness.Write(client, 1, tree::DeleteContainerRequest{"/a"})};
  harness.Settle();
  for (const int64_t tag : bad) {
    EXPECT_EQ(KindOf(harness.ReplyTo(client, tag)), ErrorKind::kBadRequest);
  }
  harness.member(leader).Submit(ConnectionId{999}, {1, Ping()});
  harness.member(leader).Disconnect(ConnectionId{999});
  harness.member(leader).Connect(client, Hello());  // an id that is in use
  harness.Write(client, 1, CreateOf("/a"));
  harness.Settle();
  EXPECT_TRUE(harness.LastReply(client).status.ok());
}

TEST(FreshEpochs, AreCrossedByWrites) {
  Options options;
  options.core.last_counter = 40;
  Harness harness(3, options);
  const int leader = harness.Elect();
  const ConnectionId client = harness.Open(harness.Follower(), 60'000);
  for (int64_t i = 1; i <= 200; ++i) {
    harness.Write(client, i, CreateOf(absl::StrCat("/n", i)), i - 1);
    if (i % 20 == 0) harness.Advance(1'000);
  }
  harness.Advance(20'000);
  EXPECT_EQ(harness.Replies(client).size(), 200u);
  for (const Reply& reply : harness.Replies(client)) {
    EXPECT_TRUE(reply.status.ok()) << reply.status;
  }
  EXPECT_GT(harness.member(leader).core().epoch(), 3u);
}

}  // namespace
}  // namespace quorate::replica
