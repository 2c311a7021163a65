// SessionDriver: drives a SessionCore with streams, a clock and a thread.
//
// One mutex guards the core. Whoever feeds it (a caller, a stream, the thread)
// then carries out what it asks for; the thread alone calls the user, without
// the mutex, and sleeps until there is something to tell or a tick is due.
//
// Thread-safe.

#ifndef QUORATE_COORD_CLIENT_SESSION_DRIVER_H_
#define QUORATE_COORD_CLIENT_SESSION_DRIVER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "coord/client/monotonic_wait.h"
#include "coord/client/session.h"
#include "coord/client/session_core.h"
#include "coord/client/stream.h"
#include "coord/client/types.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::client {

using StreamFactory = std::function<std::shared_ptr<Stream>(
    const std::string& endpoint, std::shared_ptr<StreamListener> listener)>;
using AnswerCallback = std::function<void(absl::StatusOr<Answer>)>;

class SessionDriver : public std::enable_shared_from_this<SessionDriver> {
 public:
  // REQUIRES: valid options.
  SessionDriver(const SessionOptions& options, StreamFactory open_stream);
  ~SessionDriver();

  // Begins to connect, and starts the thread.
  void Start();
  // Waits until the session is open. As Session::Open() without its check.
  absl::Status WaitUntilOpen();
  // Ends it without the members: calls back what is unanswered, and returns
  // when the thread has ended. No callback comes after it.
  void Stop();
  // The same, but the thread goes on, and answers what is asked later.
  void Abandon();

  void Write(const quorate::client::Write& write, AnswerCallback done);
  void Read(const quorate::client::Read& read, Consistency consistency,
            AnswerCallback done);
  // Returns the watch's id.
  uint64_t AddWatch(const std::string& path, WatchKind kind,
                    WatchHandler handler, AnswerCallback done);
  void AddCredential(const Credential& credential, AnswerCallback done);
  void Close(AnswerCallback done);
  bool RemoveWatch(uint64_t id);
  uint64_t AddStateHandler(std::function<void(SessionState)> handler);
  void RemoveStateHandler(uint64_t id);
  void Break();

  int64_t id() const;
  int32_t timeout_ms() const;
  SessionState state() const;
  Pin pin() const;
  std::string endpoint() const;
  std::string Describe() const;
  bool OnOwnThread() const;

 private:
  class Attempt;
  using StateHandler = std::function<void(SessionState)>;
  // For the handlers with these ids alone: whoever is added later was told what
  // it has to know when it was added.
  struct TellState {
    uint64_t first = 0;
    uint64_t last = 0;
    SessionState state = SessionState::kConnecting;
  };
  using Told = std::variant<Completion, Firing, TellState>;

  // Carries out what the core asks for. After every input.
  void Pump() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Run();
  // Calls the user; takes the mutex only to look for whom.
  void Tell(Told told) ABSL_LOCKS_EXCLUDED(mutex_);
  bool IsOver() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status OpenFailure() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // By an attempt's stream.
  void OnFrame(uint64_t attempt, const coord::v1::ServerFrame& frame);
  void OnWritten();
  void OnDone(uint64_t attempt, const absl::Status& status,
              std::shared_ptr<Stream> stream);

  const int64_t call_timeout_ms_;
  const StreamFactory open_stream_;

  mutable absl::Mutex mutex_;
  // The thread has something to do, or to sleep for a shorter time.
  MonotonicCondVar wake_;
  // Something has changed that WaitUntilOpen() or Stop() wait for.
  MonotonicCondVar changed_;
  SessionCore core_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<Stream> stream_ ABSL_GUARDED_BY(mutex_);
  uint64_t stream_attempt_ ABSL_GUARDED_BY(mutex_) = 0;  // of stream_
  size_t streams_ ABSL_GUARDED_BY(mutex_) = 0;           // not done yet
  // Done; destroyed by the thread, or Stop().
  std::vector<std::shared_ptr<Stream>> done_ ABSL_GUARDED_BY(mutex_);
  bool paused_ ABSL_GUARDED_BY(mutex_) = false;    // stream_ is not read
  std::deque<Told> told_ ABSL_GUARDED_BY(mutex_);  // to be told
  int64_t sleeping_until_ms_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  absl::flat_hash_map<uint64_t, AnswerCallback> callbacks_
      ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<uint64_t, std::shared_ptr<WatchHandler>> handlers_
      ABSL_GUARDED_BY(mutex_);
  absl::btree_map<uint64_t, StateHandler> state_handlers_
      ABSL_GUARDED_BY(mutex_);
  uint64_t last_state_handler_ ABSL_GUARDED_BY(mutex_) = 0;
  std::thread thread_;
};

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_SESSION_DRIVER_H_
