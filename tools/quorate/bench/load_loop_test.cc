#include "tools/quorate/bench/load_loop.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "tools/quorate/bench/driver.h"
#include "tools/quorate/bench/fan_out.h"
#include "tools/quorate/bench/key_choice.h"
#include "tools/quorate/bench/load_op.h"

namespace quorate::tools {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kSecond = 1'000 * kMs;

// A system under load with a clock of its own: it answers everything after
// `service`, but nothing while it stalls.
struct FakeSystem {
  int64_t now = 1 * kSecond;
  int64_t service = 1 * kMs;
  int64_t stall_begin = 0;
  int64_t stall_end = 0;
  std::string error;                         // of every answer
  std::function<void(int64_t now)> on_time;  // may break lanes
  std::map<RequestKind, int> sent;
  int connects = 0;
  int closes = 0;
  std::multimap<int64_t, std::function<void()>> events;
  DriverEvents* listener = nullptr;
  std::vector<size_t> watchers;

  void After(int64_t delay, std::function<void()> event) {
    int64_t at = now + delay;
    if (at >= stall_begin && at < stall_end) at = stall_end;
    events.emplace(at, std::move(event));
  }
};

class FakeDriver final : public Driver {
 public:
  FakeDriver(FakeSystem& system, DriverEvents& listener) : system_(system) {
    system.listener = &listener;
  }

  int64_t Now() const override { return system_.now; }
  void Connect(size_t lane) override {
    ++system_.connects;
    system_.After(kMs, [this, lane] { system_.listener->OnReady(lane); });
  }
  void Close(size_t lane) override {
    ++system_.closes;
    system_.After(kMs, [this, lane] { system_.listener->OnClosed(lane); });
  }
  void Send(size_t lane, const LoadRequest& request) override {
    ++system_.sent[request.kind];
    if (request.kind == RequestKind::kWatch) system_.watchers.push_back(lane);
    if (request.kind == RequestKind::kSet) {
      for (const size_t watcher : system_.watchers) {
        system_.After(system_.service,
                      [this, watcher] { system_.listener->OnWatch(watcher); });
      }
    }
    system_.After(system_.service, [this, lane, tag = request.tag] {
      system_.listener->OnAnswer(lane, tag, system_.error);
    });
  }
  void Flush() override {}
  void Poll(int64_t until) override {
    const auto next = system_.events.begin();
    if (next == system_.events.end() || next->first > until) {
      // Time never stands still.
      system_.now = std::max(until, system_.now + 1000);
    } else {
      system_.now = std::max(system_.now, next->first);
      const std::function<void()> event = std::move(next->second);
      system_.events.erase(next);
      event();
    }
    if (system_.on_time) system_.on_time(system_.now);
  }

 private:
  FakeSystem& system_;
};

class LoadLoopTest : public testing::Test {
 protected:
  LoadLoopTest() {
    options_.root = "/bench";
    options_.keys = 10;
    options_.key_choice = &key_choice_;
  }

  LoadLoop& Start() {
    loop_ = std::make_unique<LoadLoop>(
        options_, [this](size_t, size_t, DriverEvents& events) {
          return std::make_unique<FakeDriver>(system_, events);
        });
    const int64_t deadline = system_.now + 100 * kSecond;
    EXPECT_EQ(loop_->Connect(deadline), absl::OkStatus());
    EXPECT_EQ(loop_->CreateRoot(deadline), absl::OkStatus());
    EXPECT_EQ(loop_->CreateKeys(deadline), absl::OkStatus());
    EXPECT_EQ(loop_->SetWatches(deadline), absl::OkStatus());
    return *loop_;
  }

  // A warm-up of 1 s, then `seconds` that count.
  const LoopResult& RunFor(int64_t seconds) {
    LoadLoop& loop = Start();
    window_ = {.start = system_.now,
               .begin = system_.now + kSecond,
               .end = system_.now + (1 + seconds) * kSecond};
    if (before_run_) before_run_();
    loop.Run(window_);
    loop.Drain(system_.now + 10 * kSecond);
    return loop.result();
  }

