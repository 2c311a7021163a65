#include "tools/quorate/bench/peer/zookeeper_driver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "tools/quorate/bench/driver.h"
#include "tools/quorate/bench/peer/zookeeper_wire.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {
namespace {

namespace zk = zookeeper;

constexpr size_t kReadBytes = 64 << 10;
constexpr int kMaxEvents = 256;
// Xids are tags; above them those whose answer is of no interest.
constexpr int32_t kSyncXid = 1 << 30;
constexpr int32_t kCloseXid = kSyncXid + 1;

class ZooKeeperDriver final : public Driver {
 public:
  ZooKeeperDriver(const std::vector<sockaddr_in>& addresses,
                  int32_t session_timeout_ms, size_t first, size_t count,
                  DriverEvents& events)
      : addresses_(addresses),
        session_timeout_ms_(session_timeout_ms),
        first_(first),
        events_(events),
        epoll_(epoll_create1(EPOLL_CLOEXEC)),
        lanes_(count) {
    QUORATE_CHECK(epoll_ >= 0);
  }
  ZooKeeperDriver(const ZooKeeperDriver&) = delete;
  ZooKeeperDriver& operator=(const ZooKeeperDriver&) = delete;
  ~ZooKeeperDriver() override {
    for (const Lane& lane : lanes_) {
      if (lane.fd >= 0) close(lane.fd);
    }
    close(epoll_);
  }

  int64_t Now() const override { return MonotonicNs(); }
  void Connect(size_t lane) override;
  void Close(size_t lane) override;
  void Send(size_t lane, const LoadRequest& request) override;
  void Flush() override;
  void Poll(int64_t until) override;

 private:
  struct Lane {
    int fd = -1;
    uint32_t life = 0;
    size_t attempts = 0;
    bool ready = false;
    bool closing = false;
    bool dirty = false;    // in dirty_
    bool blocked = false;  // the socket takes no more at the moment
    std::string out;
    std::string in;
  };
  struct PingDue {
    int64_t at;
    size_t lane;
    uint32_t life;
  };

  zk::Writer Queue(size_t lane);
  void Listen(size_t lane, int operation, bool for_writing);
  void Write(size_t lane);
  void Read(size_t lane);
  // False: the lane is gone.
  bool HandleMessages(size_t lane);
  bool HandleMessage(size_t lane, absl::string_view message);
  void End(size_t lane, const std::string& why);
  void SendPings();

