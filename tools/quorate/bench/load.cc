#include "tools/quorate/bench/load.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tools/quorate/bench/driver.h"
#include "tools/quorate/bench/fan_out.h"
#include "tools/quorate/bench/key_choice.h"
#include "tools/quorate/bench/load_loop.h"
#include "tools/quorate/bench/load_op.h"
#include "tools/quorate/bench/process_usage.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {
namespace {

constexpr int64_t kMs = 1'000'000;
// How often a thread that waits for the others looks for them.
constexpr int64_t kIdleStep = 2 * kMs;
// Until all threads know that it begins.
constexpr int64_t kStartDelay = 10 * kMs;
// Creating keys may take as long as this for each thousand of them.
constexpr absl::Duration kThousandKeys = absl::Seconds(5);

// Steps that all threads take together: nobody begins the next one before
// everybody has done this one. Thread-safe.
class Steps {
 public:
  explicit Steps(int64_t threads) : threads_(threads) {}

  // A thread has done its part of the step.
  void Arrive(const absl::Status& status) {
    const absl::MutexLock lock(&mutex_);
    error_.Update(status);
    if (++arrived_ < threads_) return;
    arrived_ = 0;
    // Only now, so that all see the same after the same step.
    verdict_ = error_;
    ++done_;
  }
  bool IsDone(int64_t step) const {
    const absl::MutexLock lock(&mutex_);
    return done_ >= step;
  }
  void AwaitDone(int64_t step) const {
    const absl::MutexLock lock(&mutex_);
    const auto reached = [this, step]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return done_ >= step;
    };
    mutex_.Await(absl::Condition(&reached));
  }
  // The first error in the steps that are done.
  absl::Status verdict() const {
    const absl::MutexLock lock(&mutex_);
    return verdict_;
  }

 private:
  const int64_t threads_;
  mutable absl::Mutex mutex_;
  int64_t arrived_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t done_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
  absl::Status verdict_ ABSL_GUARDED_BY(mutex_);
};

int64_t ThreadCpuNs() {
  timespec used = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return used.tv_sec * int64_t{1'000'000'000} + used.tv_nsec;
}

// What all threads of a run share.
struct Shared {
  Shared(const LoadOptions& asked, LoadOp parsed)
      : options(asked),
        op(parsed),
        threads(std::min(asked.threads, asked.sessions)),
        key_choice(asked.keys, asked.skew),
        fan_out(asked.sessions),
        steps(threads + 1) {}  // and who started them

  const LoadOptions& options;
  const LoadOp op;
  const int64_t threads;
  const KeyChoice key_choice;
  FanOut fan_out;
  Steps steps;
  Window window;  // set before the last step is done
};

// What is waited for before each step, the last one being the beginning.
constexpr const char* kSteps[] = {"opening sessions", "creating the root",
                                  "creating the keys", "setting watches",
                                  "measuring"};

// One thread of a run.
class Worker {
 public:
  Worker(Shared& shared, int64_t index, const DriverFactory& factory)
      : shared_(shared), loop_(OptionsOf(shared, index), factory) {}

  // The thread's body; its steps are those of kSteps.
  void Run() {
    const LoadOptions& options = shared_.options;
    const int64_t patience = absl::ToInt64Nanoseconds(options.patience);
    const int64_t for_keys =
        patience +
        absl::ToInt64Nanoseconds(kThousandKeys) * (options.keys / 1000);
    if (!Finish(loop_.Connect(loop_.Now() + patience)) ||
        !Finish(loop_.CreateRoot(loop_.Now() + patience)) ||
        !Finish(loop_.CreateKeys(loop_.Now() + for_keys)) ||
        !Finish(loop_.SetWatches(loop_.Now() + patience)) ||
        !Finish(absl::OkStatus())) {
      return;
    }
    const int64_t cpu_before = ThreadCpuNs();
    loop_.Run(shared_.window);
    busy_ = static_cast<double>(ThreadCpuNs() - cpu_before) /
            static_cast<double>(shared_.window.end - shared_.window.start);
    loop_.Drain(loop_.Now() + patience);
    loop_.Close(loop_.Now() + patience);
  }

  // Once the thread has ended.
  const LoopResult& result() const { return loop_.result(); }
  double busy() const { return busy_; }

 private:
  static LoopOptions OptionsOf(Shared& shared, int64_t index) {
    const LoadOptions& options = shared.options;
    const int64_t first = options.sessions * index / shared.threads;
    const int64_t end = options.sessions * (index + 1) / shared.threads;
    return {.op = shared.op,
            .index = index,
            .threads = shared.threads,
            .first_lane = first,
            .lanes = end - first,
            .outstanding = options.outstanding,
            .keys = options.keys,
            .multi_size = options.multi_size,
            .size_bytes = options.size_bytes,
            .root = options.root,
            .rate = options.rate,
            .key_choice = &shared.key_choice,
            .fan_out = &shared.fan_out};
  }

  // A step is over; waits for the others. False: some thread has failed.
  bool Finish(const absl::Status& status) {
    shared_.steps.Arrive(status);
    ++step_;
    while (!shared_.steps.IsDone(step_)) loop_.Idle(loop_.Now() + kIdleStep);
    return shared_.steps.verdict().ok();
  }

  Shared& shared_;
  LoadLoop loop_;
  int64_t step_ = 0;
  double busy_ = 0;
};

void SleepUntil(int64_t instant) {
  while (true) {
    const int64_t left = instant - MonotonicNs();
    if (left <= 0) return;
    absl::SleepFor(absl::Nanoseconds(left));
  }
}

ProcessCost CostOf(const WatchedProcess& process,
                   const std::optional<ProcessUsage>& before,
                   const std::optional<ProcessUsage>& after) {
  ProcessCost cost;
  cost.name = process.name;
  if (before && after) {
    cost.cpu_seconds = after->cpu_seconds - before->cpu_seconds;
  }
  if (after) cost.rss_bytes = after->rss_bytes;
  return cost;
}

void SetWindow(Shared& shared) {
  Window& window = shared.window;
  window.start = MonotonicNs() + kStartDelay;
  window.begin =
      window.start + absl::ToInt64Nanoseconds(shared.options.warm_up);
  window.end = window.begin + absl::ToInt64Nanoseconds(shared.options.duration);
}

// Looks at the processes when the window begins and when it ends.
void Watch(const Window& window, const std::vector<WatchedProcess>& processes,
           LoadReport& report) {
  const WatchedProcess self{.name = "load generator", .pid = getpid()};
  SleepUntil(window.begin);
  const std::optional<ProcessUsage> self_before = UsageOf(self.pid);
  const std::vector<std::optional<ProcessUsage>> before = UsageOf(processes);
  SleepUntil(window.end);
  const std::optional<ProcessUsage> self_after = UsageOf(self.pid);
  const std::vector<std::optional<ProcessUsage>> after = UsageOf(processes);
  report.window = absl::Nanoseconds(window.end - window.begin);
  report.self = CostOf(self, self_before, self_after);
  for (size_t i = 0; i < processes.size(); ++i) {
    report.processes.push_back(CostOf(processes[i], before[i], after[i]));
  }
}

}  // namespace

