#include "coord/server/host_port.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace quorate::server {
namespace {

constexpr size_t kMaxHostBytes = 255;

absl::Status Bad(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("expected HOST:PORT, such as 10.0.0.1:7400 or [::1]:7400; "
                   "found \"",
                   text, "\": ", why));
}

bool IsHostByte(char byte, bool bracketed) {
  if (bracketed) return byte > ' ' && byte < 0x7f && byte != '[';
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= '0' && byte <= '9') || byte == '.' || byte == '-' ||
         byte == '_';
}

}  // namespace

bool HostPort::IsWildcard() const { return host == "0.0.0.0" || host == "::"; }

std::string HostPort::ToString() const {
  return host.find(':') == std::string::npos
             ? absl::StrCat(host, ":", port)
             : absl::StrCat("[", host, "]:", port);
}

absl::StatusOr<HostPort> ParseHostPort(absl::string_view text) {
  const bool bracketed = !text.empty() && text.front() == '[';
  const size_t colon = bracketed ? text.find("]:") : text.rfind(':');
  if (colon == absl::string_view::npos) return Bad(text, "no \":PORT\"");
  const absl::string_view host =
      bracketed ? text.substr(1, colon - 1) : text.substr(0, colon);
  const absl::string_view port = text.substr(colon + (bracketed ? 2 : 1));
  if (host.empty()) return Bad(text, "no host");
  if (host.size() > kMaxHostBytes) return Bad(text, "the host is too long");
  for (const char byte : host) {
    if (!IsHostByte(byte, bracketed)) {
      return Bad(text, "the host has a character that no host has");
    }
  }
  uint32_t number = 0;
  // Digits only: SimpleAtoi would allow signs and blanks.
  if (port.find_first_not_of("0123456789") != absl::string_view::npos ||
      !absl::SimpleAtoi(port, &number) || number > UINT16_MAX) {
    return Bad(text, "the port is no number from 0 to 65535");
  }
  return HostPort{std::string(host), static_cast<uint16_t>(number)};
}

}  // namespace quorate::server
