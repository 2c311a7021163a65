#include "tools/quorate/drill/zookeeper_status.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "tools/quorate/drill/record.h"

namespace quorate::tools {
namespace {

constexpr size_t kMaxAnswerBytes = 64 << 10;
constexpr char kNotServing[] = "is not currently serving requests";

}  // namespace

View ParseSrvr(uint64_t id, absl::string_view text) {
  View view{.id = id};
  if (absl::StrContains(text, kNotServing)) {
    view.answers = true;
    view.role = "looking";
    return view;
  }
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::ConsumePrefix(&line, "Mode: ")) {
      view.answers = true;
      view.serving = true;
      view.role = std::string(line);
    } else if (absl::ConsumePrefix(&line, "Zxid: 0x")) {
      uint64_t zxid = 0;
      if (absl::SimpleHexAtoi(line, &zxid)) {
        view.epoch = static_cast<uint32_t>(zxid >> 32);
      }
    }
  }
  return view;
}

View AskZooKeeper(uint64_t id, uint16_t port, absl::Duration timeout) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return {.id = id};
  const absl::Cleanup close_it = [fd] { close(fd); };
  const timeval patience = absl::ToTimeval(timeout);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)) != 0 ||
      send(fd, "srvr", 4, MSG_NOSIGNAL) != 4) {
    return {.id = id};
  }
  std::string answer;
  char buffer[4096];
  ssize_t got;
  while (answer.size() < kMaxAnswerBytes &&
         (got = recv(fd, buffer, sizeof(buffer), 0)) > 0) {
    answer.append(buffer, static_cast<size_t>(got));
  }
  return ParseSrvr(id, answer);
}

}  // namespace quorate::tools
