#include "coord/client/session_driver.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "coord/base/check.h"
#include "coord/client/error.h"
#include "coord/client/monotonic_wait.h"
#include "coord/client/session.h"
#include "coord/client/session_core.h"
#include "coord/client/stream.h"
#include "coord/client/types.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::client {
namespace {

namespace v1 = coord::v1;

// While more than this waits to be told, the connection is not read.
constexpr size_t kMaxTold = 100'000;

uint64_t RandomBits(std::random_device& random) {
  return uint64_t{random()} << 32 | random();
}

CoreOptions CoreOptionsOf(const SessionOptions& options) {
  CoreOptions core;
  core.endpoints = options.endpoints;
  std::random_device random;
  while (core.password.size() < 16) {
    core.password.push_back(static_cast<char>(random() & 0xff));
  }
  core.timeout_ms = options.timeout_ms;
  core.min_backoff_ms = options.min_backoff_ms;
  core.max_backoff_ms = options.max_backoff_ms;
  core.max_outstanding = options.max_outstanding;
  core.max_queued = options.max_queued;
  core.max_queued_bytes = options.max_queued_bytes;
  core.pin = options.pin;
  core.credentials = options.credentials;
  return core;
}

uint64_t NewSeed() {
  std::random_device random;
  return RandomBits(random);
}

// Whose session's thread this is.
thread_local const SessionDriver* own_driver = nullptr;

}  // namespace

// Hands on what one stream tells, with the number of its attempt.
class SessionDriver::Attempt final : public StreamListener {
 public:
  Attempt(std::shared_ptr<SessionDriver> driver, uint64_t number)
      : driver_(std::move(driver)), number_(number) {}

  void OnFrame(const v1::ServerFrame& frame) override {
    driver_->OnFrame(number_, frame);
  }
  void OnWritten() override { driver_->OnWritten(); }
  void OnDone(const absl::Status& status,
              std::shared_ptr<Stream> stream) override {
    driver_->OnDone(number_, status, std::move(stream));
  }

 private:
  const std::shared_ptr<SessionDriver> driver_;
  const uint64_t number_;
};

SessionDriver::SessionDriver(const SessionOptions& options,
                             StreamFactory open_stream)
    : call_timeout_ms_(options.call_timeout_ms),
      open_stream_(std::move(open_stream)),
      core_(CoreOptionsOf(options), NewSeed(), MonotonicMs()) {
  if (options.on_state) {
    state_handlers_.emplace(++last_state_handler_, options.on_state);
  }
}

SessionDriver::~SessionDriver() { QUORATE_CHECK(!thread_.joinable()); }

void SessionDriver::Start() {
  thread_ = std::thread([this] { Run(); });
  absl::MutexLock lock(&mutex_);
  Pump();
}

bool SessionDriver::IsOver() const {
  const SessionState state = core_.state();
  return state == SessionState::kExpired || state == SessionState::kClosed;
}

// Not OK if waiting any longer for the session to open is of no use.
absl::Status SessionDriver::OpenFailure() const {
  if (IsOver()) return absl::UnavailableError(core_.Describe());
  for (const absl::Status& status : core_.endpoints().statuses()) {
    const std::optional<ErrorInfo> info = ErrorInfoOf(status);
    // A member that is behind may catch up; another ensemble stays another.
    if (!info || info->kind != "Pinned" || info->retry_after_ms) {
      return absl::OkStatus();
    }
  }
  ErrorInfo info = *ErrorInfoOf(core_.endpoints().statuses().front());
  return MakeError(absl::StatusCode::kFailedPrecondition,
                   core_.endpoints().Describe(), info);
}

absl::Status SessionDriver::WaitUntilOpen() {
  const int64_t until_ms = MonotonicIn(call_timeout_ms_);
  absl::MutexLock lock(&mutex_);
  while (core_.state() != SessionState::kConnected) {
    const absl::Status failure = OpenFailure();
    if (!failure.ok()) return failure;
    const int64_t left_ms = until_ms - MonotonicMs();
    if (left_ms <= 0) {
      return absl::DeadlineExceededError(
          absl::StrCat("no endpoint served within ", call_timeout_ms_, " ms; ",
                       core_.endpoints().Describe()));
    }
    changed_.WaitFor(&mutex_, left_ms);
  }
  return absl::OkStatus();
}

void SessionDriver::Abandon() {
  absl::MutexLock lock(&mutex_);
  core_.Abandon();
  Pump();
}

