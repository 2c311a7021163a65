#include "coord/rpc/codec/identity.h"

#include <arpa/inet.h>

#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "coord/credential/digest.h"
#include "coord/rpc/codec/error.h"
#include "coord/rpc/codec/utf8.h"
#include "coord/tree/acl.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::rpc {
namespace {

constexpr char kDigest[] = "digest";

std::string WithoutPort(absl::string_view host_and_port) {
  return std::string(host_and_port.substr(0, host_and_port.rfind(':')));
}

// "10.0.0.7" for an IPv4 address that is mapped into IPv6; else nothing.
std::optional<std::string> MappedV4(const std::string& ipv6) {
  in6_addr address;
  if (inet_pton(AF_INET6, ipv6.c_str(), &address) != 1 ||
      !IN6_IS_ADDR_V4MAPPED(&address)) {
    return std::nullopt;
  }
  in_addr v4;
  std::memcpy(&v4, address.s6_addr + 12, sizeof(v4));
  char text[INET_ADDRSTRLEN];
  if (inet_ntop(AF_INET, &v4, text, sizeof(text)) == nullptr) {
    return std::nullopt;
  }
  return std::string(text);
}

}  // namespace

std::optional<tree::Identity> AddressIdentity(absl::string_view grpc_peer) {
  std::optional<std::string> v4;
  if (absl::ConsumePrefix(&grpc_peer, "ipv4:")) {
    v4 = WithoutPort(grpc_peer);
    in_addr address;
    // It ends at the first null character for inet_pton().
    if (v4->find('\0') != std::string::npos ||
        inet_pton(AF_INET, v4->c_str(), &address) != 1) {
      v4.reset();
    }
  } else if (absl::ConsumePrefix(&grpc_peer, "ipv6:")) {
    const std::string plain = absl::StrReplaceAll(
        grpc_peer, {{"%5B", "["}, {"%5b", "["}, {"%5D", "]"}, {"%5d", "]"}});
    v4 = MappedV4(
        absl::StrReplaceAll(WithoutPort(plain), {{"[", ""}, {"]", ""}}));
  }
  if (!v4) return std::nullopt;
  return tree::Identity{.scheme = "ip", .id = *std::move(v4)};
}

absl::StatusOr<tree::Identity> CredentialIdentity(
    const coord::v1::Credential& credential) {
  if (credential.scheme() != kDigest) {
    return MalformedError(
        absl::StrCat("the scheme of a credential is \"digest\"; found \"",
                     CleanUtf8(credential.scheme(), 64), "\""));
  }
  absl::StatusOr<std::string> id = DigestId(credential.secret());
  if (!id.ok()) return MalformedError(id.status().message());
  // It will stand in strings of protos. One that is not UTF-8 would not parse
  // at the next member, with all requests beside it.
  if (CleanUtf8(*id, id->size()) != *id) {
    return MalformedError(
        "the user of a digest credential must be valid UTF-8; it is not");
  }
  return tree::Identity{.scheme = kDigest, .id = *std::move(id)};
}

}  // namespace quorate::rpc
