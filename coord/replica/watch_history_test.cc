#include "coord/replica/watch_history.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coord/consensus/zxid.h"
#include "coord/tree/acl.h"
#include "coord/tree/event.h"
#include "coord/tree/watches.h"
#include "gtest/gtest.h"

namespace quorate::replica {
namespace {

using consensus::Zxid;
using tree::EventType;
using tree::TreeEvent;
using tree::WatchKind;

TreeEvent EventAt(uint32_t counter, const std::string& path, EventType type) {
  TreeEvent event;
  event.type = type;
  event.path = path;
  event.zxid = Zxid(1, counter);
  event.acl = std::make_shared<const tree::Acl>(tree::OpenAcl());
  return event;
}

// "2:3 /a", counter, type and path of each; "unknown" for nothing.
std::string After(const WatchHistory& history, uint32_t counter,
                  const std::string& path, WatchKind kind) {
  const auto events = history.After(Zxid(1, counter), path, kind);
  if (!events.has_value()) return "unknown";
  std::string text;
  for (const TreeEvent* event : *events) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", event->zxid.counter(), ":",
                    static_cast<int>(event->type), " ", event->path);
  }
  return text;
}

TEST(WatchHistory, KnowsWhatEachKindWouldHaveBeenTold) {
  WatchHistory history(1 << 20);
  history.Reset(Zxid(1, 0));
  history.Add({EventAt(1, "/a", EventType::kCreated),
               EventAt(1, "/", EventType::kChildrenChanged)});
  history.Add({EventAt(2, "/a", EventType::kDataChanged)});
  history.Add({EventAt(3, "/a/b", EventType::kCreated),
               EventAt(3, "/a", EventType::kChildrenChanged)});
  EXPECT_EQ(After(history, 0, "/a", WatchKind::kData), "1:1 /a, 2:3 /a");
  EXPECT_EQ(After(history, 0, "/a", WatchKind::kChild), "3:4 /a");
  EXPECT_EQ(After(history, 1, "/a", WatchKind::kPersistent), "2:3 /a, 3:4 /a");
  EXPECT_EQ(After(history, 1, "/", WatchKind::kRecursive), "2:3 /a, 3:1 /a/b");
  EXPECT_EQ(After(history, 3, "/a", WatchKind::kPersistent), "");
  EXPECT_EQ(After(history, 0, "/none", WatchKind::kPersistent), "");
}

TEST(WatchHistory, KnowsNothingOfWhatWasBeforeIt) {
  WatchHistory history(1 << 20);
  history.Reset(Zxid(1, 7));
  EXPECT_EQ(After(history, 6, "/a", WatchKind::kData), "unknown");
  EXPECT_EQ(After(history, 7, "/a", WatchKind::kData), "");
  history.Add({EventAt(8, "/a", EventType::kCreated)});
  history.Reset(Zxid(1, 9));
  EXPECT_EQ(After(history, 8, "/a", WatchKind::kData), "unknown");
  EXPECT_EQ(After(history, 9, "/a", WatchKind::kData), "");
  EXPECT_EQ(history.size_bytes(), 0u);
}

TEST(WatchHistory, ForgetsWholeTxnsWhenItIsFull) {
  WatchHistory history(2'000);
  for (uint32_t i = 1; i <= 100; ++i) {
    history.Add({EventAt(i, absl::StrCat("/n", i % 3), EventType::kCreated),
                 EventAt(i, "/", EventType::kChildrenChanged)});
    EXPECT_LE(history.size_bytes(), 2'000u);
  }
  const uint32_t since = history.since().counter();
  EXPECT_GT(since, 80u);
  EXPECT_EQ(After(history, since - 1, "/", WatchKind::kChild), "unknown");
  const auto kept = history.After(Zxid(1, since), "/", WatchKind::kChild);
  ASSERT_TRUE(kept.has_value());
  EXPECT_EQ(kept->size(), 100 - since);
  EXPECT_EQ(kept->front()->zxid.counter(), since + 1);
}

TEST(WatchHistory, OfNoBytesKnowsNothing) {
  WatchHistory history(0);
  history.Add({EventAt(5, "/a", EventType::kCreated)});
  EXPECT_EQ(After(history, 4, "/a", WatchKind::kData), "unknown");
  EXPECT_EQ(After(history, 5, "/a", WatchKind::kData), "");
}

}  // namespace
}  // namespace quorate::replica
