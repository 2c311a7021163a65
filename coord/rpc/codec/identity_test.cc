#include "coord/rpc/codec/identity.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/tree/acl.h"
#include "gtest/gtest.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::rpc {
namespace {

TEST(AddressIdentityTest, KnowsIpv4InBothForms) {
  const tree::Identity expected = {.scheme = "ip", .id = "10.0.0.7"};
  EXPECT_EQ(AddressIdentity("ipv4:10.0.0.7:4321"), expected);
  EXPECT_EQ(AddressIdentity("ipv6:%5B::ffff:10.0.0.7%5D:4321"), expected);
  EXPECT_EQ(AddressIdentity("ipv6:[::ffff:10.0.0.7]:4321"), expected);
}

TEST(AddressIdentityTest, KnowsNoOthers) {
  for (const char* peer :
       {"", "ipv4:", "ipv4:host:1", "ipv4:1.2.3:4", "ipv6:%5B::1%5D:4321",
        "ipv6:%5B2001:db8::7%5D:1", "unix:/tmp/socket", "10.0.0.7:4321"}) {
    EXPECT_FALSE(AddressIdentity(peer)) << peer;
  }
  EXPECT_FALSE(AddressIdentity(std::string("ipv4:10.0.0.7\0x:1", 17)));
}

TEST(CredentialIdentityTest, HashesThePassword) {
  coord::v1::Credential credential;
  credential.set_scheme("digest");
  credential.set_secret("super:test");
  const absl::StatusOr<tree::Identity> identity =
      CredentialIdentity(credential);
  ASSERT_TRUE(identity.ok()) << identity.status();
  EXPECT_EQ(identity->scheme, "digest");
  EXPECT_EQ(identity->id, "super:D/InIHSb7yEEbrWz8b9l71RjZJU=");
}

TEST(CredentialIdentityTest, RefusesOthers) {
  coord::v1::Credential credential;
  credential.set_scheme("world");
  credential.set_secret("anyone");
  const absl::Status unknown = CredentialIdentity(credential).status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(unknown.message().find("\"world\""), std::string::npos) << unknown;
  credential.set_scheme("super");
  EXPECT_FALSE(CredentialIdentity(credential).ok()) << "nobody becomes super";
  credential.set_scheme("digest");
  EXPECT_FALSE(CredentialIdentity(credential).ok()) << "it has no user";
  // A follower would send a batch to the leader that cannot be parsed there.
  credential.set_secret("caf\xe9:password");
  const absl::Status bytes = CredentialIdentity(credential).status();
  EXPECT_EQ(bytes.code(), absl::StatusCode::kInvalidArgument) << bytes;
  EXPECT_EQ(bytes.message().find("password"), std::string::npos);
  credential.set_secret("caf\xc3\xa9:\xe9");
  EXPECT_TRUE(CredentialIdentity(credential).ok()) << "passwords are any bytes";
}

}  // namespace
}  // namespace quorate::rpc
