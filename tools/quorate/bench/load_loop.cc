#include "tools/quorate/bench/load_loop.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "tools/quorate/bench/driver.h"
#include "tools/quorate/bench/fan_out.h"
#include "tools/quorate/bench/load_op.h"
#include "tools/quorate/bench/schedule.h"

namespace quorate::tools {
namespace {

constexpr int64_t kMs = 1'000'000;
// Before a session that broke is connected again.
constexpr int64_t kReconnectDelay = 10 * kMs;
// So many sessions of a thread may be connecting at once; more would only wait
// for each other.
constexpr int64_t kMaxConnecting = 128;
// The longest sleep while there is nothing to wait for.
constexpr int64_t kLongestPoll = 20 * kMs;
// A change that not everybody was told of by then is given up.
constexpr int64_t kRoundTimeout = 10'000 * kMs;

}  // namespace

void LoopResult::Add(const LoopResult& other) {
  latency_us.Add(other.latency_us);
  late_us.Add(other.late_us);
  write_us.Add(other.write_us);
  round_us.Add(other.round_us);
  completed += other.completed;
  unsent += other.unsent;
  reconnects += other.reconnects;
  for (const auto& [kind, count] : other.errors) errors[kind] += count;
  active.resize(std::max(active.size(), other.active.size()));
  for (size_t i = 0; i < other.active.size(); ++i) {
    if (other.active[i]) active[i] = true;
  }
}

int64_t LoopResult::LongestGapMs() const {
  int64_t longest = 0;
  int64_t gap = 0;
  for (const bool is_active : active) {
    gap = is_active ? 0 : gap + 1;
    longest = std::max(longest, gap);
  }
  return longest;
}

LoadLoop::LoadLoop(const LoopOptions& options, const DriverFactory& factory)
    : options_(options),
      data_(static_cast<size_t>(options.size_bytes), 'x'),
      random_(static_cast<uint64_t>(options.index)),
      driver_(factory(static_cast<size_t>(options.first_lane),
                      static_cast<size_t>(options.lanes), *this)),
      lanes_(static_cast<size_t>(options.lanes)),
      flights_(static_cast<size_t>(options.lanes * options.outstanding)) {
  request_.data = data_;
  for (size_t lane = 0; lane < lanes_.size(); ++lane) {
    waiting_.push_back({0, lane});
  }
}

// --- Preparation -------------------------------------------------------------

absl::Status LoadLoop::Connect(int64_t deadline) {
  if (options_.op == LoadOp::kSessionChurn) return absl::OkStatus();
  while (ready_ < options_.lanes) {
    if (Now() >= deadline) {
      return absl::UnavailableError(
          absl::StrCat(ready_, " of ", options_.lanes,
                       " sessions could be opened in time; the last trouble: ",
                       last_trouble_.empty() ? "none" : last_trouble_));
    }
    Step(deadline);
  }
  return absl::OkStatus();
}

absl::Status LoadLoop::Prepared(Mode mode, int64_t wanted, int64_t deadline,
                                absl::string_view what) {
  mode_ = mode;
  prepared_ = 0;
  preparation_ = absl::OkStatus();
  while (preparation_.ok() && prepared_ < wanted) {
    if (Now() >= deadline) {
      preparation_ = absl::DeadlineExceededError(
          absl::StrCat(prepared_, " of ", wanted, " ", what, " in time"));
    } else {
      Step(deadline);
    }
  }
  mode_ = Mode::kHold;
  return preparation_;
}

absl::Status LoadLoop::CreateRoot(int64_t deadline) {
  if (options_.index != 0 || options_.op == LoadOp::kSessionChurn) {
    return absl::OkStatus();
  }
  next_ = 0;
  return Prepared(Mode::kRoot, 1, deadline, "roots were created");
}

absl::Status LoadLoop::CreateKeys(int64_t deadline) {
  if (options_.op == LoadOp::kSessionChurn || options_.op == LoadOp::kCreate ||
      options_.index >= options_.keys) {
    return absl::OkStatus();
  }
  next_ = options_.index;
  const int64_t share =
      (options_.keys - options_.index + options_.threads - 1) /
      options_.threads;
  return Prepared(Mode::kKeys, share, deadline, "znodes were created");
}

absl::Status LoadLoop::SetWatches(int64_t deadline) {
  if (options_.op != LoadOp::kWatchFanout) return absl::OkStatus();
  Prepare(RequestKind::kWatch, KeyPath(0));
  request_.tag = options_.outstanding;
  for (size_t lane = 0; lane < lanes_.size(); ++lane) {
    if (lanes_[lane].state == LaneState::kReady) driver_->Send(lane, request_);
  }
  return Prepared(Mode::kWatches, options_.lanes, deadline, "watches were set");
}

void LoadLoop::AnsweredInPreparation(absl::string_view error) {
  if (error.empty() || error == "NodeExists") {
    ++prepared_;
    return;
  }
  preparation_ = absl::FailedPreconditionError(
      absl::StrCat("preparing the znodes failed with ", error));
}

// --- The run -----------------------------------------------------------------

void LoadLoop::Run(const Window& window) {
  window_ = window;
  result_ = {};
  result_.active.resize(static_cast<size_t>((window.end - window.begin) / kMs));
  if (options_.rate > 0) {
    // One thread alone changes the znode that is watched.
    const bool shared = options_.op != LoadOp::kWatchFanout;
    schedule_.emplace(window.start, options_.rate, shared ? options_.index : 0,
                      shared ? options_.threads : 1);
  }
  while (Now() < window.start) Step(window.start);
  mode_ = Mode::kRun;
  while (Now() < window.end) Step(window.end);
  // What was due while it last waited.
  Issue();
  driver_->Flush();
  mode_ = Mode::kHold;
  if (schedule_ && (options_.op != LoadOp::kWatchFanout || IsWriter())) {
    result_.unsent = static_cast<uint64_t>(schedule_->LeftBefore(window.end));
  }
}

void LoadLoop::Drain(int64_t deadline) {
  while (under_way_ > 0 && Now() < deadline) Step(deadline);
  if (under_way_ > 0) {
    result_.errors["NoAnswer"] += static_cast<uint64_t>(under_way_);
  }
}

void LoadLoop::Close(int64_t deadline) {
  closing_ = true;
  for (size_t lane = 0; lane < lanes_.size(); ++lane) {
    if (lanes_[lane].state != LaneState::kReady) continue;
    lanes_[lane].state = LaneState::kClosing;
    driver_->Close(lane);
  }
  free_.clear();
  while (ready_ > 0 && Now() < deadline) Step(deadline);
}

void LoadLoop::Step(int64_t until) {
  ConnectWaiting();
  Issue();
  driver_->Flush();
  const int64_t now = Now();
  until = std::min(until, now + kLongestPoll);
  const std::optional<int64_t> due = NextDue(now);
  if (due) until = std::min(until, *due);
  if (!waiting_.empty() && connects_by_itself()) {
    until = std::min(until, waiting_.front().first);
  }
  driver_->Poll(std::max(until, now));
  if (in_round_) EndRound(Now());
}

void LoadLoop::ConnectWaiting() {
  if (!connects_by_itself()) return;
  const int64_t now = Now();
  if (options_.op == LoadOp::kSessionChurn && now >= window_.end) return;
  while (!waiting_.empty() && waiting_.front().first <= now &&
         connecting_ < kMaxConnecting) {
    const size_t lane = waiting_.front().second;
    waiting_.pop_front();
    lanes_[lane].state = LaneState::kConnecting;
    lanes_[lane].connect_began = now;
    ++connecting_;
    driver_->Connect(lane);
  }
}

bool LoadLoop::IsWriter() const {
  return options_.op == LoadOp::kWatchFanout && options_.index == 0;
}

std::optional<int64_t> LoadLoop::NextDue(int64_t now) const {
  if (mode_ == Mode::kHold || free_.empty()) return std::nullopt;
  if (mode_ != Mode::kRun) {
    const bool more = (mode_ == Mode::kRoot && next_ == 0) ||
                      (mode_ == Mode::kKeys && next_ < options_.keys);
    return more ? std::optional<int64_t>(now) : std::nullopt;
  }
  switch (options_.op) {
    case LoadOp::kIdle:
    case LoadOp::kSessionChurn:
      return std::nullopt;
    case LoadOp::kWatchFanout:
      // Other threads tell of the round's end by a counter alone.
      if (in_round_)
        return round_answered_ ? std::optional(now + kMs) : std::nullopt;
      if (!IsWriter()) return std::nullopt;
      break;
    default:
      break;
  }
  const int64_t next = schedule_ ? schedule_->Next() : now;
  return next < window_.end ? std::optional(next) : std::nullopt;
}

void LoadLoop::Issue() {
  const int64_t now = Now();
  while (!free_.empty()) {
    const Slot slot = free_.front();
    const std::optional<int64_t> due = NextDue(now);
    if (!due || *due > now || in_round_) return;
    free_.pop_front();
    Send(slot, *due, now);
    if (mode_ == Mode::kRun && schedule_) {
      result_.late_us.Add((now - *due) / 1000);
      schedule_->Advance();
    }
  }
}

void LoadLoop::Send(const Slot& slot, int64_t intended, int64_t now) {
  request_.tag = slot.tag;
  FillRequest();
  Flight& flight = FlightOf(slot.lane, slot.tag);
  flight = {.intended = intended, .kind = request_.kind, .under_way = true};
  ++under_way_;
  if (options_.op == LoadOp::kWatchFanout && mode_ == Mode::kRun) {
    in_round_ = true;
    round_answered_ = false;
    options_.fan_out->Begin(now);
  }
  driver_->Send(slot.lane, request_);
}

void LoadLoop::Prepare(RequestKind kind, const std::string& path) {
  request_.kind = kind;
  request_.paths.assign(1, path);
}

std::string LoadLoop::KeyPath(int64_t key) const {
  return absl::StrCat(options_.root, "/key-", key);
}

void LoadLoop::FillRequest() {
  if (mode_ == Mode::kRoot) {
    ++next_;
    return Prepare(RequestKind::kCreate, options_.root);
  }
  if (mode_ == Mode::kKeys) {
    Prepare(RequestKind::kCreate, KeyPath(next_));
    next_ += options_.threads;
    return;
  }
  const auto any = [this] {
    return KeyPath(options_.key_choice->Choose(random_));
  };
  switch (options_.op) {
    case LoadOp::kSet:
      return Prepare(RequestKind::kSet, any());
    case LoadOp::kCreate:
      return Prepare(
          RequestKind::kCreate,
          absl::StrCat(options_.root, "/new-", options_.index, "-", made_++));
    case LoadOp::kGetLocal:
      return Prepare(RequestKind::kGetLocal, any());
    case LoadOp::kGetLinearizable:
      return Prepare(RequestKind::kGetLinearizable, any());
    case LoadOp::kExists:
      return Prepare(RequestKind::kExists, any());
    case LoadOp::kMixed:
      return Prepare(random_() % 10 == 0 ? RequestKind::kSet
                                         : RequestKind::kGetLinearizable,
                     any());
    case LoadOp::kMulti:
      request_.kind = RequestKind::kMulti;
      request_.paths.clear();
      for (int64_t i = 0; i < options_.multi_size; ++i) {
        request_.paths.push_back(any());
      }
      return;
    case LoadOp::kWatchFanout:
      return Prepare(RequestKind::kSet, KeyPath(0));
    case LoadOp::kSessionChurn:
    case LoadOp::kIdle:
      break;
  }
  QUORATE_CHECK(false);
}

void LoadLoop::Succeeded(int64_t intended, int64_t now) {
  if (InWindow(intended)) {
    result_.latency_us.Add((now - intended) / 1000);
  }
  if (!InWindow(now)) return;
  ++result_.completed;
  const auto ms = static_cast<size_t>((now - window_.begin) / kMs);
  if (ms < result_.active.size()) result_.active[ms] = true;
}

void LoadLoop::EndRound(int64_t now) {
  const int64_t begun = options_.fan_out->begun_ns();
  const bool all_told = options_.fan_out->AllTold();
  if (round_answered_ && all_told) {
    in_round_ = false;
    if (InWindow(begun)) result_.round_us.Add((now - begun) / 1000);
  } else if (now - begun >= kRoundTimeout) {
    in_round_ = false;
    ++result_.errors[all_told ? "NoAnswer" : "EventsMissing"];
  }
}

// --- Events ------------------------------------------------------------------

void LoadLoop::OnReady(size_t lane) {
  Lane& self = lanes_[lane];
  self.state = LaneState::kReady;
  --connecting_;
  ++ready_;
  if (options_.op == LoadOp::kSessionChurn) {
    self.state = LaneState::kClosing;
    driver_->Close(lane);
    return;
  }
  for (int64_t tag = 0; tag < options_.outstanding; ++tag) {
    free_.push_back({lane, tag});
  }
  // A session that comes back watches again.
  if (options_.op == LoadOp::kWatchFanout && window_.end > 0) {
    Prepare(RequestKind::kWatch, KeyPath(0));
    request_.tag = options_.outstanding;
    driver_->Send(lane, request_);
  }
}

void LoadLoop::OnAnswer(size_t lane, int64_t tag, absl::string_view error) {
  if (tag >= options_.outstanding) {  // a watch that is set
    if (mode_ == Mode::kWatches) AnsweredInPreparation(error);
    return;
  }
  Flight& flight = FlightOf(lane, tag);
  QUORATE_CHECK(flight.under_way);
  flight.under_way = false;
  --under_way_;
  free_.push_back({lane, tag});
  if (window_.end == 0) return AnsweredInPreparation(error);
  const int64_t now = Now();
  if (!error.empty()) {
    ++result_.errors[std::string(error)];
  } else if (options_.op != LoadOp::kWatchFanout) {
    Succeeded(flight.intended, now);
  } else if (InWindow(flight.intended)) {
    result_.write_us.Add((now - flight.intended) / 1000);
  }
  round_answered_ = true;
}

void LoadLoop::OnWatch(size_t) {
  if (window_.end == 0) return;
  const int64_t begun = options_.fan_out->begun_ns();
  options_.fan_out->Told();
  Succeeded(begun, Now());
}

void LoadLoop::OnBroken(size_t lane, absl::string_view why) {
  Lane& self = lanes_[lane];
  if (self.state == LaneState::kReady || self.state == LaneState::kClosing) {
    --ready_;
  } else {
    --connecting_;
  }
  self.state = LaneState::kWaiting;
  last_trouble_ = std::string(why);
  waiting_.push_back({Now() + kReconnectDelay, lane});
  std::erase_if(free_, [lane](const Slot& slot) { return slot.lane == lane; });
  int64_t lost = 0;
  for (int64_t tag = 0; tag < options_.outstanding; ++tag) {
    Flight& flight = FlightOf(lane, tag);
    if (!flight.under_way) continue;
    flight.under_way = false;
    ++lost;
  }
  under_way_ -= lost;
  if (window_.end == 0) {
    if (lost > 0) {
      preparation_ = absl::UnavailableError(absl::StrCat(
          "a session broke while the znodes were prepared: ", why));
    }
    return;
  }
  ++result_.reconnects;
  // Whoever had nothing under way has lost nothing.
  if (lost > 0 || options_.op == LoadOp::kSessionChurn) {
    result_.errors[std::string(why)] +=
        static_cast<uint64_t>(std::max<int64_t>(lost, 1));
  }
  if (lost > 0) round_answered_ = true;
}

void LoadLoop::OnClosed(size_t lane) {
  Lane& self = lanes_[lane];
  self.state = LaneState::kWaiting;
  --ready_;
  const int64_t now = Now();
  if (options_.op == LoadOp::kSessionChurn) {
    Succeeded(self.connect_began, now);
  }
  waiting_.push_back({now, lane});
}

}  // namespace quorate::tools
