#include "tests/client/ensemble.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "coord/base/check.h"
#include "coord/client/session.h"
#include "gtest/gtest.h"

namespace quorate {
namespace {

// Ports that nobody listens on, all different.
std::vector<int> FreePorts(size_t count) {
  std::vector<int> sockets;
  std::vector<int> ports;
  for (size_t i = 0; i < count; ++i) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    QUORATE_CHECK(fd >= 0 && bind(fd, generic, size) == 0);
    QUORATE_CHECK(getsockname(fd, generic, &size) == 0);
    sockets.push_back(fd);
    ports.push_back(ntohs(address.sin_port));
  }
  for (const int fd : sockets) close(fd);
  return ports;
}

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  QUORATE_CHECK(value != nullptr);
  return value;
}

std::string Program() {
  return absl::StrCat(Variable("TEST_SRCDIR"), "/", Variable("TEST_WORKSPACE"),
                      "/coord/server/coordd");
}

}  // namespace

Ensemble::Ensemble(size_t members) : processes_(members, -1) {
  std::string pattern = absl::StrCat(testing::TempDir(), "/ensemble-XXXXXX");
  QUORATE_CHECK(mkdtemp(pattern.data()) != nullptr);
  folder_ = pattern;
  for (const int port : FreePorts(members)) {
    endpoints_.push_back(absl::StrCat("127.0.0.1:", port));
  }
  for (size_t i = 0; i < members; ++i) Start(i);
}

Ensemble::~Ensemble() {
  for (size_t i = 0; i < processes_.size(); ++i) {
    if (processes_[i] > 0) Kill(i);
  }
}

std::string Ensemble::Folder(size_t member) const {
  return absl::StrCat(folder_, "/member", member + 1);
}

void Ensemble::Start(size_t member) {
  QUORATE_CHECK(processes_[member] < 0);
  std::vector<std::string> founders;
  for (size_t i = 0; i < endpoints_.size(); ++i) {
    founders.push_back(absl::StrCat(i + 1, "=", endpoints_[i]));
  }
  const std::string log = absl::StrCat(Folder(member), ".log");
  std::vector<std::string> arguments = {
      Program(),
      absl::StrCat("--dir=", Folder(member)),
      absl::StrCat("--id=", member + 1),
      absl::StrCat("--listen=", endpoints_[member]),
      absl::StrCat("--founders=", absl::StrJoin(founders, ",")),
      "--segment-bytes=4194304",
  };
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);

  const pid_t parent = getpid();
  const pid_t pid = fork();
  QUORATE_CHECK(pid >= 0);
  if (pid == 0) {
    // Only what may be called between fork and exec.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    const int fd = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    dup2(fd, 1);
    dup2(fd, 2);
    execv(argv[0], argv.data());
    _exit(127);
  }
  processes_[member] = pid;
}

void Ensemble::Kill(size_t member) {
  const pid_t pid = std::exchange(processes_[member], -1);
  QUORATE_CHECK(pid > 0 && kill(pid, SIGKILL) == 0);
  int status = 0;
  QUORATE_CHECK(waitpid(pid, &status, 0) == pid);
  // It has not ended by itself before.
  EXPECT_TRUE(WIFSIGNALED(status))
      << "member " << member + 1 << " exited with " << WEXITSTATUS(status);
}

void Ensemble::Pause(size_t member) {
  QUORATE_CHECK(kill(processes_[member], SIGSTOP) == 0);
}

void Ensemble::Resume(size_t member) {
  QUORATE_CHECK(kill(processes_[member], SIGCONT) == 0);
}

client::SessionOptions Ensemble::Options() const {
  client::SessionOptions options;
  options.endpoints = endpoints_;
  options.timeout_ms = 10'000;
  options.call_timeout_ms = 60'000;
  options.max_backoff_ms = 200;
  return options;
}

client::SessionOptions Ensemble::OptionsOf(
    const std::vector<size_t>& members) const {
  client::SessionOptions options = Options();
  options.endpoints.clear();
  for (const size_t member : members) {
    options.endpoints.push_back(endpoints_[member]);
  }
  return options;
}

std::unique_ptr<client::Session> Ensemble::Open() const {
  return Open(Options());
}

std::unique_ptr<client::Session> Ensemble::Open(
    client::SessionOptions options) const {
  absl::StatusOr<std::unique_ptr<client::Session>> session =
      client::Session::Open(std::move(options));
  if (!session.ok()) {
    ADD_FAILURE() << session.status();
    for (size_t i = 0; i < size(); ++i) {
      std::ifstream log(absl::StrCat(Folder(i), ".log"));
      std::cerr << Folder(i) << ":\n" << log.rdbuf() << "\n";
    }
    QUORATE_CHECK(session.ok());
  }
  return *std::move(session);
}

}  // namespace quorate