void SessionDriver::Stop() {
  QUORATE_CHECK(!OnOwnThread());
  {
    absl::MutexLock lock(&mutex_);
    core_.Abandon();
    Pump();
    stopping_ = true;
    wake_.SignalAll();
  }
  if (thread_.joinable()) thread_.join();
  std::vector<std::shared_ptr<Stream>> done;
  {
    absl::MutexLock lock(&mutex_);
    // All are cancelled: they end by themselves, whatever the network does.
    while (streams_ > 0) changed_.Wait(&mutex_);
    done = std::exchange(done_, {});
  }
}

// --- Calls -------------------------------------------------------------------

void SessionDriver::Write(const quorate::client::Write& write,
                          AnswerCallback done) {
  absl::MutexLock lock(&mutex_);
  callbacks_.emplace(core_.SubmitWrite(write), std::move(done));
  Pump();
}

void SessionDriver::Read(const quorate::client::Read& read,
                         Consistency consistency, AnswerCallback done) {
  absl::MutexLock lock(&mutex_);
  callbacks_.emplace(core_.SubmitRead(read, consistency), std::move(done));
  Pump();
}

uint64_t SessionDriver::AddWatch(const std::string& path, WatchKind kind,
                                 WatchHandler handler, AnswerCallback done) {
  absl::MutexLock lock(&mutex_);
  const uint64_t id = core_.SubmitWatch(path, kind);
  callbacks_.emplace(id, std::move(done));
  handlers_.emplace(id, std::make_shared<WatchHandler>(std::move(handler)));
  Pump();
  return id;
}

void SessionDriver::AddCredential(const Credential& credential,
                                  AnswerCallback done) {
  absl::MutexLock lock(&mutex_);
  callbacks_.emplace(core_.SubmitCredential(credential), std::move(done));
  Pump();
}

void SessionDriver::Close(AnswerCallback done) {
  absl::MutexLock lock(&mutex_);
  callbacks_.emplace(core_.SubmitClose(), std::move(done));
  Pump();
}

bool SessionDriver::RemoveWatch(uint64_t id) {
  absl::MutexLock lock(&mutex_);
  // First: what waits to be told already is not told any more.
  handlers_.erase(id);
  const bool removed = core_.RemoveWatch(id);
  Pump();
  return removed;
}

uint64_t SessionDriver::AddStateHandler(
    std::function<void(SessionState)> handler) {
  absl::MutexLock lock(&mutex_);
  const uint64_t id = ++last_state_handler_;
  state_handlers_.emplace(id, std::move(handler));
  if (IsOver() && !stopping_) {
    told_.push_back(TellState{.first = id, .last = id, .state = core_.state()});
    wake_.SignalAll();
  }
  return id;
}

void SessionDriver::RemoveStateHandler(uint64_t id) {
  absl::MutexLock lock(&mutex_);
  state_handlers_.erase(id);
}

void SessionDriver::Break() {
  absl::MutexLock lock(&mutex_);
  core_.Break(absl::UnavailableError("the connection was broken on purpose"),
              MonotonicMs());
  Pump();
}

// --- Streams -----------------------------------------------------------------

void SessionDriver::OnFrame(uint64_t attempt, const v1::ServerFrame& frame) {
  absl::MutexLock lock(&mutex_);
  core_.OnFrame(attempt, frame, MonotonicMs());
  Pump();
  // Of an earlier attempt, or dropped because of this very frame.
  if (stream_ == nullptr || attempt != stream_attempt_) return;
  if (told_.size() < kMaxTold) {
    stream_->Read();
  } else {
    paused_ = true;
  }
}

void SessionDriver::OnWritten() {
  absl::MutexLock lock(&mutex_);
  Pump();
}

void SessionDriver::OnDone(uint64_t attempt, const absl::Status& status,
                           std::shared_ptr<Stream> stream) {
  absl::MutexLock lock(&mutex_);
  done_.push_back(std::move(stream));
  wake_.SignalAll();
  core_.OnBroken(attempt, status, MonotonicMs());
  --streams_;
  Pump();
  changed_.SignalAll();
}

