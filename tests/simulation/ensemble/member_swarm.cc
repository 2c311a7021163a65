// Runs many seeds of whole members and their clients, and tells what it ran.
//
//   bazel run -c opt //tests/simulation/ensemble:member_swarm -- --seeds=1000
//   bazel run -c opt //tests/simulation/ensemble:member_swarm -- --seed=17
//
// Add --trace to see all that happens.
//
// Exit code 0: no violation; 1: a violation, printed with the command that
// replays it; 2: a bad command line.

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "coord/base/check.h"
#include "tests/simulation/command_line.h"
#include "tests/simulation/ensemble/ensemble_options.h"
#include "tests/simulation/ensemble/ensemble_statistics.h"
#include "tests/simulation/ensemble/run_ensemble.h"
#include "tests/simulation/ensemble/violation.h"
#include "tests/simulation/trace.h"

ABSL_FLAG(uint64_t, seeds, 100, "how many seeds to run");
ABSL_FLAG(uint64_t, first_seed, 1, "the first of them");
ABSL_FLAG(uint64_t, minutes, 0,
          "run for so many real minutes instead of a number of seeds");
ABSL_FLAG(uint64_t, seed, 0, "run this seed alone");
ABSL_FLAG(bool, trace, false,
          "with --seed: print every message, request, event and fault");
ABSL_FLAG(bool, keep_going, false, "do not stop at the first violation");
ABSL_FLAG(uint32_t, jobs, 0, "threads; 0: as many as there are cores");
ABSL_FLAG(uint32_t, repeat_every, 50,
          "run each so-manieth seed twice and compare the fingerprints; "
          "0: none");

namespace quorate::simulation {
namespace {

using RealClock = std::chrono::steady_clock;

// The seed that this thread runs, for the last words of a crash.
thread_local uint64_t running_seed = 0;

constexpr std::chrono::seconds kProgressEvery(10);

double SecondsSince(RealClock::time_point start) {
  return std::chrono::duration<double>(RealClock::now() - start).count();
}

void PrintFailure(uint64_t seed, const std::string& what) {
  std::fprintf(stderr,
               "seed %llu: %s\nreplay: bazel run -c opt "
               "//tests/simulation/ensemble:member_swarm -- --seed=%llu "
               "--trace\n",
               static_cast<unsigned long long>(seed), what.c_str(),
               static_cast<unsigned long long>(seed));
}

void OnCheckFailure(const char* condition, const char* file, int line) {
  std::fflush(stdout);
  PrintFailure(running_seed, absl::StrFormat("%s:%d: check failed: %s", file,
                                             line, condition));
  std::_Exit(1);
}

void OnSignal(int signal) {
  PrintFailure(running_seed, absl::StrFormat("crashed: %s", strsignal(signal)));
  std::_Exit(1);
}

// All seeds on all threads, and what came of them.
class Swarm {
 public:
  Swarm()
      : minutes_(absl::GetFlag(FLAGS_minutes)),
        first_(absl::GetFlag(FLAGS_first_seed)),
        end_(minutes_ > 0 ? std::numeric_limits<uint64_t>::max()
                          : first_ + absl::GetFlag(FLAGS_seeds)),
        next_(first_) {}

  // Returns the exit code.
  int Run(int jobs) {
    std::vector<std::thread> threads;
    for (int i = 0; i < jobs; ++i) {
      threads.emplace_back([this] { Work(); });
    }
    for (std::thread& thread : threads) thread.join();
    std::printf("%s", total_.Describe(SecondsSince(start_), jobs).c_str());
    std::printf(failed_ ? "FAILED\n" : "no violation\n");
    return failed_ ? 1 : 0;
  }

 private:
  bool MayGoOn() const {
    return (!failed_ || absl::GetFlag(FLAGS_keep_going)) &&
           (minutes_ == 0 ||
            SecondsSince(start_) < 60.0 * static_cast<double>(minutes_));
  }

  void Work() {
    while (MayGoOn()) {
      const uint64_t seed = next_++;
      if (seed >= end_) return;
      running_seed = seed;
      EnsembleResult result = RunEnsemble(DrawEnsembleOptions(seed), nullptr);
      const uint32_t every = absl::GetFlag(FLAGS_repeat_every);
      if (every > 0 && seed % every == 0) Repeat(seed, result);
      Take(seed, result);
    }
  }

