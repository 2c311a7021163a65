// Driver: what a load loop needs of the system under load: sessions ("lanes")
// that connect, take requests and answer them. One for each thread of the load
// generator; all calls come from that thread, and all events from within
// Poll(). Nothing blocks but Poll().

#ifndef QUORATE_TOOLS_QUORATE_BENCH_DRIVER_H_
#define QUORATE_TOOLS_QUORATE_BENCH_DRIVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace quorate::tools {

enum class RequestKind {
  kCreate,  // a persistent znode
  kSet,
  kMulti,  // sets all paths in one txn
  kGetLocal,
  kGetLinearizable,
  kExists,  // as kGetLinearizable, without the data
  kWatch,   // OnWatch() for each change from now on
};

struct LoadRequest {
  RequestKind kind = RequestKind::kSet;
  int64_t tag = 0;                 // comes back with the answer; at least 0
  std::vector<std::string> paths;  // one, unless it is kMulti
  absl::string_view data;          // of writes
};

class DriverEvents {
 public:
  virtual ~DriverEvents() = default;
  virtual void OnReady(size_t lane) = 0;
  // `error` is empty, or the kind of error in one word. The answers of a lane
  // may come in any order.
  virtual void OnAnswer(size_t lane, int64_t tag, absl::string_view error) = 0;
  virtual void OnWatch(size_t lane) = 0;
  // The session is gone, and so are its unanswered requests. It may be
  // connected again.
  virtual void OnBroken(size_t lane, absl::string_view why) = 0;
  // Closed, as asked.
  virtual void OnClosed(size_t lane) = 0;
};

class Driver {
 public:
  virtual ~Driver() = default;

  // The monotonic clock, in nanoseconds.
  virtual int64_t Now() const = 0;

  // Begins a session; OnReady() or OnBroken() follows. Each call of a lane goes
  // to the next of the members. REQUIRES: it has none.
  virtual void Connect(size_t lane) = 0;
  // Ends a session; OnClosed() or OnBroken() follows. REQUIRES: it is ready.
  virtual void Close(size_t lane) = 0;
  // Queues a request. REQUIRES: the lane is ready; no request of the lane with
  // the same tag is unanswered.
  virtual void Send(size_t lane, const LoadRequest& request) = 0;
  // Sends what is queued.
  virtual void Flush() = 0;
  // Waits until something has happened, at the latest until `until`, and tells
  // what has.
  virtual void Poll(int64_t until) = 0;
};

// Makes the driver of a thread: of sessions `first` to `first + count - 1`,
// which are its lanes 0 to `count - 1`. `events` outlives it.
using DriverFactory = std::function<std::unique_ptr<Driver>(
    size_t first, size_t count, DriverEvents& events)>;

// What Now() of a real driver returns.
int64_t MonotonicNs();

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_BENCH_DRIVER_H_
