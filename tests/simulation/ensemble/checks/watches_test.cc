#include "coord/tree/watches.h"

#include <optional>
#include <string>
#include <vector>

#include "coord/replica/client_message.h"
#include "coord/tree/error.h"
#include "coord/tree/event.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/simulation/ensemble/checks/checks.h"
#include "tests/simulation/ensemble/checks/history_builder.h"

namespace quorate::simulation {
namespace {

using consensus::Zxid;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using tree::EventType;
using tree::WatchKind;

class WatchesTest : public testing::Test {
 protected:
  WatchesTest() : client_(builder_.Open(0)), writer_(builder_.Open(1)) {
    start_ = HistoryBuilder::Z(2);
  }

  // Somebody else creates or sets /a.
  Zxid CreateA() {
    const std::string data = "v" + std::to_string(++writes_);
    builder_.AskWrite(writer_.connection, writes_,
                      HistoryBuilder::Create("/a", data));
    return builder_.CommitCreate(writer_.session, writes_, "/a", data);
  }
  Zxid SetA() {
    const std::string data = "v" + std::to_string(++writes_);
    builder_.AskWrite(writer_.connection, writes_,
                      tree::SetDataRequest{"/a", data, -1});
    return builder_.CommitSet(writer_.session, writes_, "/a", data, ++version_);
  }
  void Watch(WatchKind kind, Zxid answered,
             std::optional<Zxid> resume = std::nullopt) {
    AskWatch(kind, resume);
    Answer(answered);
  }
  void AskWatch(WatchKind kind, std::optional<Zxid> resume = std::nullopt) {
    builder_.AskOther(client_.connection,
                      replica::AddWatch{"/a", kind, resume});
  }
  void Answer(Zxid zxid) { builder_.Answer(client_.connection, zxid, {}); }
  void PingAt(Zxid zxid) {
    builder_.AskOther(client_.connection, replica::Ping());
    Answer(zxid);
  }
  void Event(EventType type, Zxid zxid) {
    builder_.Event(client_.connection, type, "/a", zxid);
  }
  std::vector<std::string> Check() {
    EnsembleViolations violations;
    const Replay replay = ReplayHistory(builder_.history(), nullptr);
    EXPECT_THAT(replay.violations, IsEmpty());
    CheckWatches(builder_.history(), replay, violations);
    return NamesOf(violations);
  }

  HistoryBuilder builder_;
  HistoryBuilder::Opened client_;
  HistoryBuilder::Opened writer_;
  Zxid start_;
  int writes_ = 0;
  int32_t version_ = 0;
};

TEST_F(WatchesTest, AcceptsEveryEventInOrder) {
  Watch(WatchKind::kPersistent, start_);
  const Zxid created = CreateA();
  const Zxid set = SetA();
  Event(EventType::kCreated, created);
  Event(EventType::kDataChanged, set);
  PingAt(set);
  EXPECT_THAT(Check(), IsEmpty());
}

TEST_F(WatchesTest, RejectsALostEvent) {
  Watch(WatchKind::kPersistent, start_);
  CreateA();
  const Zxid set = SetA();
  Event(EventType::kDataChanged, set);
  EXPECT_THAT(Check(), ElementsAre("watches"));
}

TEST_F(WatchesTest, RejectsADoubleEvent) {
  Watch(WatchKind::kPersistent, start_);
  const Zxid created = CreateA();
  Event(EventType::kCreated, created);
  Event(EventType::kCreated, created);
  EXPECT_THAT(Check(), ElementsAre("watches"));
}

TEST_F(WatchesTest, RejectsEventsOutOfOrder) {
  Watch(WatchKind::kPersistent, start_);
  const Zxid created = CreateA();
  const Zxid set = SetA();
  Event(EventType::kDataChanged, set);
  Event(EventType::kCreated, created);
  EXPECT_THAT(Check(), ElementsAre("watches"));
}

TEST_F(WatchesTest, RejectsAnAnswerBeforeTheEventItShows) {
  Watch(WatchKind::kPersistent, start_);
  const Zxid created = CreateA();
  PingAt(created);
  Event(EventType::kCreated, created);
  EXPECT_THAT(Check(), ElementsAre("watches"));
}

TEST_F(WatchesTest, AcceptsTheOneEventOfAOneShotWatch) {
  Watch(WatchKind::kData, start_);
  const Zxid created = CreateA();
  Event(EventType::kCreated, created);
  PingAt(SetA());
  EXPECT_THAT(Check(), IsEmpty());
}

TEST_F(WatchesTest, RejectsASecondEventOfAOneShotWatch) {
  Watch(WatchKind::kData, start_);
  Event(EventType::kCreated, CreateA());
  Event(EventType::kDataChanged, SetA());
  EXPECT_THAT(Check(), ElementsAre("watches"));
}

TEST_F(WatchesTest, AcceptsWhatAResumedWatchHasMissed) {
  const Zxid created = CreateA();
  const Zxid set = SetA();
  AskWatch(WatchKind::kPersistent, created);
  Event(EventType::kDataChanged, set);
  Answer(set);
  EXPECT_THAT(Check(), IsEmpty());
}

TEST_F(WatchesTest, RejectsAResumedWatchWithAHole) {
  CreateA();
  const Zxid set = SetA();
  Watch(WatchKind::kPersistent, set, start_);
  EXPECT_THAT(Check(), ElementsAre("watches"));
}

TEST_F(WatchesTest, AcceptsAnAnnouncedGap) {
  CreateA();
  const Zxid set = SetA();
  AskWatch(WatchKind::kPersistent, start_);
  builder_.Gap(client_.connection, "/a", WatchKind::kPersistent, set);
  Answer(set);
  Event(EventType::kDataChanged, SetA());
  EXPECT_THAT(Check(), IsEmpty());
}

TEST_F(WatchesTest, RejectsAGapOfALiveWatchWithoutASnapshot) {
  Watch(WatchKind::kPersistent, start_);
  const Zxid created = CreateA();
  builder_.Gap(client_.connection, "/a", WatchKind::kPersistent, created);
  EXPECT_THAT(Check(), ElementsAre("watches"));
}

TEST_F(WatchesTest, AcceptsAGapOfALiveWatchBecauseOfASnapshot) {
  Watch(WatchKind::kPersistent, start_);
  const Zxid created = CreateA();
  builder_.history().installs.push_back({0, created});
  builder_.Gap(client_.connection, "/a", WatchKind::kPersistent, created);
  Event(EventType::kDataChanged, SetA());
  EXPECT_THAT(Check(), IsEmpty());
}

TEST_F(WatchesTest, RejectsAnEventAfterTheWatchWasRemoved) {
  Watch(WatchKind::kPersistent, start_);
  builder_.AskOther(client_.connection,
                    replica::RemoveWatch{"/a", std::nullopt});
  Answer(start_);
  Event(EventType::kCreated, CreateA());
  EXPECT_THAT(Check(), ElementsAre("watches"));
}

TEST_F(WatchesTest, RejectsNoWatcherForOneThatIsLeft) {
  Watch(WatchKind::kPersistent, start_);
  builder_.AskOther(client_.connection,
                    replica::RemoveWatch{"/a", std::nullopt});
  builder_.Answer(client_.connection, start_, {},
                  tree::Error(tree::ErrorCode::kNoWatcher, "/a"));
  EXPECT_THAT(Check(), ElementsAre("watches"));
}

TEST_F(WatchesTest, RejectsAnEventThatNobodyWaitsFor) {
  Event(EventType::kCreated, CreateA());
  EXPECT_THAT(Check(), ElementsAre("watches"));
}

}  // namespace
}  // namespace quorate::simulation
