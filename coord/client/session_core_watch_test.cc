// Watches of SessionCore, and of the registry behind it.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "coord/client/session_core.h"
#include "coord/client/testing/core_harness.h"
#include "coord/client/types.h"
#include "gtest/gtest.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::client {
namespace {

namespace v1 = coord::v1;

// "2 Deleted /a 7!" for a handler with id 2 whose watch is spent.
std::vector<std::string> Texts(const std::vector<Firing>& firings) {
  const char* const names[] = {"",        "Created",         "Deleted",
                               "Changed", "ChildrenChanged", "Gap"};
  std::vector<std::string> texts;
  for (const Firing& firing : firings) {
    texts.push_back(
        std::to_string(firing.id) + " " +
        names[static_cast<int>(firing.event.type)] + " " + firing.event.path +
        " " + std::to_string(firing.event.zxid) + (firing.last ? "!" : ""));
  }
  return texts;
}
using Expected = std::vector<std::string>;

class SessionCoreWatch : public testing::Test {
 protected:
  SessionCoreWatch() { harness_.Welcome(1); }

  // Adds a watch that the member sets when it has applied `zxid`.
  uint64_t Watch(const std::string& path, WatchKind kind, uint64_t zxid = 1) {
    const uint64_t id = harness_.core.SubmitWatch(path, kind);
    harness_.Pump();
    harness_.AnswerOk(zxid);
    return id;
  }
  void Reconnect(uint64_t zxid) {
    harness_.BreakConnection();
    harness_.AdvanceToConnect();
    harness_.Welcome(zxid);
  }
  Expected Told() { return Texts(harness_.TakeFirings()); }

