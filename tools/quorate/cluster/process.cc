#include "tools/quorate/cluster/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tools/quorate/atomic_file.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {
namespace {

constexpr size_t kMaxProcBytes = 64 << 10;

std::string BootId() {
  const absl::StatusOr<std::string> text =
      ReadFile("/proc/sys/kernel/random/boot_id", kMaxProcBytes);
  return text.ok() ? std::string(absl::StripAsciiWhitespace(*text)) : "";
}

std::optional<ProcStat> StatOf(int pid) {
  const absl::StatusOr<std::string> text =
      ReadFile(absl::StrCat("/proc/", pid, "/stat"), kMaxProcBytes);
  if (!text.ok()) return std::nullopt;
  return ParseProcStat(*text);
}

// "" if it cannot be told.
std::string ExecutableOf(int pid) {
  char target[PATH_MAX];
  const ssize_t length = readlink(absl::StrCat("/proc/", pid, "/exe").c_str(),
                                  target, sizeof(target));
  if (length <= 0) return "";
  // What it was started from may have been replaced meanwhile.
  return std::string(
      absl::StripSuffix(absl::string_view(target, length), " (deleted)"));
}

// A process that lives on as we do not want to lose its exit code.
bool IsOver(char state) { return state == 'Z' || state == 'X'; }

// What happens in the child. Only what is safe after a fork of a program with
// threads: no allocation, no locks.
struct ChildPlan {
  const char* executable;
  char* const* arguments;
  const char* working_directory;
  int log_fd;
  int null_fd;
  int go_fd;      // a byte: run; the end: do not
  int result_fd;  // gets errno if it could not run
  bool ends_with_us;
};

[[noreturn]] void RunChild(const ChildPlan& plan) {
  // Before the wait: if the parent is gone already, that finds out.
  if (plan.ends_with_us) prctl(PR_SET_PDEATHSIG, SIGKILL);
  char go = 0;
  ssize_t got;
  do {
    got = read(plan.go_fd, &go, 1);
  } while (got < 0 && errno == EINTR);
  if (got != 1) _exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  for (const int number : {SIGINT, SIGTERM, SIGPIPE, SIGHUP, SIGQUIT}) {
    sigaction(number, &standard, nullptr);
  }
  setsid();
  if (chdir(plan.working_directory) == 0 &&
      dup2(plan.null_fd, STDIN_FILENO) >= 0 &&
      dup2(plan.log_fd, STDOUT_FILENO) >= 0 &&
      dup2(plan.log_fd, STDERR_FILENO) >= 0) {
    // Everything else is ours; close_range() marks what was not marked.
    constexpr unsigned kCloseOnExec = 1u << 2;
    syscall(SYS_close_range, 3u, ~0u, kCloseOnExec);
    execv(plan.executable, plan.arguments);
  }
  const int error = errno;
  if (write(plan.result_fd, &error, sizeof(error)) < 0) _exit(126);
  _exit(127);
}

// Reads errno from the child, or finds that it runs.
int AwaitStart(int result_fd) {
  int error = 0;
  ssize_t got;
  do {
    got = read(result_fd, &error, sizeof(error));
  } while (got < 0 && errno == EINTR);
  return got == sizeof(error) ? error : 0;
}

// A descriptor that closes itself.
class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { Close(); }
  int get() const { return fd_; }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

absl::StatusOr<Process> Release(const StartOptions& options, pid_t child,
                                Fd& go, Fd& result) {
  const auto give_up = [&](const absl::Status& status) {
    go.Close();  // The child ends without having run.
    waitpid(child, nullptr, 0);
    return status;
  };
  const std::optional<ProcStat> stat = StatOf(child);
  if (!stat) return give_up(LocalError("/proc does not show our child"));
  Process process{.pid = child,
                  .start_ticks = stat->start_ticks,
                  .boot_id = BootId(),
                  .executable = options.executable};
  const absl::Status recorded = options.record(process);
  if (!recorded.ok()) return give_up(recorded);
  if (write(go.get(), "!", 1) != 1) {
    return give_up(SystemError("cannot start the process", errno));
  }
  const int error = AwaitStart(result.get());
  if (error != 0) {
    return give_up(
        SystemError(absl::StrCat("cannot run ", options.executable), error));
  }
  return process;
}

}  // namespace