  const std::vector<sockaddr_in>& addresses_;
  const int32_t session_timeout_ms_;
  const size_t first_;
  DriverEvents& events_;
  const int epoll_;
  std::vector<Lane> lanes_;
  std::vector<size_t> dirty_;
  std::deque<PingDue> pings_;
  // Lanes that broke outside of Poll(), which alone may tell.
  std::vector<std::pair<size_t, std::string>> ended_;
};

void ZooKeeperDriver::Listen(size_t lane, int operation, bool for_writing) {
  epoll_event event = {};
  event.events = EPOLLIN;
  if (for_writing) event.events |= EPOLLOUT;
  event.data.u64 = lane;
  QUORATE_CHECK(epoll_ctl(epoll_, operation, lanes_[lane].fd, &event) == 0);
}

void ZooKeeperDriver::Connect(size_t lane) {
  Lane& self = lanes_[lane];
  const size_t attempts = self.attempts++;
  const sockaddr_in& address =
      addresses_[(first_ + lane + attempts) % addresses_.size()];
  self.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (self.fd < 0) return ended_.push_back({lane, "NoSocket"});
  const int on = 1;
  setsockopt(self.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  sockaddr generic = {};
  static_assert(sizeof(generic) == sizeof(address));
  std::copy_n(reinterpret_cast<const char*>(&address), sizeof(address),
              reinterpret_cast<char*>(&generic));
  if (connect(self.fd, &generic, sizeof(address)) != 0 &&
      errno != EINPROGRESS) {
    close(self.fd);
    self.fd = -1;
    return ended_.push_back({lane, "Refused"});
  }
  zk::Writer(self.out).Connect(session_timeout_ms_);
  self.blocked = true;
  Listen(lane, EPOLL_CTL_ADD, /*for_writing=*/true);
}

zk::Writer ZooKeeperDriver::Queue(size_t lane) {
  Lane& self = lanes_[lane];
  if (!self.dirty) {
    self.dirty = true;
    dirty_.push_back(lane);
  }
  return zk::Writer(self.out);
}

void ZooKeeperDriver::Close(size_t lane) {
  lanes_[lane].closing = true;
  Queue(lane).Close(kCloseXid);
}

void ZooKeeperDriver::Send(size_t lane, const LoadRequest& request) {
  const auto xid = static_cast<int32_t>(request.tag);
  const std::string& path = request.paths[0];
  zk::Writer writer = Queue(lane);
  switch (request.kind) {
    case RequestKind::kCreate:
      return writer.Create(xid, path, request.data);
    case RequestKind::kSet:
      return writer.SetData(xid, path, request.data);
    case RequestKind::kMulti:
      writer.BeginMulti(xid);
      for (const std::string& each : request.paths) {
        writer.SetInMulti(each, request.data);
      }
      return writer.EndMulti();
    case RequestKind::kGetLocal:
      return writer.Read(xid, zk::Type::kGetData, path);
    case RequestKind::kGetLinearizable:
      writer.Sync(kSyncXid, path);
      return writer.Read(xid, zk::Type::kGetData, path);
    case RequestKind::kExists:
      writer.Sync(kSyncXid, path);
      return writer.Read(xid, zk::Type::kExists, path);
    case RequestKind::kWatch:
      return writer.AddWatch(xid, path);
  }
}

void ZooKeeperDriver::Flush() {
  SendPings();
  for (const size_t lane : dirty_) {
    lanes_[lane].dirty = false;
    if (!lanes_[lane].blocked && lanes_[lane].fd >= 0) Write(lane);
  }
  dirty_.clear();
}

void ZooKeeperDriver::Write(size_t lane) {
  Lane& self = lanes_[lane];
  while (!self.out.empty()) {
    const ssize_t sent =
        send(self.fd, self.out.data(), self.out.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      self.out.erase(0, static_cast<size_t>(sent));
      continue;
    }
    // Another error is told by reading, too.
    if (errno != EAGAIN) return;
    if (!self.blocked) Listen(lane, EPOLL_CTL_MOD, /*for_writing=*/true);
    self.blocked = true;
    return;
  }
  if (self.blocked) Listen(lane, EPOLL_CTL_MOD, /*for_writing=*/false);
  self.blocked = false;
}

void ZooKeeperDriver::SendPings() {
  const int64_t now = Now();
  const int64_t interval = int64_t{session_timeout_ms_} * 1'000'000 / 3;
  while (!pings_.empty() && pings_.front().at <= now) {
    const PingDue due = pings_.front();
    pings_.pop_front();
    const Lane& lane = lanes_[due.lane];
    if (lane.life != due.life || !lane.ready || lane.closing) continue;
    Queue(due.lane).Ping();
    pings_.push_back({now + interval, due.lane, due.life});
  }
}

void ZooKeeperDriver::Poll(int64_t until) {
  std::vector<std::pair<size_t, std::string>> ended;
  ended.swap(ended_);
  for (const auto& [lane, why] : ended) events_.OnBroken(lane, why);
  const int64_t left = ended.empty() ? std::max<int64_t>(0, until - Now()) : 0;
  const timespec timeout = {.tv_sec = left / 1'000'000'000,
                            .tv_nsec = left % 1'000'000'000};
  std::array<epoll_event, kMaxEvents> found;
  const int count =
      epoll_pwait2(epoll_, found.data(), kMaxEvents, &timeout, nullptr);
  for (int i = 0; i < count; ++i) {
    const size_t lane = found[static_cast<size_t>(i)].data.u64;
    const uint32_t events = found[static_cast<size_t>(i)].events;
    if (lanes_[lane].fd < 0) continue;
    if ((events & EPOLLOUT) != 0) Write(lane);
    if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) Read(lane);
  }
}

void ZooKeeperDriver::Read(size_t lane) {
  Lane& self = lanes_[lane];
  std::array<char, kReadBytes> buffer;
  const ssize_t size = recv(self.fd, buffer.data(), buffer.size(), 0);
  if (size < 0 && errno == EAGAIN) return;
  if (size <= 0) return End(lane, "Disconnected");
  self.in.append(buffer.data(), static_cast<size_t>(size));
  HandleMessages(lane);
}

bool ZooKeeperDriver::HandleMessages(size_t lane) {
  Lane& self = lanes_[lane];
  const uint32_t life = self.life;
  size_t done = 0;
  while (true) {
    const auto next = zk::NextMessage(absl::string_view(self.in).substr(done));
    if (!next) break;
    if (next->second == 0) {
      End(lane, "BadAnswer");
      return false;
    }
    done += next->second;
    if (!HandleMessage(lane, next->first) || self.life != life) return false;
  }
  self.in.erase(0, done);
  return true;
}

bool ZooKeeperDriver::HandleMessage(size_t lane, absl::string_view message) {
  Lane& self = lanes_[lane];
  if (!self.ready) {
    if (!zk::ParseConnected(message)) {
      End(lane, "SessionExpired");
      return false;
    }
    self.ready = true;
    pings_.push_back({Now() + int64_t{session_timeout_ms_} * 1'000'000 / 3,
                      lane, self.life});
    events_.OnReady(lane);
    return true;
  }
  const auto reply = zk::ParseReply(message);
  if (!reply) {
    End(lane, "BadAnswer");
    return false;
  }
  if (reply->xid == zk::kWatchXid) {
    events_.OnWatch(lane);
  } else if (reply->xid == kCloseXid) {
    End(lane, "Closed");
    return false;
  } else if (reply->xid >= 0 && reply->xid != kSyncXid) {
    events_.OnAnswer(
        lane, reply->xid,
        reply->error == 0 ? std::string() : zk::ErrorName(reply->error));
  }
  return true;
}

void ZooKeeperDriver::End(size_t lane, const std::string& why) {
  Lane& self = lanes_[lane];
  const bool closed = self.closing;
  close(self.fd);
  self.fd = -1;
  ++self.life;
  self.ready = self.closing = self.blocked = false;
  self.out.clear();
  self.in.clear();
  if (closed) {
    events_.OnClosed(lane);
  } else {
    events_.OnBroken(lane, why);
  }
}

}  // namespace

absl::StatusOr<DriverFactory> MakeZooKeeperDrivers(
    ZooKeeperDriverOptions options) {
  auto addresses = std::make_shared<std::vector<sockaddr_in>>();
  for (const std::string& endpoint : options.endpoints) {
    const size_t colon = endpoint.rfind(':');
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    uint32_t port = 0;
    if (colon == std::string::npos ||
        !absl::SimpleAtoi(endpoint.substr(colon + 1), &port) || port > 65535 ||
        inet_pton(AF_INET, endpoint.substr(0, colon).c_str(),
                  &address.sin_addr) != 1) {
      return UsageError(
          absl::StrCat("expected an address such as 127.0.0.1:2181, found \"",
                       endpoint, "\""));
    }
    address.sin_port = htons(static_cast<uint16_t>(port));
    addresses->push_back(address);
  }
  const int32_t timeout = options.session_timeout_ms;
  return DriverFactory(
      [addresses, timeout](size_t first, size_t count, DriverEvents& events) {
        return std::make_unique<ZooKeeperDriver>(*addresses, timeout, first,
                                                 count, events);
      });
}

}  // namespace quorate::tools
