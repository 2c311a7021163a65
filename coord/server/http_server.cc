#include "coord/server/http_server.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coord/server/host_port.h"
#include "httplib.h"

namespace quorate::server {
namespace {

constexpr size_t kThreads = 4;
constexpr time_t kTimeoutSeconds = 5;
constexpr size_t kMaxRequestBytes = 4096;
constexpr absl::Duration kStartPause = absl::Milliseconds(1);

// Without SO_REUSEPORT, which would let two processes have one port.
void SetSocketOptions(socket_t socket) {
  const int yes = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
}

}  // namespace

class HttpServer::Impl {
 public:
  explicit Impl(Handlers handlers) {
    server_.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    server_.set_socket_options(SetSocketOptions);
    server_.set_read_timeout(kTimeoutSeconds);
    server_.set_write_timeout(kTimeoutSeconds);
    // An idle client keeps no thread.
    server_.set_keep_alive_max_count(1);
    server_.set_payload_max_length(kMaxRequestBytes);
    for (auto& [path, handler] : handlers) {
      server_.Get(
          path, [handler = std::move(handler)](const httplib::Request&,
                                               httplib::Response& response) {
            HttpAnswer answer = handler();
            response.status = answer.status;
            response.set_content(std::move(answer.text),
                                 "text/plain; version=0.0.4; charset=utf-8");
          });
    }
  }

  ~Impl() {
    server_.stop();
    if (thread_.joinable()) thread_.join();
  }

  absl::Status Start(const HostPort& address) {
    errno = 0;
    port_ = address.port;
    if (port_ == 0) {
      port_ = server_.bind_to_any_port(address.host);
    } else if (!server_.bind_to_port(address.host, port_)) {
      port_ = -1;
    }
    if (port_ < 0) {
      return absl::UnavailableError(absl::StrCat(
          "cannot listen on ", address.ToString(), ": ",
          errno == 0 ? "no such address here" : std::strerror(errno),
          "; stop who has it, or choose another address"));
    }
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    // stop() has no effect before.
    while (!server_.is_running()) absl::SleepFor(kStartPause);
    return absl::OkStatus();
  }

  int port() const { return port_; }

 private:
  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

int HttpServer::port() const { return impl_->port(); }

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(
    const HostPort& address, Handlers handlers) {
  auto impl = absl::make_unique<Impl>(std::move(handlers));
  if (absl::Status s = impl->Start(address); !s.ok()) return s;
  return absl::WrapUnique(new HttpServer(std::move(impl)));
}

}  // namespace quorate::server