  CoreHarness harness_;
};

TEST_F(SessionCoreWatch, KindsAreToldAsTheTreeFires) {
  Watch("/a", WatchKind::kData);        // 1
  Watch("/a", WatchKind::kChild);       // 2
  Watch("/a", WatchKind::kPersistent);  // 3
  Watch("/a", WatchKind::kRecursive);   // 4
  Watch("/", WatchKind::kRecursive);    // 5
  Watch("/b", WatchKind::kData);        // 6
  harness_.GiveEvent(v1::EVENT_TYPE_CHILDREN_CHANGED, "/a", 5);
  EXPECT_EQ(Told(),
            Expected({"2 ChildrenChanged /a 5!", "3 ChildrenChanged /a 5"}));
  harness_.GiveEvent(v1::EVENT_TYPE_CREATED, "/a/x", 6);
  EXPECT_EQ(Told(), Expected({"4 Created /a/x 6", "5 Created /a/x 6"}));
  harness_.GiveEvent(v1::EVENT_TYPE_DATA_CHANGED, "/a", 7);
  EXPECT_EQ(Told(), Expected({"1 Changed /a 7!", "3 Changed /a 7",
                              "4 Changed /a 7", "5 Changed /a 7"}));
  harness_.GiveEvent(v1::EVENT_TYPE_DELETED, "/a", 8);
  EXPECT_EQ(Told(),
            Expected({"3 Deleted /a 8", "4 Deleted /a 8", "5 Deleted /a 8"}));
  harness_.GiveEvent(v1::EVENT_TYPE_CREATED, "/ab", 9);
  EXPECT_EQ(Told(), Expected({"5 Created /ab 9"}));
}

TEST_F(SessionCoreWatch, AChildWatchIsToldOfTheDeletion) {
  Watch("/a", WatchKind::kChild);
  harness_.GiveEvent(v1::EVENT_TYPE_DELETED, "/a", 5);
  EXPECT_EQ(Told(), Expected({"1 Deleted /a 5!"}));
}

TEST_F(SessionCoreWatch, OneIsNotToldBeforeItIsSet) {
  Watch("/a", WatchKind::kPersistent);
  harness_.core.SubmitWatch("/a", WatchKind::kData);
  harness_.Pump();
  harness_.GiveEvent(v1::EVENT_TYPE_DATA_CHANGED, "/a", 5);
  EXPECT_EQ(Told(), Expected({"1 Changed /a 5"}));
  harness_.AnswerOk(5);
  harness_.GiveEvent(v1::EVENT_TYPE_DATA_CHANGED, "/a", 6);
  EXPECT_EQ(Told(), Expected({"2 Changed /a 6!", "1 Changed /a 6"}));
}

TEST_F(SessionCoreWatch, HandlersShareAWatch) {
  Watch("/a", WatchKind::kData);
  Watch("/a", WatchKind::kData);
  harness_.GiveEvent(v1::EVENT_TYPE_DATA_CHANGED, "/a", 5);
  EXPECT_EQ(Told(), Expected({"1 Changed /a 5!", "2 Changed /a 5!"}));
  EXPECT_EQ(harness_.core.watches(), 0U);
}

TEST_F(SessionCoreWatch, TheLastHandlerToGoTellsTheMember) {
  const uint64_t first = Watch("/a", WatchKind::kPersistent);
  const uint64_t second = Watch("/a", WatchKind::kPersistent);
  EXPECT_TRUE(harness_.core.RemoveWatch(first));
  harness_.Pump();
  EXPECT_TRUE(harness_.requests.empty());
  EXPECT_TRUE(harness_.core.RemoveWatch(second));
  EXPECT_FALSE(harness_.core.RemoveWatch(second));
  harness_.Pump();
  ASSERT_EQ(harness_.requests.size(), 1U);
  EXPECT_EQ(harness_.requests[0].remove_watch().path(), "/a");
  EXPECT_EQ(harness_.requests[0].remove_watch().kind(),
            v1::WATCH_KIND_PERSISTENT);
  harness_.AnswerOk();
  harness_.GiveEvent(v1::EVENT_TYPE_DATA_CHANGED, "/a", 5);
  EXPECT_EQ(Told(), Expected());
}

TEST_F(SessionCoreWatch, OneAboutToBeSharedIsNotTakenBack) {
  const uint64_t first = Watch("/a", WatchKind::kPersistent);
  harness_.core.SubmitWatch("/a", WatchKind::kPersistent);
  EXPECT_TRUE(harness_.core.RemoveWatch(first));
  harness_.Pump();
  ASSERT_EQ(harness_.requests.size(), 1U);
  EXPECT_TRUE(harness_.requests[0].has_add_watch());
}

TEST_F(SessionCoreWatch, OneRemovedBeforeItIsSetIsTakenBack) {
  const uint64_t id = harness_.core.SubmitWatch("/a", WatchKind::kData);
  harness_.Pump();
  EXPECT_TRUE(harness_.core.RemoveWatch(id));
  harness_.Pump();
  EXPECT_EQ(harness_.TakeCompletions().at(0).answer.status().code(),
            absl::StatusCode::kCancelled);
  harness_.AnswerOk(1);
  ASSERT_EQ(harness_.requests.size(), 1U);
  EXPECT_TRUE(harness_.requests[0].has_remove_watch());
  EXPECT_EQ(harness_.core.watches(), 0U);
}

TEST_F(SessionCoreWatch, RemovingWhileDisconnectedForgetsIt) {
  const uint64_t id = Watch("/a", WatchKind::kPersistent);
  Watch("/b", WatchKind::kPersistent);
  harness_.BreakConnection();
  EXPECT_TRUE(harness_.core.RemoveWatch(id));
  harness_.AdvanceToConnect();
  harness_.Welcome(5);
  ASSERT_EQ(harness_.requests.size(), 1U);
  EXPECT_EQ(harness_.requests[0].add_watch().path(), "/b");
}

TEST_F(SessionCoreWatch, ARemovalDoesNotOutliveTheConnection) {
  const uint64_t id = Watch("/a", WatchKind::kPersistent);
  harness_.core.RemoveWatch(id);
  harness_.Pump();
  Reconnect(5);
  EXPECT_TRUE(harness_.requests.empty());
}

// --- Over a reconnect --------------------------------------------------------

TEST_F(SessionCoreWatch, IsSetAgainFromWhereAllEventsHaveCome) {
  Watch("/a", WatchKind::kPersistent, 3);
  // An answer shows that everything up to 8 has been told of.
  harness_.core.SubmitRead(Sync{}, Consistency::kLinearizable);
  harness_.Pump();
  harness_.AnswerOk(8);
  Reconnect(20);
  ASSERT_EQ(harness_.requests.size(), 1U);
  EXPECT_EQ(harness_.requests[0].add_watch().path(), "/a");
  EXPECT_EQ(harness_.requests[0].add_watch().resume_after(), 8U);
}

TEST_F(SessionCoreWatch, AnEventIsNoProofThatItsTxnHasNoMore) {
  Watch("/a", WatchKind::kPersistent, 3);
  harness_.GiveEvent(v1::EVENT_TYPE_CREATED, "/a", 9);
  Reconnect(20);
  EXPECT_EQ(harness_.requests[0].add_watch().resume_after(), 8U);
  Told();
  harness_.GiveEvent(v1::EVENT_TYPE_CREATED, "/a", 9);
  harness_.GiveEvent(v1::EVENT_TYPE_DATA_CHANGED, "/a", 9);
  EXPECT_EQ(Told(), Expected());
  harness_.AnswerOk(20);
  EXPECT_EQ(Told(), Expected({"1 Changed /a 9"}));
}

TEST_F(SessionCoreWatch, WhatWasMissedIsToldOnceAndInOrder) {
  Watch("/a", WatchKind::kPersistent);  // 1
  Watch("/a", WatchKind::kData);        // 2
  Watch("/", WatchKind::kRecursive);    // 3
  Reconnect(20);
  ASSERT_EQ(harness_.requests.size(), 3U);
  // The one-shot first, then the recursive one. Each is told by itself.
  harness_.GiveEvent(v1::EVENT_TYPE_DATA_CHANGED, "/a", 15);
  harness_.AnswerOk(20);
  harness_.GiveEvent(v1::EVENT_TYPE_DATA_CHANGED, "/a", 15);
  harness_.GiveEvent(v1::EVENT_TYPE_DATA_CHANGED, "/b", 16);
  harness_.AnswerOk(20);
  harness_.GiveEvent(v1::EVENT_TYPE_DATA_CHANGED, "/b", 21);
  harness_.GiveEvent(v1::EVENT_TYPE_CHILDREN_CHANGED, "/a", 14);
  harness_.GiveEvent(v1::EVENT_TYPE_DATA_CHANGED, "/a", 15);
  EXPECT_EQ(Told(), Expected());
  harness_.AnswerOk(21);
  EXPECT_EQ(Told(), Expected({"1 ChildrenChanged /a 14", "2 Changed /a 15!",
                              "1 Changed /a 15", "3 Changed /a 15",
                              "3 Changed /b 16", "3 Changed /b 21"}));
}

TEST_F(SessionCoreWatch, ATxnToldInPartIsToldToTheEndAndOnce) {
  Watch("/a", WatchKind::kPersistent);  // 1
  Watch("/", WatchKind::kRecursive);    // 2
  // Of one txn: /a and /a/b created, /a changed. The last two are lost.
  harness_.GiveEvent(v1::EVENT_TYPE_CREATED, "/a", 9);
  EXPECT_EQ(Told(), Expected({"1 Created /a 9", "2 Created /a 9"}));
  Reconnect(20);
  harness_.GiveEvent(v1::EVENT_TYPE_CREATED, "/a", 9);
  harness_.GiveEvent(v1::EVENT_TYPE_CREATED, "/a/b", 9);
  harness_.GiveEvent(v1::EVENT_TYPE_DATA_CHANGED, "/a", 9);
  harness_.AnswerOk(20);
  harness_.GiveEvent(v1::EVENT_TYPE_CREATED, "/a", 9);
  harness_.GiveEvent(v1::EVENT_TYPE_CHILDREN_CHANGED, "/a", 9);
  harness_.GiveEvent(v1::EVENT_TYPE_DATA_CHANGED, "/a", 9);
  harness_.AnswerOk(20);
  EXPECT_EQ(Told(), Expected({"2 Created /a/b 9", "1 ChildrenChanged /a 9",
                              "1 Changed /a 9", "2 Changed /a 9"}));
  Reconnect(20);
  EXPECT_EQ(harness_.requests[0].add_watch().resume_after(), 20U);
}

TEST_F(SessionCoreWatch, AnswersComeAfterTheEventsThatWereMissed) {
  Watch("/a", WatchKind::kData);
  harness_.core.SubmitRead(Sync{}, Consistency::kLinearizable);
  harness_.Pump();
  Reconnect(20);
  ASSERT_EQ(harness_.requests.size(), 2U);
  EXPECT_TRUE(harness_.requests[0].has_add_watch());
  EXPECT_TRUE(harness_.requests[1].has_read());
  harness_.GiveEvent(v1::EVENT_TYPE_DATA_CHANGED, "/a", 15);
  harness_.TakeNotices();
  harness_.AnswerOk(20);
  harness_.AnswerOk(20);
  const std::vector<Notice> notices = harness_.TakeNotices();
  ASSERT_EQ(notices.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<Firing>(notices[0]));
  EXPECT_TRUE(std::holds_alternative<Completion>(notices[1]));
}

TEST_F(SessionCoreWatch, ABreakInTheMiddleBeginsAgain) {
  Watch("/a", WatchKind::kPersistent);
  Watch("/b", WatchKind::kPersistent);
  Reconnect(20);
  harness_.GiveEvent(v1::EVENT_TYPE_DATA_CHANGED, "/a", 15);
  harness_.AnswerOk(20);
  EXPECT_EQ(Told(), Expected());
  Reconnect(21);
  ASSERT_EQ(harness_.requests.size(), 2U);
  EXPECT_EQ(harness_.requests[0].add_watch().resume_after(), 1U);
  harness_.GiveEvent(v1::EVENT_TYPE_DATA_CHANGED, "/a", 15);
  harness_.AnswerOk(21);
  harness_.AnswerOk(21);
  EXPECT_EQ(Told(), Expected({"1 Changed /a 15"}));
  Reconnect(30);
  EXPECT_EQ(harness_.requests[0].add_watch().resume_after(), 21U);
}

TEST_F(SessionCoreWatch, AOneShotThatFiredIsNotSetAgain) {
  Watch("/a", WatchKind::kData);
  harness_.GiveEvent(v1::EVENT_TYPE_DATA_CHANGED, "/a", 5);
  Reconnect(20);
  EXPECT_TRUE(harness_.requests.empty());
}

TEST_F(SessionCoreWatch, OneNotSetYetIsSetAsNewAfterAReconnect) {
  harness_.core.SubmitWatch("/a", WatchKind::kData);
  harness_.Pump();
  Reconnect(20);
  ASSERT_EQ(harness_.requests.size(), 1U);
  EXPECT_FALSE(harness_.requests[0].add_watch().has_resume_after());
}

TEST_F(SessionCoreWatch, AGapSpendsOneShotsAlone) {
  Watch("/a", WatchKind::kData);
  Watch("/a", WatchKind::kPersistent);
  Reconnect(20);
  harness_.GiveGap("/a", v1::WATCH_KIND_DATA, 20);
  harness_.AnswerOk(20);
  harness_.GiveGap("/a", v1::WATCH_KIND_PERSISTENT, 20);
  harness_.AnswerOk(20);
  EXPECT_EQ(Told(), Expected({"1 Gap /a 20!", "2 Gap /a 20"}));
  harness_.GiveEvent(v1::EVENT_TYPE_DATA_CHANGED, "/a", 21);
  EXPECT_EQ(Told(), Expected({"2 Changed /a 21"}));
}

TEST_F(SessionCoreWatch, SettingAgainIsRepeatedIfItWasNotTaken) {
  Watch("/a", WatchKind::kPersistent);
  harness_.core.SubmitRead(Sync{}, Consistency::kLinearizable);
  harness_.Pump();
  Reconnect(20);
  harness_.Refuse("Overloaded", /*not_taken=*/true);
  harness_.AnswerOk(20);
  EXPECT_EQ(harness_.TakeCompletions().size(), 1U);  // of the watch, at first
  harness_.Advance(30);
  ASSERT_EQ(harness_.requests.size(), 2U);
  EXPECT_TRUE(harness_.requests[0].has_add_watch());
  EXPECT_EQ(harness_.requests[0].add_watch().resume_after(), 1U);
  EXPECT_TRUE(harness_.requests[1].has_read());
}

TEST_F(SessionCoreWatch, AMemberThatTakesNoWatchIsLeft) {
  Watch("/a", WatchKind::kPersistent);
  Reconnect(20);
  harness_.Refuse("TooManyWatches", /*not_taken=*/false);
  EXPECT_EQ(harness_.disconnects, 2);
  EXPECT_EQ(harness_.core.watches(), 1U);
}

TEST_F(SessionCoreWatch, WhoClosesIsToldNothingMore) {
  Watch("/mine", WatchKind::kData);
  harness_.core.SubmitClose();
  harness_.Pump();
  harness_.GiveEvent(v1::EVENT_TYPE_DELETED, "/mine", 9);
  EXPECT_EQ(Told(), Expected());
}

TEST_F(SessionCoreWatch, OneThatCouldNotBeSetIsNotTold) {
  harness_.core.SubmitWatch("nonsense", WatchKind::kData);
  harness_.Pump();
  harness_.Refuse("BadArguments", false, absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(harness_.TakeCompletions().at(0).answer.ok());
  EXPECT_EQ(harness_.core.watches(), 0U);
}

}  // namespace
}  // namespace quorate::client
