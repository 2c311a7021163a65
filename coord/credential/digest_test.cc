#include "coord/credential/digest.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"

namespace quorate {
namespace {

TEST(DigestTest, AgreesWithZooKeeper) {
  // From ZooKeeper's DigestAuthenticationProvider and its documentation.
  EXPECT_EQ(*DigestId("super:test"), "super:D/InIHSb7yEEbrWz8b9l71RjZJU=");
  EXPECT_EQ(*DigestId("super:admin"), "super:xQJmxLMiHGwaqBvst5y6rkB6HQs=");
}

TEST(DigestTest, ThePasswordMayBeAnything) {
  EXPECT_NE(*DigestId("a:b:c"), *DigestId("a:b"));
  EXPECT_EQ(DigestId("a:")->substr(0, 2), "a:");
  EXPECT_EQ(DigestId(std::string("a:\xff\xfe"))->size(), 2 + 28);
}

TEST(DigestTest, RefusesWhatIsNoCredential) {
  for (const std::string& bad :
       {std::string(), std::string("user"), std::string(":password"),
        std::string("a:b\0c", 5),
        "a:" + std::string(kMaxCredentialBytes, 'x')}) {
    const absl::StatusOr<std::string> digest = DigestId(bad);
    EXPECT_EQ(digest.status().code(), absl::StatusCode::kInvalidArgument)
        << bad;
  }
  EXPECT_EQ(DigestId(":secret").status().message().find("secret"),
            std::string::npos);
}

}  // namespace
}  // namespace quorate
