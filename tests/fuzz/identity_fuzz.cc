// Small texts that come with a connection: the peer's name, a credential, an
// ensemble id, an address in a message; and the cleaning of what is shown.
//
//   input = which:u8 bytes

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/rpc/codec/identity.h"
#include "coord/rpc/codec/ids_codec.h"
#include "coord/rpc/codec/utf8.h"
#include "coord/tree/acl.h"
#include "google/protobuf/stubs/common.h"
#include "proto/coord/v1/coord.pb.h"
#include "tests/fuzz/fuzz.h"

namespace quorate::fuzz {
namespace {

bool IsUtf8(absl::string_view text) {
  return google::protobuf::internal::IsStructurallyValidUTF8(
      text.data(), static_cast<int>(text.size()));
}

void CheckAddress(absl::string_view peer) {
  const std::optional<tree::Identity> identity = rpc::AddressIdentity(peer);
  if (!identity) return;
  QUORATE_CHECK(identity->scheme == "ip");
  // An ACL can name it.
  const tree::Acl acl = {{tree::kRead, *identity}};
  QUORATE_CHECK(tree::ResolveAcl("/", acl, {}).ok());
  QUORATE_CHECK(tree::Permits(acl, tree::kRead, {*identity}));
}

void CheckCredential(Choices& choices) {
  coord::v1::Credential credential;
  credential.set_scheme(choices.Byte() % 2 == 0 ? "digest" : "other");
  const std::string secret(choices.rest());
  credential.set_secret(secret);
  const absl::StatusOr<tree::Identity> identity =
      rpc::CredentialIdentity(credential);
  if (!identity.ok()) {
    // A secret is not repeated, as it might end in a log: what is said does not
    // depend on it.
    std::string other(secret.size(), 'x');
    if (absl::StrContains(secret, '\0')) other = std::string(":\0", 2);
    credential.set_secret(other);
    QUORATE_CHECK(rpc::CredentialIdentity(credential).status().code() ==
                  identity.status().code());
    return;
  }
  // It travels in strings of protos.
  QUORATE_CHECK(IsUtf8(identity->id));
  const tree::Acl acl = {{tree::kRead, *identity}};
  const absl::StatusOr<tree::Acl> resolved = tree::ResolveAcl("/", acl, {});
  QUORATE_CHECK(identity->id.size() > tree::kMaxAclIdBytes || resolved.ok());
}

void CheckEnsembleId(absl::string_view bytes) {
  const absl::StatusOr<EnsembleId> id = rpc::DecodeEnsembleId(bytes);
  if (id.ok()) QUORATE_CHECK(rpc::EncodeEnsembleId(*id) == bytes);
}

void CheckClean(Choices& choices) {
  const size_t max_bytes = choices.Word();
  const absl::string_view text = choices.rest();
  const std::string clean = rpc::CleanUtf8(text, max_bytes);
  QUORATE_CHECK(clean.size() <= max_bytes && clean.size() <= text.size());
  QUORATE_CHECK(IsUtf8(clean));
  QUORATE_CHECK(rpc::CleanUtf8(clean, max_bytes) == clean);
}

}  // namespace

std::vector<std::string> Seeds() {
  using std::string_literals::operator""s;
  return {"\0ipv4:10.0.0.7:4321"s,
          "\0ipv6:%5B::ffff:10.0.0.7%5D:4321"s,
          "\0unix:/tmp/x"s,
          "\1\0user:password"s,
          "\1\0no colon"s,
          "\1\1x"s,
          "\2" + rpc::EncodeEnsembleId({.high = 1, .low = 2}),
          "\2"s,
          "\3\0\10\xc3\xa4 caf\xe9 \xf0\x9f\x98\x80 \xed\xa0\x80"s};
}

}  // namespace quorate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quorate;  // NOLINT
  fuzz::Choices choices(fuzz::Text(data, size));
  switch (choices.Byte() % 4) {
    case 0:
      fuzz::CheckAddress(choices.rest());
      break;
    case 1:
      fuzz::CheckCredential(choices);
      break;
    case 2:
      fuzz::CheckEnsembleId(choices.rest());
      break;
    default:
      fuzz::CheckClean(choices);
      break;
  }
  return 0;
}
