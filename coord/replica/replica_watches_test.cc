// Watches: who is told, in which order, and what a client that comes back is
// told of what it missed.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/client_message.h"
#include "coord/replica/error.h"
#include "coord/replica/options.h"
#include "coord/replica/testing/harness.h"
#include "coord/tree/acl.h"
#include "coord/tree/error.h"
#include "coord/tree/event.h"
#include "coord/tree/request.h"
#include "coord/tree/watches.h"
#include "gtest/gtest.h"

namespace quorate::replica {
namespace {

using tree::EventType;
using tree::WatchKind;

std::vector<std::string> EventsOf(const Harness& harness,
                                  ConnectionId connection) {
  std::vector<std::string> events;
  for (const WatchEvent& event : harness.Events(connection)) {
    events.push_back(absl::StrCat(event.gap ? "gap" : "",
                                  event.gap ? 0 : static_cast<int>(event.type),
                                  " ", event.path));
  }
  return events;
}

using Strings = std::vector<std::string>;

TEST(Watches, LeftByReadsFireOnce) {
  Harness harness(3);
  const int leader = harness.Elect();
  const ConnectionId watcher = harness.Open(harness.Follower());
  const ConnectionId writer = harness.Open(leader);
  harness.Read(watcher, Exists{"/a", true});
  harness.Read(watcher, GetChildren{"/", true});
  harness.Read(watcher, GetData{"/none", true});  // fails: leaves none
  harness.Settle();
  EXPECT_EQ(harness.member(harness.Follower()).counters().watches, 2u);
  harness.Write(writer, 1, CreateOf("/a"));
  harness.Write(writer, 2, tree::SetDataRequest{"/a", "x"});
  harness.Write(writer, 3, CreateOf("/none"));
  harness.Settle();
  EXPECT_EQ(EventsOf(harness, watcher), (Strings{"1 /a", "4 /"}));
}

TEST(Watches, AreToldBeforeAnyAnswerThatShowsTheState) {
  Harness harness(3);
  harness.Elect();
  const ConnectionId client = harness.Open(harness.Follower());
  harness.Submit(client, AddWatch{"/a", WatchKind::kPersistent, {}});
  harness.Write(client, 1, CreateOf("/a"));
  harness.Read(client, GetData{"/a"});
  harness.Settle();
  const std::vector<ServerMessage>& messages = harness.Messages(client);
  ASSERT_EQ(messages.size(), 5u);  // Welcome, reply, event, reply, reply
  EXPECT_TRUE(std::holds_alternative<Reply>(messages[1]));
  ASSERT_TRUE(std::holds_alternative<WatchEvent>(messages[2]));
  EXPECT_EQ(std::get<WatchEvent>(messages[2]).zxid,
            std::get<Reply>(messages[3]).zxid);
  EXPECT_TRUE(std::holds_alternative<Reply>(messages[4]));
}

TEST(Watches, AreNotToldToThoseWhoMayNotRead) {
  Harness harness(1);
  const int leader = harness.Elect();
  const ConnectionId stranger = harness.Open(leader);
  const ConnectionId owner = harness.Open(leader);
  harness.Submit(owner, AddIdentity{{"digest", "me:hash"}});
  for (const ConnectionId client : {stranger, owner}) {
    harness.Submit(client, AddWatch{"/secret", WatchKind::kPersistent, {}});
  }
  tree::CreateRequest create = CreateOf("/secret");
  create.acl = {{tree::kAllPermissions, {"digest", "me:hash"}}};
  harness.Write(owner, 1, create);
  harness.Settle();
  EXPECT_EQ(EventsOf(harness, owner), Strings{"1 /secret"});
  EXPECT_TRUE(EventsOf(harness, stranger).empty());
}

TEST(Watches, AreRemoved) {
  Harness harness(1);
  const ConnectionId client = harness.Open(harness.Elect());
  harness.Submit(client, AddWatch{"/a", WatchKind::kPersistent, {}});
  harness.Submit(client, AddWatch{"/a", WatchKind::kChild, {}});
  harness.Submit(client, RemoveWatch{"/a", WatchKind::kPersistent});
  const int64_t again =
      harness.Submit(client, RemoveWatch{"/a", WatchKind::kPersistent});
  harness.Submit(client, RemoveWatch{"/a", std::nullopt});
  harness.Settle();
  EXPECT_EQ(tree::ErrorCodeOf(harness.ReplyTo(client, again).status),
            tree::ErrorCode::kNoWatcher);
  EXPECT_TRUE(harness.LastReply(client).status.ok());
  EXPECT_EQ(harness.member(1).counters().watches, 0u);
}

TEST(Watches, EndWithTheConnection) {
  Harness harness(1);
  const ConnectionId client = harness.Open(harness.Elect());
  harness.Submit(client, AddWatch{"/a", WatchKind::kPersistent, {}});
  harness.Settle();
  size_t seen = 0;
  harness.member(1).ForEachWatch(
      [&](absl::string_view path, tree::SessionId session, uint8_t kinds) {
        EXPECT_EQ(path, "/a");
        EXPECT_EQ(session, harness.SessionOf(client));
        EXPECT_EQ(kinds, static_cast<uint8_t>(WatchKind::kPersistent));
        return ++seen > 0;
      });
  EXPECT_EQ(seen, 1u);
  harness.Disconnect(client);
  EXPECT_EQ(harness.member(1).counters().watches, 0u);
}

TEST(Watches, AreResumedWithoutAGap) {
  Harness harness(3);
  const int leader = harness.Elect();
  const ConnectionId client = harness.Open(harness.Follower());
  const ConnectionId writer = harness.Open(leader);
  harness.Submit(client, AddWatch{"/a", WatchKind::kPersistent, {}});
  harness.Write(writer, 1, CreateOf("/a"));
  harness.Settle();
  const consensus::Zxid seen = harness.Events(client).back().zxid;
  harness.Disconnect(client);
  harness.Write(writer, 2, tree::SetDataRequest{"/a", "1"});
  harness.Write(writer, 3, CreateOf("/a/b"));
  harness.Write(writer, 4, tree::SetDataRequest{"/a", "2"});
  harness.Settle();

  const ConnectionId again = harness.Resume(leader, client);
  AddWatch all{"/a", WatchKind::kPersistent, seen};
  AddWatch once{"/a", WatchKind::kData, seen};
  AddWatch below{"/", WatchKind::kRecursive, seen};
  harness.Submit(again, all);
  harness.Submit(again, once);
  harness.Submit(again, below);
  harness.Settle();
  EXPECT_EQ(EventsOf(harness, again),
            (Strings{"3 /a", "4 /a", "3 /a",       // persistent
                     "3 /a",                       // one-shot: the first
                     "3 /a", "1 /a/b", "3 /a"}));  // recursive
  const std::vector<ServerMessage>& messages = harness.Messages(again);
  EXPECT_TRUE(std::holds_alternative<Reply>(messages[4]));  // behind its events
  harness.Write(writer, 5, tree::SetDataRequest{"/a", "3"});
  harness.Settle();
  EXPECT_EQ(EventsOf(harness, again).size(), 8u);  // told once of one event
}

TEST(Watches, SayWhenTheMemberDoesNotRememberSoFar) {
  Options options;
  options.watch_history_bytes = 1'000;
  Harness harness(1, options);
  const int leader = harness.Elect();
  const ConnectionId client = harness.Open(leader);
  harness.Write(client, 1, CreateOf("/a"));
  harness.Settle();
  const consensus::Zxid seen = harness.LastReply(client).zxid;
  for (int64_t i = 2; i < 30; ++i) {
    harness.Write(client, i, tree::SetDataRequest{"/a", "x"});
  }
  harness.Settle();
  harness.Submit(client, AddWatch{"/a", WatchKind::kPersistent, seen});
  harness.Submit(client, AddWatch{"/a", WatchKind::kData, seen});
  harness.Settle();
  const std::vector<WatchEvent> events = harness.Events(client);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_TRUE(events[0].gap);
  EXPECT_EQ(events[0].kind, WatchKind::kPersistent);
  EXPECT_TRUE(events[1].gap);
  EXPECT_EQ(events[1].kind, WatchKind::kData);
  EXPECT_EQ(events[0].zxid, harness.member(leader).state().applied());
  // The persistent one is left, the one-shot is not.
  harness.Submit(client, RemoveWatch{"/a", WatchKind::kPersistent});
  harness.Settle();
  EXPECT_TRUE(harness.LastReply(client).status.ok());
  EXPECT_EQ(harness.member(leader).counters().watches, 0u);
}

TEST(Watches, AreBounded) {
  Options options;
  options.max_watches = 2;
  Harness harness(1, options);
  const ConnectionId client = harness.Open(harness.Elect());
  harness.Submit(client, AddWatch{"/a", WatchKind::kPersistent, {}});
  harness.Read(client, GetChildren{"/", true});
  const int64_t third = harness.Read(client, Exists{"/b", true});
  const int64_t fourth =
      harness.Submit(client, AddWatch{"/c", WatchKind::kPersistent, {}});
  const int64_t bad =
      harness.Submit(client, AddWatch{"no path", tree::WatchKind::kData, {}});
  harness.Settle();
  for (const int64_t tag : {third, fourth}) {
    EXPECT_EQ(ErrorKindOf(harness.ReplyTo(client, tag).status),
              ErrorKind::kOverloaded);
    EXPECT_TRUE(harness.ReplyTo(client, tag).not_taken);
  }
  EXPECT_EQ(tree::ErrorCodeOf(harness.ReplyTo(client, bad).status),
            tree::ErrorCode::kBadArguments);
}

}  // namespace
}  // namespace quorate::replica