void SessionDriver::Pump() {
  CoreOutput output = core_.TakeOutput();
  if (output.disconnect && stream_ != nullptr) {
    stream_->Cancel();
    stream_ = nullptr;
    paused_ = false;
  }
  if (output.connect && !stopping_) {
    stream_ = open_stream_(
        output.connect->endpoint,
        std::make_shared<Attempt>(shared_from_this(), output.connect->attempt));
    stream_attempt_ = output.connect->attempt;
    ++streams_;
  }
  while (stream_ != nullptr && stream_->CanWrite()) {
    std::optional<v1::ClientFrame> frame = core_.NextFrame(MonotonicMs());
    if (!frame) break;
    stream_->Write(*std::move(frame));
  }
  for (Notice& notice : output.notices) {
    std::visit(
        [this](auto& told) {
          mutex_.AssertHeld();
          if constexpr (std::is_same_v<decltype(told), SessionState&>) {
            told_.push_back(TellState{
                .first = 0, .last = last_state_handler_, .state = told});
          } else {
            told_.push_back(std::move(told));
          }
        },
        notice);
  }
  changed_.SignalAll();
  if (!told_.empty() || core_.NextTick() < sleeping_until_ms_) {
    wake_.SignalAll();
  }
}

// --- The thread --------------------------------------------------------------

void SessionDriver::Run() {
  own_driver = this;
  mutex_.Lock();
  for (;;) {
    core_.Tick(MonotonicMs());
    Pump();
    if (!told_.empty()) {
      Told told = std::move(told_.front());
      told_.pop_front();
      mutex_.Unlock();
      Tell(std::move(told));
      mutex_.Lock();
      if (paused_ && told_.size() < kMaxTold / 2 && stream_ != nullptr) {
        paused_ = false;
        stream_->Read();
      }
      continue;
    }
    if (!done_.empty()) {
      std::vector<std::shared_ptr<Stream>> done = std::exchange(done_, {});
      mutex_.Unlock();
      done.clear();
      mutex_.Lock();
      continue;
    }
    if (stopping_) break;
    sleeping_until_ms_ = core_.NextTick();
    if (sleeping_until_ms_ == std::numeric_limits<int64_t>::max()) {
      wake_.Wait(&mutex_);
    } else {
      wake_.WaitFor(&mutex_,
                    std::max<int64_t>(sleeping_until_ms_ - MonotonicMs(), 0));
    }
    sleeping_until_ms_ = 0;
  }
  mutex_.Unlock();
}

void SessionDriver::Tell(Told told) {
  if (Completion* completion = std::get_if<Completion>(&told)) {
    AnswerCallback callback;
    {
      absl::MutexLock lock(&mutex_);
      const auto found = callbacks_.find(completion->ticket);
      if (found == callbacks_.end()) return;
      callback = std::move(found->second);
      callbacks_.erase(found);
      // A watch that was not set.
      if (!completion->answer.ok()) handlers_.erase(completion->ticket);
    }
    if (callback) callback(std::move(completion->answer));
    return;
  }
  if (const Firing* firing = std::get_if<Firing>(&told)) {
    std::shared_ptr<WatchHandler> handler;
    {
      absl::MutexLock lock(&mutex_);
      const auto found = handlers_.find(firing->id);
      if (found == handlers_.end()) return;
      handler = found->second;
      if (firing->last) handlers_.erase(found);
    }
    if (*handler) (*handler)(firing->event);
    return;
  }
  const auto& tell = std::get<TellState>(told);
  std::vector<StateHandler> handlers;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [id, handler] : state_handlers_) {
      if (id >= tell.first && id <= tell.last) handlers.push_back(handler);
    }
  }
  for (const StateHandler& handler : handlers) handler(tell.state);
}

// --- What it knows -----------------------------------------------------------

int64_t SessionDriver::id() const {
  absl::MutexLock lock(&mutex_);
  return core_.session_id();
}
int32_t SessionDriver::timeout_ms() const {
  absl::MutexLock lock(&mutex_);
  return core_.timeout_ms();
}
SessionState SessionDriver::state() const {
  absl::MutexLock lock(&mutex_);
  return core_.state();
}
Pin SessionDriver::pin() const {
  absl::MutexLock lock(&mutex_);
  return core_.pin();
}
std::string SessionDriver::endpoint() const {
  absl::MutexLock lock(&mutex_);
  return core_.endpoint();
}
std::string SessionDriver::Describe() const {
  absl::MutexLock lock(&mutex_);
  return core_.Describe();
}
bool SessionDriver::OnOwnThread() const { return own_driver == this; }

}  // namespace quorate::client
