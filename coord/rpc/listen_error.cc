#include "coord/rpc/listen_error.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace quorate::rpc {
namespace {

// OK, or what the system says to listening on `target`.
std::string TryToListen(const addrinfo& target) {
  const int fd =
      socket(target.ai_family, target.ai_socktype, target.ai_protocol);
  if (fd < 0) return std::strerror(errno);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  std::string why;
  if (bind(fd, target.ai_addr, target.ai_addrlen) != 0 || listen(fd, 1) != 0) {
    why = errno == EADDRINUSE
              ? "another program listens on that port; stop it or choose "
                "another port"
              : std::strerror(errno);
  }
  close(fd);
  return why;
}

}  // namespace

absl::Status ListenError(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon + 1 == address.size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "an address to listen on is \"host:port\"; found \"", address, "\""));
  }
  std::string host = address.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(host.empty() ? nullptr : host.c_str(),
                                 address.c_str() + colon + 1, &hints, &found);
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found,
                                                                 &freeaddrinfo);
  const std::string why =
      failed != 0 ? gai_strerror(failed) : TryToListen(*found);
  return absl::UnavailableError(
      absl::StrCat("cannot listen on ", address, ": ",
                   why.empty() ? "gRPC gave no reason; try again" : why));
}

}  // namespace quorate::rpc