absl::StatusOr<LoadOp> CheckLoad(const LoadOptions& options) {
  const std::optional<LoadOp> op = ParseLoadOp(options.op_name);
  if (!op) return UsageError(absl::StrCat("no such op: ", options.op_name));
  if (options.rate > 0 &&
      (*op == LoadOp::kSessionChurn || *op == LoadOp::kIdle)) {
    return UsageError(absl::StrCat("--op ", options.op_name,
                                   " has no rate: leave --rate out"));
  }
  if (options.duration > absl::Hours(24) || options.warm_up > absl::Hours(24)) {
    return UsageError("expected at most 24 hours for --duration and --warm-up");
  }
  return *op;
}

absl::StatusOr<LoadReport> RunLoad(
    const LoadOptions& options, const DriverFactory& factory,
    const std::vector<WatchedProcess>& processes,
    const std::function<void(const std::string&)>& progress) {
  const absl::StatusOr<LoadOp> op = CheckLoad(options);
  if (!op.ok()) return op.status();
  Shared shared(options, *op);
  std::vector<std::unique_ptr<Worker>> workers;
  for (int64_t i = 0; i < shared.threads; ++i) {
    workers.push_back(std::make_unique<Worker>(shared, i, factory));
  }
  std::vector<std::thread> threads;
  for (const std::unique_ptr<Worker>& worker : workers) {
    threads.emplace_back([&worker] { worker->Run(); });
  }
  LoadReport report;
  int64_t step = 0;
  for (const char* name : kSteps) {
    progress(name);
    if (++step == std::ssize(kSteps)) SetWindow(shared);
    shared.steps.Arrive(absl::OkStatus());
    shared.steps.AwaitDone(step);
    if (!shared.steps.verdict().ok()) break;
  }
  if (shared.steps.verdict().ok()) {
    Watch(shared.window, processes, report);
    progress("waiting for the last answers");
  }
  for (std::thread& thread : threads) thread.join();
  if (!shared.steps.verdict().ok()) return shared.steps.verdict();
  for (const std::unique_ptr<Worker>& worker : workers) {
    report.result.Add(worker->result());
    report.busiest_thread = std::max(report.busiest_thread, worker->busy());
  }
  return report;
}

}  // namespace quorate::tools
