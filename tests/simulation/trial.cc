#include "tests/simulation/trial.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coord/base/check.h"

namespace quorate::simulation {
namespace {

using RealClock = std::chrono::steady_clock;

constexpr unsigned kMostSecondsPerStep = 60;
constexpr rlim_t kMostMemoryBytes = rlim_t{4} << 30;

// Lies in memory that parent and child share.
struct Report {
  bool caught;
  uint64_t steps;
  char by[80];
  char text[600];
};

void Copy(char* to, size_t size, const std::string& from) {
  const size_t length = std::min(size - 1, from.size());
  std::memcpy(to, from.data(), length);
  to[length] = '\0';
}

class ChildProgress : public TrialProgress {
 public:
  explicit ChildProgress(Report& report) : report_(report) {}

  void BeginStep() override {
    ++report_.steps;
    alarm(kMostSecondsPerStep);
  }

  [[noreturn]] void Caught(const std::string& by,
                           const std::string& text) override {
    Copy(report_.by, sizeof(report_.by), by);
    Copy(report_.text, sizeof(report_.text), text);
    report_.caught = true;
    _exit(0);
  }

 private:
  Report& report_;
};

ChildProgress* child_progress = nullptr;

void OnCheckFailure(const char* condition, const char* file, int line) {
  child_progress->Caught("QUORATE_CHECK",
                         absl::StrCat(file, ":", line, ": ", condition));
}

[[noreturn]] void RunChild(const Trial& trial, Report& report) {
  const rlimit memory = {kMostMemoryBytes, kMostMemoryBytes};
  setrlimit(RLIMIT_AS, &memory);
  const rlimit no_core_file = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core_file);
  // What a crashing child prints helps nobody; the parent tells how it ended.
  if (std::freopen("/dev/null", "w", stderr) == nullptr) _exit(1);
  ChildProgress progress(report);
  child_progress = &progress;
  SetCheckFailureHandler(OnCheckFailure);
  trial(progress);
  _exit(0);
}

TrialResult ResultOf(const Report& report, int status) {
  TrialResult result;
  result.caught = report.caught;
  result.by = report.by;
  result.text = report.text;
  result.steps = report.steps;
  if (WIFSIGNALED(status)) {
    result.caught = true;
    result.by = WTERMSIG(status) == SIGALRM ? "hang" : "crash";
    result.text = strsignal(WTERMSIG(status));
  } else if (!result.caught && WEXITSTATUS(status) != 0) {
    result.caught = true;
    result.by = "crash";
    result.text = absl::StrCat("exit code ", WEXITSTATUS(status));
  }
  return result;
}

}  // namespace

std::vector<TrialResult> RunTrials(const std::vector<Trial>& trials, int jobs,
                                   const std::function<void(size_t)>& done) {
  struct Running {
    size_t trial;
    RealClock::time_point since;
  };
  const size_t size = sizeof(Report) * std::max<size_t>(trials.size(), 1);
  void* shared = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  QUORATE_CHECK(shared != MAP_FAILED);
  auto* reports = static_cast<Report*>(shared);

  std::vector<TrialResult> results(trials.size());
  std::map<pid_t, Running> running;
  size_t next = 0;
  while (next < trials.size() || !running.empty()) {
    if (next < trials.size() && running.size() < static_cast<size_t>(jobs)) {
      std::fflush(nullptr);
      const pid_t child = fork();
      QUORATE_CHECK(child >= 0);
      if (child == 0) RunChild(trials[next], reports[next]);
      running[child] = {next++, RealClock::now()};
      continue;
    }
    int status = 0;
    const auto ended = running.find(waitpid(-1, &status, 0));
    if (ended == running.end()) continue;
    const auto [trial, since] = ended->second;
    running.erase(ended);
    results[trial] = ResultOf(reports[trial], status);
    results[trial].seconds =
        std::chrono::duration<double>(RealClock::now() - since).count();
    done(trial);
  }
  munmap(shared, size);
  return results;
}

}  // namespace quorate::simulation