  FakeSystem system_;
  KeyChoice key_choice_{10, 0};
  FanOut fan_out_{3};
  LoopOptions options_;
  Window window_;
  std::function<void()> before_run_;
  std::unique_ptr<LoadLoop> loop_;
};

TEST_F(LoadLoopTest, PreparesARootAndEveryKey) {
  Start();
  EXPECT_EQ(system_.sent[RequestKind::kCreate], 11);
}

TEST_F(LoadLoopTest, ThreadsShareTheKeys) {
  int keys = 0;
  options_.threads = 3;
  for (options_.index = 0; options_.index < 3; ++options_.index) {
    system_.sent.clear();
    Start();
    keys += system_.sent[RequestKind::kCreate];
  }
  EXPECT_EQ(keys, 11);
}

TEST_F(LoadLoopTest, ClosedLoopKeepsAllSessionsBusy) {
  options_.lanes = 4;
  options_.outstanding = 5;
  const LoopResult& result = RunFor(2);
  // 20 under way, 1 ms each.
  EXPECT_NEAR(static_cast<double>(result.completed), 40'000, 40);
  EXPECT_NEAR(static_cast<double>(result.latency_us.Percentile(50)), 1000, 20);
  EXPECT_EQ(result.unsent, 0u);
  EXPECT_TRUE(result.errors.empty());
  EXPECT_LE(result.LongestGapMs(), 1);
}

TEST_F(LoadLoopTest, OpenLoopKeepsItsRate) {
  options_.rate = 100;
  options_.lanes = 4;
  const LoopResult& result = RunFor(2);
  EXPECT_NEAR(static_cast<double>(result.completed), 200, 1);
  EXPECT_LE(result.late_us.max(), 1);
  EXPECT_EQ(result.latency_us.count(), 200u);
}

// The reason for an open loop: a stall of a second delays a second's worth of
// requests, and each of them counts with the time that it had to wait. A closed
// loop sees one slow request a slot.
TEST_F(LoadLoopTest, OpenLoopDoesNotOmitWhatWaited) {
  const auto stall = [this] {
    system_.stall_begin = window_.begin + kSecond;
    system_.stall_end = window_.begin + 2 * kSecond;
  };
  before_run_ = stall;
  const LoopResult closed = RunFor(10);
  EXPECT_LE(closed.latency_us.Percentile(99), 1100);
  EXPECT_GE(closed.LongestGapMs(), 999);

  options_.rate = 500;
  before_run_ = stall;
  const LoopResult open = RunFor(10);
  // A tenth of them began in the stall; some more wait until they were caught
  // up with.
  EXPECT_GE(open.latency_us.Percentile(95), 400'000);
  EXPECT_NEAR(static_cast<double>(open.latency_us.max()), 1e6, 5e4);
  EXPECT_EQ(open.latency_us.count(), 5000u);
  EXPECT_EQ(open.unsent, 0u);
}

TEST_F(LoadLoopTest, OpenLoopTellsWhatItCouldNotSend) {
  options_.rate = 1000;
  system_.service = 10 * kMs;  // one session: 100 a second
  const LoopResult& result = RunFor(2);
  EXPECT_NEAR(static_cast<double>(result.completed), 200, 2);
  EXPECT_NEAR(static_cast<double>(result.unsent), 2700, 10);
  EXPECT_GE(result.late_us.max(), 2'000'000);
}

TEST_F(LoadLoopTest, ErrorsAreCountedByKindAndNotAsSuccess) {
  before_run_ = [this] { system_.error = "NoLeader"; };
  const LoopResult& result = RunFor(1);
  EXPECT_EQ(result.completed, 0u);
  EXPECT_EQ(result.latency_us.count(), 0u);
  EXPECT_GT(result.errors.at("NoLeader"), 900u);
  EXPECT_EQ(result.LongestGapMs(), 1000);
}

TEST_F(LoadLoopTest, BrokenSessionsComeBack) {
  options_.lanes = 2;
  bool broken = false;
  before_run_ = [&] {
    system_.on_time = [&](int64_t now) {
      if (broken || now < window_.begin + 100 * kMs) return;
      broken = true;
      system_.events.clear();
      system_.listener->OnBroken(0, "Unavailable");
      system_.listener->OnBroken(1, "Unavailable");
    };
  };
  const LoopResult& result = RunFor(1);
  EXPECT_EQ(result.reconnects, 2u);
  // One of them may have been answered just then.
  EXPECT_GE(result.errors.at("Unavailable"), 1u);
  EXPECT_EQ(system_.connects, 4);
  EXPECT_GT(result.completed, 1900u);
  EXPECT_GE(result.LongestGapMs(), 10);
  EXPECT_LE(result.LongestGapMs(), 14);
}

TEST_F(LoadLoopTest, SilenceIsAnError) {
  before_run_ = [this] {
    system_.stall_begin = window_.begin;
    system_.stall_end = window_.end + 1000 * kSecond;
  };
  const LoopResult& result = RunFor(1);
  EXPECT_EQ(result.errors.at("NoAnswer"), 1u);
  EXPECT_EQ(result.completed, 0u);
}

TEST_F(LoadLoopTest, FanOutCountsEveryEventAndWholeRounds) {
  options_.op = LoadOp::kWatchFanout;
  options_.lanes = 3;
  options_.fan_out = &fan_out_;
  const LoopResult& result = RunFor(1);
  EXPECT_EQ(system_.sent[RequestKind::kWatch], 3);
  EXPECT_GT(result.round_us.count(), 400u);
  EXPECT_NEAR(static_cast<double>(result.completed),
              3.0 * static_cast<double>(result.round_us.count()), 6);
  EXPECT_NEAR(static_cast<double>(result.write_us.Percentile(50)), 1000, 20);
}

TEST_F(LoadLoopTest, FanOutNoticesMissingEvents) {
  options_.op = LoadOp::kWatchFanout;
  options_.lanes = 2;
  options_.fan_out = &fan_out_;  // waits for three
  const LoopResult& result = RunFor(15);
  EXPECT_EQ(result.errors.at("EventsMissing"), 1u);
  EXPECT_EQ(result.round_us.count(), 0u);
}

TEST_F(LoadLoopTest, ChurnOpensAndCloses) {
  options_.op = LoadOp::kSessionChurn;
  options_.lanes = 2;
  const LoopResult& result = RunFor(1);
  EXPECT_NEAR(static_cast<double>(result.completed), 1000, 10);
  EXPECT_NEAR(static_cast<double>(result.latency_us.Percentile(50)), 2000, 40);
  EXPECT_EQ(system_.sent.size(), 0u);
}

TEST_F(LoadLoopTest, TellsWhatPreparationLacked) {
  options_.lanes = 2;
  system_.stall_begin = system_.now;
  system_.stall_end = system_.now + 100 * kSecond;
  LoadLoop loop(options_, [this](size_t, size_t, DriverEvents& events) {
    return std::make_unique<FakeDriver>(system_, events);
  });
  const absl::Status status = loop.Connect(system_.now + kSecond);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(status.message().find("0 of 2 sessions"), absl::string_view::npos);
}

TEST_F(LoadLoopTest, PreparationStopsAtAnError) {
  LoadLoop& loop = Start();
  system_.error = "QuotaExceeded";
  EXPECT_EQ(loop.CreateKeys(system_.now + kSecond).code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(LoadLoopTest, ClosesItsSessions) {
  options_.lanes = 3;
  Start().Close(system_.now + kSecond);
  EXPECT_EQ(system_.closes, 3);
}

}  // namespace
}  // namespace quorate::tools
