#include "tools/quorate/cluster/port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <random>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {
namespace {

// Below the range of outgoing connections, above the well-known services.
constexpr int kFirstPort = 15000;
constexpr int kLastPort = 31999;
constexpr int kAttempts = 1000;

// A socket that has the port, or -1 with errno.
int Bind(uint16_t port, bool reuse) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int on = reuse ? 1 : 0;
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
      bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
          0) {
    const int error = errno;
    close(fd);
    errno = error;
    return -1;
  }
  return fd;
}

}  // namespace

HeldPort::HeldPort(HeldPort&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), port_(other.port_) {}

HeldPort& HeldPort::operator=(HeldPort&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(port_, other.port_);
  return *this;
}

void HeldPort::Release() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

absl::StatusOr<HeldPort> HeldPort::AnyFree() {
  std::random_device random;
  std::uniform_int_distribution<int> distribution(kFirstPort, kLastPort);
  int error = 0;
  for (int i = 0; i < kAttempts; ++i) {
    HeldPort held;
    held.port_ = static_cast<uint16_t>(distribution(random));
    held.fd_ = Bind(held.port_, false);
    if (held.fd_ >= 0) return held;
    error = errno;
    if (error != EADDRINUSE && error != EACCES) break;
  }
  return SystemError("no free port of 127.0.0.1", error);
}

absl::StatusOr<HeldPort> HeldPort::Hold(uint16_t port) {
  HeldPort held;
  held.port_ = port;
  // Connections of a former listener that are not quite over do not count.
  held.fd_ = Bind(port, true);
  if (held.fd_ < 0) {
    return SystemError(absl::StrCat("port ", port, " of 127.0.0.1"), errno);
  }
  return held;
}

bool Listens(const std::string& address) {
  const size_t colon = address.rfind(':');
  uint32_t port = 0;
  if (!absl::SimpleAtoi(absl::string_view(address).substr(colon + 1), &port)) {
    return false;
  }
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  sockaddr_in to = {};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool connected =
      connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0;
  close(fd);
  return connected;
}

}  // namespace quorate::tools
