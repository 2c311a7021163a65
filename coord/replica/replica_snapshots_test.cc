// Snapshots, made and installed; restarts; the digest.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coord/consensus/message.h"
#include "coord/replica/client_message.h"
#include "coord/replica/digest_log.h"
#include "coord/replica/error.h"
#include "coord/replica/options.h"
#include "coord/replica/output.h"
#include "coord/replica/peer_message.h"
#include "coord/replica/snapshotter.h"
#include "coord/replica/testing/harness.h"
#include "coord/tree/error.h"
#include "coord/tree/request.h"
#include "coord/tree/watches.h"
#include "gtest/gtest.h"

namespace quorate::replica {
namespace {

// Small pieces and logs, so that little is enough for a snapshot.
Options SmallOptions() {
  Options options;
  options.snapshot_log_bytes = 8 << 10;
  options.snapshot_piece_bytes = 512;
  options.core.retained_log_bytes = 1 << 10;
  options.core.snapshot_chunk_bytes = 1 << 10;
  return options;
}

// Writes `count` znodes, from number `first` of the session on.
void Fill(Harness& harness, ConnectionId client, int64_t first, int count) {
  for (int64_t i = first; i < first + count; ++i) {
    harness.Write(client, i,
                  CreateOf(absl::StrCat("/n", i), std::string(100, 'x')),
                  i - 1);
    harness.Settle();
  }
}

// A member away for so long that the log does not reach back. Returns a client
// of the leader, whose next write has the number 151.
ConnectionId LeaveBehind(Harness& harness, int away) {
  harness.Isolate(away);
  const ConnectionId client = harness.Open(harness.Leader(), 600'000);
  Fill(harness, client, 1, 150);
  return client;
}

TEST(Snapshots, AreTakenWhenTheLogHasGrown) {
  Harness harness(1, SmallOptions());
  const int leader = harness.Elect();
  const ConnectionId client = harness.Open(leader);
  Fill(harness, client, 1, 200);
  EXPECT_GE(harness.member(leader).counters().snapshots_taken, 1u);
  EXPECT_LT(harness.disk(leader).log_size(), 100u);
  EXPECT_EQ(harness.disk(leader).num_snapshots(), 1u);
  const tree::Digest digest = harness.member(leader).state().digest();

  harness.Crash(leader);
  harness.Restart(leader);
  harness.Elect();
  EXPECT_EQ(harness.member(leader).state().digest(), digest);
  const ConnectionId again = harness.Resume(leader, client);
  EXPECT_EQ(harness.WelcomeOf(again)->last_request_id, 200);
}

TEST(Snapshots, AreMadeInFewPiecesAtOnce) {
  Options options;
  options.snapshot_piece_bytes = 256;
  Harness harness(1, options);
  const int leader = harness.Elect();
  const ConnectionId client = harness.Open(leader);
  Fill(harness, client, 1, 50);
  harness.HoldSnapshots(leader);
  EXPECT_TRUE(harness.member(leader).TakeSnapshot().ok());
  EXPECT_TRUE(
      absl::IsFailedPrecondition(harness.member(leader).TakeSnapshot()));
  harness.Advance(2'000);
  size_t pieces = 0;
  for (const Job& job : harness.jobs(leader)) {
    if (std::holds_alternative<SnapshotPiece>(job)) ++pieces;
  }
  EXPECT_EQ(pieces, Snapshotter::kMaxInFlight);
  const int64_t write = harness.Write(client, 51, CreateOf("/meanwhile"));
  harness.Settle();
  EXPECT_TRUE(harness.ReplyTo(client, write).status.ok());
  harness.LetSnapshotsGo(leader);
  EXPECT_EQ(harness.member(leader).counters().snapshots_taken, 1u);
  harness.Crash(leader);
  harness.Restart(leader);
  harness.Elect();
  EXPECT_NE(harness.member(leader).state().tree().Find("/meanwhile"), nullptr);
}

TEST(Snapshots, OfNothingNewAreRefused) {
  Harness harness(1);
  const int leader = harness.Elect();
  EXPECT_TRUE(harness.member(leader).TakeSnapshot().ok());
  harness.Settle();
  EXPECT_TRUE(
      absl::IsFailedPrecondition(harness.member(leader).TakeSnapshot()));
}

TEST(Snapshots, ThatFailAreTriedAgainLater) {
  Harness harness(1, SmallOptions());
  const int leader = harness.Elect();
  const ConnectionId client = harness.Open(leader);
  harness.FailSnapshots(leader, true);
  Fill(harness, client, 1, 120);
  EXPECT_EQ(harness.member(leader).counters().snapshots_failed, 1u);
  harness.FailSnapshots(leader, false);
  for (int i = 0; i < 11; ++i) {
    harness.Submit(client, Ping());
    harness.Advance(1'000);
  }
  EXPECT_EQ(harness.member(leader).counters().snapshots_taken, 1u);
}

TEST(Install, BringsAMemberUpToDate) {
  Harness harness(3, SmallOptions());
  const int leader = harness.Elect();
  const int away = harness.Follower();
  LeaveBehind(harness, away);
  harness.Heal();
  harness.Advance(3'000);
  EXPECT_EQ(harness.member(away).counters().snapshots_installed, 1u);
  EXPECT_EQ(harness.member(away).state().digest(),
            harness.member(harness.Leader()).state().digest());
  EXPECT_TRUE(harness.member(away).IsServing());
  harness.Crash(away);
  harness.Restart(away);
  harness.Advance(2'000);
  EXPECT_EQ(harness.member(away).state().digest(),
            harness.member(leader).state().digest());
}

TEST(Install, AnswersNothingUntilTheStateIsLoaded) {
  Harness harness(3, SmallOptions());
  harness.Elect();
  const int away = harness.Follower();
  const ConnectionId client = harness.Open(away, 600'000);
  const ConnectionId writer = LeaveBehind(harness, away);
  harness.HoldSnapshots(away);
  harness.Heal();
  harness.Advance(500);
  for (int i = 0; i < 50 && harness.member(away).IsServing(); ++i) {
    harness.Advance(100);
  }
  EXPECT_FALSE(harness.member(away).IsServing());
  const int64_t local = harness.Read(client, Exists{"/n10"}, true);
  const int64_t read = harness.Read(client, Exists{"/n151"});
  const int64_t write = harness.Write(client, 1, CreateOf("/mine"));
  harness.Write(writer, 151, CreateOf("/n151"), 150);
  harness.Settle();
  EXPECT_TRUE(harness.Replies(client).empty());
  harness.LetSnapshotsGo(away);
  harness.Advance(1'000);
  EXPECT_TRUE(harness.ReplyTo(client, local).status.ok());
  EXPECT_TRUE(harness.ReplyTo(client, read).status.ok());
  EXPECT_TRUE(harness.ReplyTo(client, write).status.ok());
}

// Its write was applied by the others while the member was away: the answer is
// in the snapshot.
TEST(Install, AnswersTheWritesThatItContains) {
  Harness harness(3, SmallOptions());
  harness.Elect();
  const int away = harness.Follower();
  const ConnectionId client = harness.Open(away, 600'000);
  // What it sends arrives; what it is told is lost.
  harness.drop = [&](const consensus::Envelope& envelope) {
    return envelope.to.value == static_cast<uint64_t>(away) &&
           std::holds_alternative<consensus::Proposals>(envelope.message);
  };
  const int64_t write = harness.Write(client, 1, CreateOf("/mine"));
  const ConnectionId call =
      harness.Call(away, WriteRequest{0, 0, CreateOf("/call")});
  harness.Submit(client, AddWatch{"/w", tree::WatchKind::kData, {}});
  harness.Settle();
  Hello hello;
  hello.password = "0123456789abcdef";
  hello.timeout_ms = 600'000;
  const ConnectionId opening = harness.Connect(away, hello);
  EXPECT_TRUE(harness.Replies(client).empty());
  LeaveBehind(harness, away);
  harness.drop = nullptr;
  harness.Heal();
  harness.Advance(3'000);
  ASSERT_EQ(harness.member(away).counters().snapshots_installed, 1u);
  EXPECT_TRUE(harness.ReplyTo(client, write).status.ok());
  EXPECT_EQ(ErrorKindOf(harness.LastReply(call).status),
            ErrorKind::kUnknownOutcome);
  EXPECT_TRUE(harness.WelcomeOf(opening).has_value());
  harness.Write(client, 2, CreateOf("/next"));
  harness.Settle();
  EXPECT_TRUE(harness.LastReply(client).status.ok());
}

// What stands between writes that the snapshot contains can be answered neither
// from the old state nor from the new one.
TEST(Install, DoesNotShowAReadTheWritesBehindIt) {
  Harness harness(3, SmallOptions());
  harness.Elect();
  const int away = harness.Follower();
  const ConnectionId client = harness.Open(away, 600'000);
  harness.drop = [&](const consensus::Envelope& envelope) {
    return (envelope.to.value == static_cast<uint64_t>(away) &&
            std::holds_alternative<consensus::Proposals>(envelope.message)) ||
           std::holds_alternative<consensus::ReadRequest>(envelope.message);
  };
  const int64_t local = harness.Read(client, Exists{"/1"}, true);
  const int64_t first = harness.Read(client, Exists{"/1"});
  harness.Write(client, 1, CreateOf("/1"));
  const int64_t second = harness.Read(client, Exists{"/2"}, true);
  const int64_t watch =
      harness.Submit(client, AddWatch{"/2", tree::WatchKind::kData, {}});
  harness.Write(client, 2, CreateOf("/2"));
  const int64_t third = harness.Read(client, Exists{"/2"}, true);
  const int64_t fourth = harness.Read(client, Exists{"/2"});
  harness.Settle();
  LeaveBehind(harness, away);
  harness.drop = nullptr;
  harness.Heal();
  harness.Advance(3'000);
  ASSERT_EQ(harness.member(away).counters().snapshots_installed, 1u);
  EXPECT_EQ(tree::ErrorCodeOf(harness.ReplyTo(client, local).status),
            tree::ErrorCode::kNoNode);
  for (const int64_t tag : {first, second, watch}) {
    EXPECT_TRUE(harness.ReplyTo(client, tag).not_taken);
  }
  EXPECT_TRUE(harness.ReplyTo(client, third).status.ok());
  EXPECT_TRUE(harness.ReplyTo(client, fourth).status.ok());
  EXPECT_EQ(harness.Replies(client).size(), 8u);
}

TEST(Install, TellsWatchesOfAGap) {
  Harness harness(3, SmallOptions());
  harness.Elect();
  const int away = harness.Follower();
  const ConnectionId client = harness.Open(away, 600'000);
  harness.Submit(client, AddWatch{"/n3", tree::WatchKind::kData, {}});
  harness.Submit(client, AddWatch{"/", tree::WatchKind::kRecursive, {}});
  harness.Settle();
  LeaveBehind(harness, away);
  harness.Heal();
  harness.Advance(3'000);
  const std::vector<WatchEvent> events = harness.Events(client);
  ASSERT_GE(events.size(), 2u);
  for (size_t i = 0; i < events.size(); ++i) EXPECT_EQ(events[i].gap, i < 2);
  EXPECT_EQ(harness.member(away).counters().watches, 1u);
}

TEST(Install, EndsSessionsThatAreGone) {
  Harness harness(3, SmallOptions());
  const int leader = harness.Elect();
  const int away = harness.Follower();
  const ConnectionId client = harness.Open(away, 600'000);
  harness.Isolate(away);
  const ConnectionId again = harness.Resume(leader, client);
  harness.Write(again, 1, tree::CloseSessionRequest());
  harness.Settle();
  LeaveBehind(harness, away);
  harness.Heal();
  harness.Advance(3'000);
  ASSERT_TRUE(harness.GoodbyeOf(client).has_value());
  EXPECT_EQ(tree::ErrorCodeOf(*harness.GoodbyeOf(client)),
            tree::ErrorCode::kSessionExpired);
}

TEST(Install, AbandonsTheMembersOwnSnapshot) {
  Harness harness(3, SmallOptions());
  harness.Elect();
  const int away = harness.Follower();
  harness.HoldSnapshots(away);
  ASSERT_TRUE(harness.member(away).TakeSnapshot().ok());
  harness.Settle();
  LeaveBehind(harness, away);
  harness.Heal();
  harness.Advance(3'000);
  harness.LetSnapshotsGo(away);
  harness.Advance(1'000);
  EXPECT_EQ(harness.member(away).counters().snapshots_installed, 1u);
  EXPECT_FALSE(harness.disk(away).IsWriting());
  EXPECT_EQ(harness.member(away).state().digest(),
            harness.member(harness.Leader()).state().digest());
}

TEST(Install, BringsANewcomerIn) {
  Harness harness(1, SmallOptions());
  harness.Elect();
  const ConnectionId client = harness.Open(1, 600'000);
  Fill(harness, client, 1, 150);
  harness.Join(2);
  harness.Advance(3'000);
  EXPECT_EQ(harness.member(2).core().RoleName(), "learner");
  EXPECT_EQ(harness.member(2).counters().snapshots_installed, 1u);
  const ConnectionId there = harness.Open(2);
  harness.Write(there, 1, CreateOf("/through-the-learner"));
  harness.Settle();
  EXPECT_TRUE(harness.LastReply(there).status.ok());
}

TEST(Digests, ThatDifferStopTheMember) {
  Harness harness(3);
  const int leader = harness.Elect();
  const int follower = harness.Follower();
  const ConnectionId client = harness.Open(follower);
  const ConnectionId call =
      harness.Call(follower, ReadRequest{false, GetData{"/"}});
  const consensus::Zxid marked(harness.member(leader).core().epoch(), 0);
  ASSERT_TRUE(DigestLog::IsMarked(marked));
  PeerEnvelope envelope;
  envelope.ensemble = harness.WelcomeOf(client)->ensemble;
  envelope.from = harness.member(leader).core().key();
  envelope.to = harness.member(follower).core().key().id;
  envelope.message = StateDigest{marked, 12345};
  PeerEnvelope foreign = envelope;
  foreign.ensemble = {9, 9};
  harness.member(follower).Step(foreign);  // rule 1
  EXPECT_TRUE(harness.member(follower).stop_reason().ok());
  harness.member(follower).Step(envelope);
  harness.Settle();
  const absl::Status why = harness.member(follower).stop_reason();
  EXPECT_TRUE(absl::IsDataLoss(why)) << why;
  EXPECT_NE(why.message().find("0000000000003039"), std::string::npos);
  EXPECT_EQ(ErrorKindOf(*harness.GoodbyeOf(client)), ErrorKind::kStopped);
  EXPECT_EQ(ErrorKindOf(harness.LastReply(call).status), ErrorKind::kStopped);
  EXPECT_TRUE(harness.member(follower).core().IsStopped());
}

TEST(Digests, AgreeAmongMembers) {
  Harness harness(3);
  const int leader = harness.Elect();
  const ConnectionId client = harness.Open(leader);
  int told = 0;
  harness.drop_peer = [&](const PeerEnvelope& envelope) {
    if (std::holds_alternative<StateDigest>(envelope.message)) ++told;
    return false;
  };
  Fill(harness, client, 1, 600);
  harness.Advance(3'000);
  EXPECT_GE(told, 2);
  for (int id = 1; id <= 3; ++id) {
    EXPECT_TRUE(harness.member(id).stop_reason().ok());
  }
}

}  // namespace
}  // namespace quorate::replica
