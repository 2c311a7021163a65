// HttpServer: answers GET for a few paths, for monitoring. Plain HTTP; small on
// purpose: nothing but text comes out, and nothing that is sent in is read.

#ifndef QUORATE_COORD_SERVER_HTTP_SERVER_H_
#define QUORATE_COORD_SERVER_HTTP_SERVER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "coord/server/host_port.h"

namespace quorate::server {

struct HttpAnswer {
  int status = 200;
  std::string text;
};

class HttpServer {
 public:
  // By path. Called on threads of the server, several at once.
  using Handlers = std::map<std::string, std::function<HttpAnswer()>>;

  // Unavailable: the address cannot be listened on.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(
      const HostPort& address, Handlers handlers);
  // Returns when no handler runs any more.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  int port() const;

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_HTTP_SERVER_H_
