// HostPort: "host:port" as flags have it.

#ifndef QUORATE_COORD_SERVER_HOST_PORT_H_
#define QUORATE_COORD_SERVER_HOST_PORT_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace quorate::server {

struct HostPort {
  std::string host;   // without the brackets of an IPv6 address
  uint16_t port = 0;  // 0: any free one

  // "0.0.0.0" and "::": every interface, so nothing that a peer can reach.
  bool IsWildcard() const;
  // With brackets again.
  std::string ToString() const;
};

// Names, IPv4 addresses and IPv6 addresses in brackets. InvalidArgument, with
// what was expected and what was found.
absl::StatusOr<HostPort> ParseHostPort(absl::string_view text);

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_HOST_PORT_H_