  void Repeat(uint64_t seed, EnsembleResult& result) {
    const EnsembleResult again =
        RunEnsemble(DrawEnsembleOptions(seed), nullptr);
    ++result.statistics.repeated_seeds;
    result.statistics.simulated_us += again.statistics.simulated_us;
    if (again.fingerprint == result.fingerprint) return;
    result.violations.push_back(
        {"determinism",
         absl::StrFormat("fingerprint %x, and %x when run again",
                         result.fingerprint, again.fingerprint)});
  }

  void Take(uint64_t seed, const EnsembleResult& result) {
    const std::lock_guard<std::mutex> lock(mutex_);
    total_.Add(result.statistics);
    for (const EnsembleViolation& violation : result.violations) {
      failed_ = true;
      PrintFailure(seed, violation.check + ": " + violation.text);
      break;  // the others often follow from the first
    }
    if (RealClock::now() - progress_ < kProgressEvery) return;
    progress_ = RealClock::now();
    std::fprintf(stderr, "%.0f s: %llu seeds\n", SecondsSince(start_),
                 static_cast<unsigned long long>(total_.seeds));
  }

  const uint64_t minutes_;
  const uint64_t first_;
  const uint64_t end_;
  const RealClock::time_point start_ = RealClock::now();
  std::atomic<uint64_t> next_;
  std::atomic<bool> failed_{false};

  std::mutex mutex_;
  EnsembleStatistics total_;                 // guarded by mutex_
  RealClock::time_point progress_ = start_;  // guarded by mutex_
};

int RunOne(uint64_t seed) {
  const RealClock::time_point start = RealClock::now();
  running_seed = seed;
  const EnsembleOptions options = DrawEnsembleOptions(seed);
  Trace::Sink sink;
  if (absl::GetFlag(FLAGS_trace)) {
    std::printf("%s", Describe(options).c_str());
    sink = [](const TraceLine& line) {
      std::printf("%s\n", ToString(line).c_str());
    };
  }
  const EnsembleResult result = RunEnsemble(options, sink);
  std::printf("%s", result.statistics.Describe(SecondsSince(start), 1).c_str());
  std::printf("fingerprint %016llx\n",
              static_cast<unsigned long long>(result.fingerprint));
  std::fflush(stdout);
  for (const EnsembleViolation& violation : result.violations) {
    PrintFailure(seed, violation.check + ": " + violation.text);
  }
  return result.violations.empty() ? 0 : 1;
}

absl::Status ValidateFlags() {
  if (absl::GetFlag(FLAGS_seeds) == 0) {
    return absl::InvalidArgumentError("--seeds must be at least 1");
  }
  if (absl::GetFlag(FLAGS_jobs) > 1024) {
    return absl::InvalidArgumentError("--jobs must be at most 1024");
  }
  if (absl::GetFlag(FLAGS_trace) && absl::GetFlag(FLAGS_seed) == 0) {
    return absl::InvalidArgumentError("--trace needs --seed=S");
  }
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--help") != 0) continue;
    std::printf("%s", DescribeFlags("ensemble/member_swarm.cc").c_str());
    return 0;
  }
  absl::Status status = SetFlags(argc, argv);
  if (status.ok()) status = ValidateFlags();
  if (!status.ok()) {
    std::fprintf(stderr, "member_swarm: %s\n",
                 std::string(status.message()).c_str());
    return 2;
  }
  SetCheckFailureHandler(OnCheckFailure);
  std::signal(SIGSEGV, OnSignal);
  std::signal(SIGABRT, OnSignal);
  const uint64_t seed = absl::GetFlag(FLAGS_seed);
  if (seed != 0) return RunOne(seed);
  int jobs = static_cast<int>(absl::GetFlag(FLAGS_jobs));
  if (jobs == 0) jobs = static_cast<int>(std::thread::hardware_concurrency());
  return Swarm().Run(jobs > 0 ? jobs : 1);
}

}  // namespace
}  // namespace quorate::simulation

int main(int argc, char** argv) {
  return quorate::simulation::Main(argc, argv);
}