std::optional<ProcStat> ParseProcStat(absl::string_view text) {
  // The second field is the name in brackets, which may hold anything.
  const size_t bracket = text.rfind(") ");
  if (bracket == absl::string_view::npos) return std::nullopt;
  const std::vector<absl::string_view> fields =
      absl::StrSplit(text.substr(bracket + 2), ' ');
  // Fields 3 (state) and 22 (start time), counted from 1.
  constexpr size_t kStartField = 22 - 3;
  ProcStat stat;
  if (fields.size() <= kStartField || fields[0].size() != 1 ||
      !absl::SimpleAtoi(fields[kStartField], &stat.start_ticks)) {
    return std::nullopt;
  }
  stat.state = fields[0][0];
  return stat;
}

ProcessState StateOf(const Process& process) {
  if (process.pid <= 0) return ProcessState::kGone;
  const std::optional<ProcStat> stat = StatOf(process.pid);
  if (!stat || IsOver(stat->state) ||
      stat->start_ticks != process.start_ticks || process.boot_id != BootId()) {
    return ProcessState::kGone;
  }
  // A process that is just ending has no executable any more, and is not gone
  // before it has given back all it held.
  const std::string executable = ExecutableOf(process.pid);
  if (!executable.empty() && executable != process.executable) {
    return ProcessState::kGone;
  }
  return stat->state == 'T' ? ProcessState::kPaused : ProcessState::kRunning;
}

absl::StatusOr<Process> StartDetached(const StartOptions& options) {
  const Fd log(open(options.log_path.c_str(),
                    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (log.get() < 0) {
    return SystemError(absl::StrCat("cannot open ", options.log_path), errno);
  }
  const Fd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  int go[2];
  int result[2];
  if (pipe2(go, O_CLOEXEC) != 0) return SystemError("pipe", errno);
  Fd go_read(go[0]);
  Fd go_write(go[1]);
  if (pipe2(result, O_CLOEXEC) != 0) return SystemError("pipe", errno);
  Fd result_read(result[0]);
  Fd result_write(result[1]);

  std::vector<char*> arguments = {
      const_cast<char*>(options.executable.c_str())};
  for (const std::string& argument : options.arguments) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  const ChildPlan plan{.executable = options.executable.c_str(),
                       .arguments = arguments.data(),
                       .working_directory = options.working_directory.c_str(),
                       .log_fd = log.get(),
                       .null_fd = null.get(),
                       .go_fd = go_read.get(),
                       .result_fd = result_write.get(),
                       .ends_with_us = options.ends_with_us};
  const pid_t child = fork();
  if (child < 0) return SystemError("cannot start a process", errno);
  if (child == 0) {
    // Else the end of the pipe would never come.
    close(go_write.get());
    RunChild(plan);
  }
  result_write.Close();
  go_read.Close();
  return Release(options, child, go_write, result_read);
}

absl::Status SendSignal(const Process& process, int signal) {
  if (process.pid <= 0) return absl::OkStatus();
  // The descriptor stays with the process that it was opened for, so nobody
  // can take over the pid between the look and the signal.
  const Fd fd(static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0)));
  const bool by_pid = fd.get() < 0 && errno == ENOSYS;
  if (fd.get() < 0 && !by_pid) return absl::OkStatus();
  if (StateOf(process) == ProcessState::kGone) return absl::OkStatus();
  const long result =
      by_pid ? kill(process.pid, signal)
             : syscall(SYS_pidfd_send_signal, fd.get(), signal, nullptr, 0);
  if (result != 0 && errno != ESRCH) {
    return SystemError(absl::StrCat("cannot signal process ", process.pid),
                       errno);
  }
  return absl::OkStatus();
}

bool WaitUntilGone(const Process& process, absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  while (StateOf(process) != ProcessState::kGone) {
    if (absl::Now() >= deadline) return false;
    absl::SleepFor(absl::Milliseconds(10));
  }
  return true;
}

std::optional<int> TakeExitCode(const Process& process) {
  int status = 0;
  if (process.pid <= 0 ||
      waitpid(process.pid, &status, WNOHANG) != process.pid) {
    return std::nullopt;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace quorate::tools
