#include "tools/quorate/text.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/client/types.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace quorate::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(TextTest, Zxid) {
  EXPECT_EQ(FormatZxid(uint64_t{3} << 32 | 17), "3:17");
  EXPECT_EQ(ParseZxid("3:17"), uint64_t{3} << 32 | 17);
  for (const char* bad : {"", "3", "3:", ":3", "a:1", "1:99999999999", "1:-1",
                          "+1:1", " 1:1", "1: 1", "1:1\n", "1:2:3"}) {
    EXPECT_FALSE(ParseZxid(bad)) << bad;
  }
}

TEST(TextTest, PrintableIsOneLineOfUtf8) {
  EXPECT_EQ(Printable("a\nb\t\\"), "a\\nb\\t\\\\");
  EXPECT_EQ(Printable(std::string("\0\x7f\xff", 3)), "\\x00\\x7f\\xff");
  EXPECT_EQ(Printable("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(Printable("\xc2\x85"), "\\xc2\\x85");
  EXPECT_EQ(Printable("abcdef", 3), "abc...");
}

TEST(TextTest, Utf8) {
  EXPECT_TRUE(IsUtf8("a\xe2\x82\xac\xf0\x9f\x98\x80"));
  for (const char* bad :
       {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80"}) {
    EXPECT_FALSE(IsUtf8(bad));
  }
}

TEST(TextTest, DataInJson) {
  Json json;
  SetDataJson("text", json);
  SetDataJson("\xff", json);
  EXPECT_EQ(Dump(json), "{\"data\":\"text\",\"data_base64\":\"/w==\"}");
}

TEST(TextTest, AclThereAndBack) {
  const std::string text = "world:anyone:r,ip:10.0.0.0/8:cdrwa,auth::w";
  const absl::StatusOr<client::Acl> acl = ParseAcl(text);
  ASSERT_TRUE(acl.ok()) << acl.status();
  EXPECT_EQ(FormatAcl(*acl), text);
  EXPECT_EQ((*acl)[1].permissions, client::kAllPermissions);
  // An id may have colons.
  EXPECT_EQ((*ParseAcl("digest:ann:HASH=:r"))[0].id, "ann:HASH=");
  for (const char* bad :
       {"", "world", "world:anyone", "world:anyone:", "world:anyone:x",
        "world:anyone:rr", ":a:r", "world:anyone:r,"}) {
    EXPECT_FALSE(ParseAcl(bad).ok()) << bad;
  }
}

TEST(TextTest, Endpoints) {
  for (const char* good : {"localhost:1", "[::1]:65535", "10.0.0.1:7001"}) {
    EXPECT_TRUE(CheckEndpoint(good).ok()) << good;
  }
  for (const char* bad : {"", "a", ":1", "a:", "a:0", "a:65536", "a:1x",
                          "a b:1", "http://a:1", "a:+1"}) {
    EXPECT_FALSE(CheckEndpoint(bad).ok()) << bad;
  }
}

TEST(TextTest, SecretsAreNotRepeated) {
  EXPECT_EQ(ParseAuth("digest:a:b:c")->secret, "a:b:c");
  for (const char* bad : {"hunter2", "digest:hunter2", ":hunter2"}) {
    const absl::Status status = ParseAuth(bad).status();
    ASSERT_FALSE(status.ok()) << bad;
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("hunter2")));
  }
}

TEST(TextTest, PathsAndOwners) {
  EXPECT_TRUE(CheckPath("/").ok());
  EXPECT_FALSE(CheckPath("/a/").ok());
  EXPECT_TRUE(CheckPath("/a/", true).ok());
  EXPECT_FALSE(CheckPath("a/", true).ok());
  EXPECT_EQ(FormatOwner(0), "persistent");
  EXPECT_EQ(FormatOwner(5), "ephemeral of 0x5");
}

}  // namespace
}  // namespace quorate::tools
