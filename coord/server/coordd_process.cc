#include "coord/server/coordd_process.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coord/base/check.h"

namespace quorate::server {
namespace {

// Only a failing test waits so long.
constexpr absl::Duration kPatience = absl::Seconds(30);
constexpr absl::Duration kPause = absl::Milliseconds(5);
// Below the ports that the system gives to outgoing connections: one of those
// could be taken before a member listens.
constexpr int kFirstPort = 10'000;
constexpr int kPorts = 20'000;

std::string Fresh(const char* what) {
  static std::atomic<int> number = 0;
  return absl::StrCat(std::getenv("TEST_TMPDIR"), "/", what, "-",
                      number.fetch_add(1));
}

std::string ReadAll(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

void Redirect(int descriptor, const std::string& path) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  dup2(file, descriptor);
}

}  // namespace

int FreePort() {
  static int next = kFirstPort + static_cast<int>(getpid() % kPorts);
  for (int tries = 0; tries < kPorts; ++tries) {
    const int port = kFirstPort + (next++ - kFirstPort) % kPorts;
    const int socket_fd = socket(AF_INET, SOCK_STREAM, 0);
    QUORATE_CHECK(socket_fd >= 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
    const bool is_free = bind(socket_fd, reinterpret_cast<sockaddr*>(&address),
                              sizeof(address)) == 0;
    close(socket_fd);
    if (is_free) return port;
  }
  QUORATE_CHECK(false);
}

std::string FreshDirectory() {
  std::string path = Fresh("directory");
  QUORATE_CHECK(mkdir(path.c_str(), 0700) == 0);
  return path;
}

CoorddProcess::CoorddProcess(std::string program,
                             std::vector<std::string> flags)
    : stdout_path_(Fresh("stdout")), stderr_path_(Fresh("stderr")) {
  std::vector<char*> argv = {program.data()};
  for (std::string& flag : flags) argv.push_back(flag.data());
  argv.push_back(nullptr);
  pid_ = fork();
  QUORATE_CHECK(pid_ >= 0);
  if (pid_ != 0) return;
  Redirect(STDOUT_FILENO, stdout_path_);
  Redirect(STDERR_FILENO, stderr_path_);
  execv(program.c_str(), argv.data());
  _exit(127);
}

CoorddProcess::~CoorddProcess() {
  if (HasEnded()) return;
  Kill(SIGKILL);
  Wait();
}

void CoorddProcess::Kill(int signal) {
  if (!HasEnded()) kill(pid_, signal);
}

bool CoorddProcess::HasEnded() {
  if (ended_) return true;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return false;
  ended_ = true;
  code_ = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  return true;
}

int CoorddProcess::Wait() {
  const absl::Time until = absl::Now() + kPatience;
  while (!HasEnded()) {
    if (absl::Now() > until) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
      ended_ = true;
      code_ = -1000;
      break;
    }
    absl::SleepFor(kPause);
  }
  return code_;
}

bool CoorddProcess::WaitFor(const std::string& text) {
  const absl::Time until = absl::Now() + kPatience;
  for (;;) {
    const bool ended = HasEnded();
    if (Stderr().find(text) != std::string::npos) return true;
    if (ended || absl::Now() > until) return false;
    absl::SleepFor(kPause);
  }
}

std::string CoorddProcess::Stdout() const { return ReadAll(stdout_path_); }
std::string CoorddProcess::Stderr() const { return ReadAll(stderr_path_); }

std::string CoorddProcess::LastLine() const {
  std::istringstream lines(Stderr());
  std::string last;
  for (std::string line; std::getline(lines, line);) last = std::move(line);
  return last;
}

}  // namespace quorate::server
