// SessionCore against a model of an ensemble, in random worlds: every write is
// applied once and in order, every answer comes once and in order, no event is
// lost, repeated or told after an answer that shows it, and the session never
// outlives what the ensemble thinks of it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "coord/base/seeded_random.h"
#include "coord/client/session.h"
#include "coord/client/session_core.h"
#include "coord/client/testing/model_ensemble.h"
#include "coord/client/types.h"
#include "coord/client/watch_registry.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace quorate::client {
namespace {

constexpr size_t kMembers = 3;

class World {
 public:
  World(uint64_t seed, bool with_gaps)
      : random_(seed),
        model_(kMembers, random_),
        with_gaps_(with_gaps),
        core_(Options(), random_.Next(), now_ms_) {
    model_.SetTrouble(random_.Below(100'000));
    breaks_ = random_.Below(20'000);
    if (with_gaps_) model_.SetMemory(20);
  }

  void Run(int steps) {
    for (int i = 0; i < steps; ++i) {
      Step();
      if (testing::Test::HasFatalFailure()) return;
    }
  }

  // No more trouble: everything must come to its end.
  void Heal() {
    model_.SetTrouble(0);
    breaks_ = 0;
    const int64_t begin_ms = now_ms_;
    reading_only_ = true;
    for (int i = 0; i < 20; ++i) {
      for (size_t member = 0; member < kMembers; ++member) {
        model_.CatchUp(member, model_.log().size());
      }
      Submit(1);
      while (core_.queued() > 0 && now_ms_ < begin_ms + 120'000) Step();
    }
    EXPECT_EQ(core_.queued(), 0U);
    if (core_.state() == SessionState::kExpired) return;
    EXPECT_EQ(core_.state(), SessionState::kConnected);
    EXPECT_EQ(completed_, submitted_);
    CheckTold(model_.log().size());
  }

  // The log, once for each write, in their order.
  void CheckLog() const {
    int64_t id = 0;
    std::set<std::string> applied;
    for (const ModelEnsemble::Txn& txn : model_.log()) {
      if (txn.session == 0) continue;
      EXPECT_EQ(txn.request_id, ++id);
      EXPECT_TRUE(applied.insert(txn.data).second) << txn.data;
      EXPECT_EQ(txn.data, writes_.at(id - 1));
    }
  }

  int64_t completed() const { return completed_; }
  bool expired() const { return core_.state() == SessionState::kExpired; }

 private:
  struct Handler {
    WatchKey key;
    bool armed = false;
    bool over = false;
    // What the user knew when asking; what is before it must not be told.
    Zxid asked_at = 0;
    // All from here on must be told.
    Zxid armed_at = 0;
    std::vector<Event> events;
    Zxid gap_until = 0;
  };

  static CoreOptions Options() {
    CoreOptions options;
    options.endpoints = {"m:1", "m:2", "m:3"};
    options.password = "passwordpassword";
    options.timeout_ms = 3'000;
    options.max_backoff_ms = 200;
    return options;
  }

  void Step() {
    now_ms_ += static_cast<int64_t>(random_.Below(8));
    if (random_.Chance(200)) now_ms_ += 500;
    switch (random_.Below(8)) {
      case 0:
        if (!reading_only_) Submit(random_.Below(4));
        break;
      case 1:
      case 2:
      case 3:
        model_.Work(now_ms_);
        break;
      case 4:
      case 5:
        Deliver();
        break;
      case 6:
        if (random_.Chance(200'000) && !reading_only_) model_.WriteElsewhere();
        break;
      case 7:
        model_.CatchUp(random_.Below(kMembers),
                       random_.Below(model_.log().size() + 1));
        break;
    }
    if (random_.Chance(breaks_) && attempt_ != 0) {
      core_.OnBroken(attempt_, absl::UnavailableError("broken"), now_ms_);
    }
    if (core_.NextTick() <= now_ms_) core_.Tick(now_ms_);
    Pump();
    if (model_.Expire(now_ms_)) {
      // It knew before.
      ASSERT_EQ(core_.state(), SessionState::kExpired);
    }
  }

  void Deliver() {
    if (attempt_ == 0 || !model_.HasAnswers()) return;
    core_.OnFrame(attempt_, model_.Receive(1 + random_.Below(4)), now_ms_);
  }

  void Pump() {
    CoreOutput output = core_.TakeOutput();
    if (output.disconnect) {
      model_.Disconnect();
      attempt_ = 0;
    }
    if (output.connect) {
      attempt_ = output.connect->attempt;
      model_.Connect(output.connect->endpoint.back() - '1');
    }
    for (const Notice& notice : output.notices) OnNotice(notice);
    // Sometimes the connection takes nothing.
    if (attempt_ == 0 || random_.Chance(300'000)) return;
    while (const auto frame = core_.NextFrame(now_ms_)) model_.Send(*frame);
  }

  void Submit(uint64_t what) {
    static const char* const kPaths[] = {"/a", "/a/b", "/c"};
    static const WatchKind kKinds[] = {WatchKind::kData, WatchKind::kPersistent,
                                       WatchKind::kRecursive};
    if (core_.queued() > 50) return;
    const std::string path = kPaths[random_.Below(3)];
    ++submitted_;
    if (what == 0) {
      const std::string data = std::to_string(++last_data_);
      if (core_.state() != SessionState::kExpired) writes_.push_back(data);
      if (random_.Chance(300'000)) {
        core_.SubmitWrite(Multi{
            {SetData{path, data}, SetData{"/a/b", data}, SetData{path, data}}});
      } else {
        core_.SubmitWrite(SetData{path, data});
      }
    } else if (what == 1) {
      core_.SubmitRead(GetData{path}, Consistency::kLinearizable);
    } else if (what == 2) {
      core_.SubmitRead(GetData{path}, Consistency::kLocal);
    } else if (handlers_.size() < 30 || random_.Chance(500'000)) {
      Handler handler;
      handler.key = {path, kKinds[random_.Below(3)]};
      handler.asked_at = known_;
      const uint64_t id = core_.SubmitWatch(path, handler.key.kind);
      handlers_[id] = handler;
    } else {
      --submitted_;
      // It must know the watch, unless it is over.
      const auto victim =
          std::next(handlers_.begin(),
                    static_cast<int64_t>(random_.Below(handlers_.size())));
      if (!victim->second.armed) return;
      EXPECT_EQ(core_.RemoveWatch(victim->first), !victim->second.over);
      victim->second.over = true;
    }
  }

  void OnNotice(const Notice& notice) {
    if (const Completion* completion = std::get_if<Completion>(&notice)) {
      OnCompletion(*completion);
    } else if (const Firing* firing = std::get_if<Firing>(&notice)) {
      OnFiring(*firing);
    } else if (std::get<SessionState>(notice) == SessionState::kExpired) {
      for (auto& [id, handler] : handlers_) handler.over = true;
    }
  }

  void OnCompletion(const Completion& completion) {
    ++completed_;
    // In the order of the calls.
    EXPECT_GT(completion.ticket, last_completed_);
    last_completed_ = completion.ticket;
    if (!completion.answer.ok()) {
      EXPECT_EQ(core_.state(), SessionState::kExpired)
          << completion.answer.status();
      return;
    }
    Zxid shown = 0;
    if (const auto* id = std::get_if<uint64_t>(&*completion.answer)) {
      handlers_[*id].armed = true;
      handlers_[*id].armed_at = core_.pin().highest_zxid;
      return;
    }
    if (const auto* write = std::get_if<WriteResult>(&*completion.answer)) {
      shown = write->zxid;
      const ModelEnsemble::Txn& txn = model_.log().at(shown - 1);
      EXPECT_EQ(txn.data, writes_.at(writes_answered_++));
    } else {
      const auto& read = std::get<ReadResult>(*completion.answer);
      shown = std::get<Data>(read).stat.mzxid;
      // Time does not run backwards.
      EXPECT_GE(shown, known_);
    }
    known_ = std::max(known_, shown);
    CheckTold(shown);
  }

  void OnFiring(const Firing& firing) {
    Handler& handler = handlers_.at(firing.id);
    EXPECT_TRUE(handler.armed);
    EXPECT_FALSE(handler.over);
    if (firing.event.type == EventType::kGap) {
      EXPECT_TRUE(with_gaps_);
      handler.gap_until = firing.event.zxid;
    } else {
      EXPECT_GT(firing.event.zxid, handler.asked_at);
      if (!handler.events.empty()) {
        EXPECT_GE(firing.event.zxid, handler.events.back().zxid);
      }
      handler.events.push_back(firing.event);
    }
    EXPECT_EQ(firing.last, handler.key.kind == WatchKind::kData);
    if (firing.last) {
      CheckHandler(handler, firing.event.zxid);
      handler.over = true;
    }
  }

  static bool Matches(const WatchKey& key, const std::string& path) {
    return key.path == path || (key.kind == WatchKind::kRecursive &&
                                key.path == "/a" && path == "/a/b");
  }

  // Every handler knows of everything up to `zxid`.
  void CheckTold(Zxid zxid) {
    for (const auto& [id, handler] : handlers_) {
      if (handler.armed && !handler.over) CheckHandler(handler, zxid);
    }
  }

  void CheckHandler(const Handler& handler, Zxid zxid) {
    using Change = std::pair<Zxid, std::string>;
    std::set<Change> told;
    std::map<Change, int> times;
    for (const Event& event : handler.events) {
      told.insert({event.zxid, event.path});
      ++times[{event.zxid, event.path}];
    }
    std::set<Change> expected;
    const Zxid from = std::max(handler.armed_at, handler.gap_until);
    for (Zxid z = from + 1; z <= zxid; ++z) {
      const ModelEnsemble::Txn& txn = model_.log()[z - 1];
      for (const std::string& path : txn.paths) {
        if (!Matches(handler.key, path)) continue;
        if (handler.key.kind == WatchKind::kData && !expected.empty()) break;
        expected.insert({z, path});
      }
    }
    EXPECT_TRUE(std::includes(told.begin(), told.end(), expected.begin(),
                              expected.end()))
        << handler.key.path << " up to " << zxid;
    // Nothing that has not happened, and nothing more often.
    for (const auto& [change, count] : times) {
      const auto& paths = model_.log().at(change.first - 1).paths;
      EXPECT_LE(count, std::count(paths.begin(), paths.end(), change.second));
      EXPECT_TRUE(Matches(handler.key, change.second));
    }
  }

  int64_t now_ms_ = 1'000;
  SeededRandom random_;
  ModelEnsemble model_;
  const bool with_gaps_;
  SessionCore core_;
  uint64_t breaks_ = 0;
  bool reading_only_ = false;
  uint64_t attempt_ = 0;
  int64_t submitted_ = 0;
  int64_t completed_ = 0;
  uint64_t last_completed_ = 0;
  int64_t last_data_ = 0;
  std::vector<std::string> writes_;
  size_t writes_answered_ = 0;
  Zxid known_ = 0;
  std::map<uint64_t, Handler> handlers_;
};

void RunWorlds(uint64_t first_seed, bool with_gaps) {
  int64_t completed = 0;
  int expired = 0;
  constexpr int kWorlds = 25;
  for (int i = 0; i < kWorlds; ++i) {
    SCOPED_TRACE(testing::Message() << "world " << first_seed + i);
    World world(first_seed + i, with_gaps);
    world.Run(6'000);
    world.Heal();
    world.CheckLog();
    if (testing::Test::HasFailure()) return;
    completed += world.completed();
    if (world.expired()) ++expired;
  }
  // They were worlds in which much happened.
  EXPECT_GT(completed, kWorlds * 100);
  EXPECT_LT(expired, kWorlds);
}

TEST(SessionCoreRandom, KeepsItsPromises) {
  SeededRandom random(TestSeed());
  RunWorlds(random.Below(1'000'000'000), /*with_gaps=*/false);
}

TEST(SessionCoreRandom, KeepsItsPromisesWhenMembersForget) {
  SeededRandom random(TestSeed());
  RunWorlds(random.Below(1'000'000'000), /*with_gaps=*/true);
}

}  // namespace
}  // namespace quorate::client
