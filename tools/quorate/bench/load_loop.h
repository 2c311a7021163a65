// LoadLoop: one thread's share of a load: its sessions, their requests under
// way, and what is measured. It reconnects sessions that break.
//
// Closed loop: each answer brings the next request, so a slow ensemble is asked
// less often. Open loop: requests are meant to begin at a fixed rate, and their
// latency counts from the instant at which they were meant to begin, also if no
// session was free then. See schedule.h.
//
// One thread. The driver owns the clock, so tests need no real one.

#ifndef QUORATE_TOOLS_QUORATE_BENCH_LOAD_LOOP_H_
#define QUORATE_TOOLS_QUORATE_BENCH_LOAD_LOOP_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tools/quorate/bench/driver.h"
#include "tools/quorate/bench/fan_out.h"
#include "tools/quorate/bench/histogram.h"
#include "tools/quorate/bench/key_choice.h"
#include "tools/quorate/bench/load_op.h"
#include "tools/quorate/bench/schedule.h"

namespace quorate::tools {

struct LoopOptions {
  LoadOp op = LoadOp::kSet;
  int64_t index = 0;  // of this thread, of so many
  int64_t threads = 1;
  int64_t first_lane = 0;  // of all threads' sessions
  int64_t lanes = 1;
  int64_t outstanding = 1;  // requests under way, of each session
  int64_t keys = 1;
  int64_t multi_size = 10;
  int64_t size_bytes = 128;
  std::string root;  // "/bench"
  double rate = 0;   // of all threads, a second; 0: closed loop
  const KeyChoice* key_choice = nullptr;
  FanOut* fan_out = nullptr;  // kWatchFanout
};

// What lies in it counts; in nanoseconds of the driver's clock.
struct Window {
  int64_t start = 0;  // requests begin
  int64_t begin = 0;  // the warm-up is over
  int64_t end = 0;    // no request begins any more
};

struct LoopResult {
  // Of requests that were meant to begin in the window and succeeded. Fan-out:
  // from the change until an event arrives; churn: from the attempt to connect
  // until the session is closed.
  Histogram latency_us;
  Histogram late_us;       // open loop: begun so long after they were meant to
  Histogram write_us;      // fan-out: the change's own latency
  Histogram round_us;      // fan-out: from the change until all were told
  uint64_t completed = 0;  // successes that came in the window
  uint64_t unsent = 0;     // open loop: never begun, as no session was free
  uint64_t reconnects = 0;
  std::map<std::string, uint64_t> errors;  // by kind
  std::vector<bool> active;  // a success came in this millisecond of the window

  void Add(const LoopResult& other);
  // The longest time without a success, in milliseconds.
  int64_t LongestGapMs() const;
};

class LoadLoop final : DriverEvents {
 public:
  LoadLoop(const LoopOptions& options, const DriverFactory& factory);

  // In this order; each is over at `deadline` at the latest, with an error that
  // says what was missing.
  absl::Status Connect(int64_t deadline);
  absl::Status CreateRoot(int64_t deadline);
  absl::Status CreateKeys(int64_t deadline);  // this thread's share
  absl::Status SetWatches(int64_t deadline);
  void Run(const Window& window);
  // Waits for what is under way; what is not answered then counts as error.
  void Drain(int64_t deadline);

  // Closes the sessions that are open.
  void Close(int64_t deadline);

  // Keeps the sessions alive between these.
  void Idle(int64_t until) { Step(until); }
  int64_t Now() const { return driver_->Now(); }

  const LoopResult& result() const { return result_; }

 private:
  enum class Mode { kHold, kRoot, kKeys, kWatches, kRun };
  enum class LaneState { kWaiting, kConnecting, kReady, kClosing };
  struct Lane {
    LaneState state = LaneState::kWaiting;
    int64_t connect_began = 0;
  };
  struct Flight {
    int64_t intended = 0;
    RequestKind kind = RequestKind::kSet;
    bool under_way = false;
  };
  struct Slot {
    size_t lane;
    int64_t tag;
  };

  void OnReady(size_t lane) override;
  void OnAnswer(size_t lane, int64_t tag, absl::string_view error) override;
  void OnWatch(size_t lane) override;
  void OnBroken(size_t lane, absl::string_view why) override;
  void OnClosed(size_t lane) override;

  Flight& FlightOf(size_t lane, int64_t tag) {
    return flights_[lane * static_cast<size_t>(options_.outstanding) +
                    static_cast<size_t>(tag)];
  }
  bool connects_by_itself() const {
    if (closing_) return false;
    return options_.op != LoadOp::kSessionChurn || mode_ == Mode::kRun;
  }
  void Step(int64_t until);
  void ConnectWaiting();
  void Issue();
  // When the next request may begin; nothing: not by itself.
  std::optional<int64_t> NextDue(int64_t now) const;
  void Send(const Slot& slot, int64_t intended, int64_t now);
  bool IsWriter() const;
  void Prepare(RequestKind kind, const std::string& path);
  void FillRequest();
  void AnsweredInPreparation(absl::string_view error);
  void Succeeded(int64_t intended, int64_t now);
  bool InWindow(int64_t instant) const {
    return instant >= window_.begin && instant < window_.end;
  }
  void EndRound(int64_t now);
  absl::Status Prepared(Mode mode, int64_t wanted, int64_t deadline,
                        absl::string_view what);
  std::string KeyPath(int64_t key) const;

  const LoopOptions options_;
  const std::string data_;
  std::mt19937_64 random_;
  std::unique_ptr<Driver> driver_;
  std::vector<Lane> lanes_;
  std::vector<Flight> flights_;
  std::deque<Slot> free_;  // of sessions that are ready
  std::deque<std::pair<int64_t, size_t>> waiting_;  // when, which lane
  int64_t ready_ = 0;
  int64_t connecting_ = 0;
  int64_t under_way_ = 0;
  std::string last_trouble_;

  Mode mode_ = Mode::kHold;
  int64_t next_ = 0;      // preparation: what is sent next
  int64_t prepared_ = 0;  // and how many were answered
  absl::Status preparation_;
  LoadRequest request_;
  std::optional<Schedule> schedule_;
  Window window_;
  int64_t made_ = 0;
  bool closing_ = false;
  bool in_round_ = false;
  bool round_answered_ = false;
  LoopResult result_;
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_BENCH_LOAD_LOOP_H_
