#include "coord/tree/watches.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "coord/tree/error.h"
#include "gtest/gtest.h"

namespace quorate::tree {
namespace {

using enum EventType;
using Kind = WatchKind;

TreeEvent Event(EventType type, std::string path) {
  return {type, std::move(path), Zxid(1, 1), std::make_shared<Acl>(OpenAcl())};
}

// What a create of /p/c is, and so on.
std::vector<TreeEvent> CreateOf(const char* path, const char* parent) {
  return {Event(kCreated, path), Event(kChildrenChanged, parent)};
}

std::vector<TreeEvent> DeleteOf(const char* path, const char* parent) {
  return {Event(kDeleted, path), Event(kChildrenChanged, parent)};
}

std::vector<TreeEvent> ChangeOf(const char* path) {
  return {Event(kDataChanged, path)};
}

// "created /p/c to 1,2; ..."
std::string Show(const std::vector<WatchFiring>& firings) {
  static constexpr const char* kNames[] = {"", "created", "deleted", "data",
                                           "children"};
  std::vector<std::string> lines;
  for (const WatchFiring& firing : firings) {
    std::vector<int64_t> ids;
    for (SessionId session : firing.sessions) ids.push_back(session.value);
    lines.push_back(absl::StrCat(kNames[static_cast<int>(firing.event.type)],
                                 " ", firing.event.path, " to ",
                                 absl::StrJoin(ids, ",")));
  }
  return absl::StrJoin(lines, "; ");
}

TEST(WatchesTest, FireAsInZooKeepersTable) {
  const struct {
    Kind kind;
    const char* path;
    const char* created;  // by creating /p/c
    const char* changed;  // by setting /p/c
    const char* deleted;  // by deleting /p/c
    bool stays;
  } cases[] = {
      {Kind::kData, "/p/c", "created /p/c to 1", "data /p/c to 1",
       "deleted /p/c to 1", false},
      {Kind::kChild, "/p/c", "", "", "deleted /p/c to 1", false},
      {Kind::kChild, "/p", "children /p to 1", "", "children /p to 1", false},
      {Kind::kData, "/p", "", "", "", true},
      {Kind::kPersistent, "/p/c", "created /p/c to 1", "data /p/c to 1",
       "deleted /p/c to 1", true},
      {Kind::kPersistent, "/p", "children /p to 1", "", "children /p to 1",
       true},
      {Kind::kRecursive, "/p/c", "created /p/c to 1", "data /p/c to 1",
       "deleted /p/c to 1", true},
      {Kind::kRecursive, "/p", "created /p/c to 1", "data /p/c to 1",
       "deleted /p/c to 1", true},
      {Kind::kRecursive, "/", "created /p/c to 1", "data /p/c to 1",
       "deleted /p/c to 1", true},
      {Kind::kRecursive, "/p/cc", "", "", "", true},
  };
  for (const auto& each : cases) {
    const std::pair<std::vector<TreeEvent>, std::string> runs[] = {
        {CreateOf("/p/c", "/p"), each.created},
        {ChangeOf("/p/c"), each.changed},
        {DeleteOf("/p/c", "/p"), each.deleted}};
    for (const auto& [events, expected] : runs) {
      Watches watches;
      watches.Add({1}, each.path, each.kind);
      EXPECT_EQ(Show(watches.Fire(events)), expected) << each.path;
      const bool stays = each.stays || expected.empty();
      EXPECT_EQ(watches.Has({1}, each.path, each.kind), stays) << each.path;
      EXPECT_EQ(watches.size(), stays ? 1u : 0u);
    }
  }
}

TEST(WatchesTest, TellsEachSessionOnceInTheOrderOfIds) {
  Watches watches;
  for (int64_t id : {9, -4, 3}) {
    watches.Add({id}, "/a", Kind::kData);
    watches.Add({id}, "/a", Kind::kChild);
    watches.Add({id}, "/", Kind::kRecursive);
  }
  watches.Add({5}, "/", Kind::kRecursive);
  EXPECT_EQ(Show(watches.Fire(DeleteOf("/a", "/"))), "deleted /a to -4,3,5,9");
  EXPECT_EQ(watches.size(), 4u);
}

TEST(WatchesTest, OneShotGoesAndPersistentStaysOnTheSamePath) {
  Watches watches;
  watches.Add({1}, "/a", Kind::kData);
  watches.Add({1}, "/a", Kind::kPersistent);
  EXPECT_EQ(Show(watches.Fire(ChangeOf("/a"))), "data /a to 1");
  EXPECT_FALSE(watches.Has({1}, "/a", Kind::kData));
  EXPECT_EQ(Show(watches.Fire(ChangeOf("/a"))), "data /a to 1");
}

TEST(WatchesTest, RemovesOneKindOrAll) {
  Watches watches;
  watches.Add({1}, "/a", Kind::kData);
  watches.Add({1}, "/a", Kind::kRecursive);
  EXPECT_TRUE(watches.Remove({1}, "/a", Kind::kData).ok());
  EXPECT_EQ(ErrorCodeOf(watches.Remove({1}, "/a", Kind::kData)),
            ErrorCode::kNoWatcher);
  EXPECT_EQ(ErrorCodeOf(watches.RemoveAny({2}, "/a")), ErrorCode::kNoWatcher);
  EXPECT_EQ(ErrorCodeOf(watches.RemoveAny({1}, "/b")), ErrorCode::kNoWatcher);
  EXPECT_TRUE(watches.RemoveAny({1}, "/a").ok());
  EXPECT_EQ(watches.size(), 0u);
  EXPECT_TRUE(watches.Fire(ChangeOf("/a")).empty());
}

TEST(WatchesTest, ForgetsASession) {
  Watches watches;
  watches.Add({1}, "/a", Kind::kData);
  watches.Add({1}, "/", Kind::kRecursive);
  watches.Add({2}, "/a", Kind::kPersistent);
  watches.RemoveSession({1});
  watches.RemoveSession({3});
  EXPECT_EQ(Show(watches.Fire(ChangeOf("/a"))), "data /a to 2");
  EXPECT_EQ(watches.size(), 1u);
}

TEST(WatchesTest, MatchesWhatWouldHaveFired) {
  const std::vector<std::vector<TreeEvent>> histories = {
      CreateOf("/p/c", "/p"), ChangeOf("/p/c"), DeleteOf("/p/c", "/p"),
      CreateOf("/a", "/"), ChangeOf("/")};
  for (const Kind kind :
       {Kind::kData, Kind::kChild, Kind::kPersistent, Kind::kRecursive}) {
    for (const char* path : {"/", "/p", "/p/c", "/p/cc", "/p/c/d", "/a"}) {
      for (const std::vector<TreeEvent>& events : histories) {
        for (const TreeEvent& event : events) {
          Watches watches;
          watches.Add({1}, path, kind);
          EXPECT_EQ(Watches::Matches(kind, path, event),
                    !watches.Fire({event}).empty())
              << static_cast<int>(kind) << " on " << path << " of "
              << static_cast<int>(event.type) << " " << event.path;
        }
      }
    }
  }
}

TEST(WatchesTest, ListsAllBySessionAndPath) {
  Watches watches;
  watches.Add({2}, "/b", Kind::kData);
  watches.Add({2}, "/b", Kind::kRecursive);
  watches.Add({2}, "/a", Kind::kChild);
  watches.Add({1}, "/z", Kind::kPersistent);
  const auto first = [&watches](size_t max) {
    std::vector<std::string> lines;
    watches.ForEach(
        [&](absl::string_view path, SessionId session, uint8_t kinds) {
          lines.push_back(absl::StrCat(session.value, path, "=", kinds));
          return lines.size() < max;
        });
    return absl::StrJoin(lines, " ");
  };
  EXPECT_EQ(first(100), "1/z=4 2/a=2 2/b=9");
  EXPECT_EQ(first(2), "1/z=4 2/a=2");
}

// Quadratic work would take minutes.
TEST(WatchesTest, FiresAHundredThousandAtOnce) {
  constexpr int64_t kSessions = 100'000;
  Watches watches;
  for (int64_t i = kSessions; i > 0; --i) {
    watches.Add({i}, "/a", Kind::kData);
    watches.Add({i}, "/a", i % 2 ? Kind::kChild : Kind::kPersistent);
  }
  const auto firings = watches.Fire(DeleteOf("/a", "/"));
  ASSERT_EQ(firings.size(), 1u);
  EXPECT_EQ(firings[0].sessions.size(), size_t{kSessions});
  EXPECT_EQ(watches.size(), size_t{kSessions} / 2);
  for (int64_t i = 1; i <= kSessions; ++i) watches.RemoveSession({i});
  EXPECT_EQ(watches.size(), 0u);
}

}  // namespace
}  // namespace quorate::tree
