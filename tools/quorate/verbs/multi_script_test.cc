#include "tools/quorate/verbs/multi_script.h"

#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/client/types.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quorate::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string ErrorOf(const std::string& text) {
  return std::string(ParseMulti(text).status().message());
}

TEST(MultiScriptTest, EveryOp) {
  const absl::StatusOr<std::vector<client::MultiOp>> ops = ParseMulti(
      "# a comment\n"
      "create /a \"x y\" --sequential --acl world:anyone:r\n"
      "\n"
      "set /b '' --version 3\n"
      "delete /c\n"
      "check /d --version 0");
  ASSERT_TRUE(ops.ok()) << ops.status();
  ASSERT_EQ(ops->size(), 4u);
  const auto& create = std::get<client::Create>((*ops)[0]);
  EXPECT_EQ(create.path, "/a");
  EXPECT_EQ(create.data, "x y");
  EXPECT_EQ(create.mode, client::CreateMode::kPersistentSequential);
  EXPECT_EQ(create.acl.size(), 1u);
  const auto& set = std::get<client::SetData>((*ops)[1]);
  EXPECT_EQ(set.data, "");
  EXPECT_EQ(set.version, 3);
  EXPECT_EQ(std::get<client::Delete>((*ops)[2]).version, client::kAnyVersion);
  EXPECT_EQ(std::get<client::Check>((*ops)[3]).version, 0);
}

TEST(MultiScriptTest, ErrorsNameTheLine) {
  EXPECT_THAT(ErrorOf("create /a\nmove /a /b"), StartsWith("line 2: "));
  EXPECT_THAT(ErrorOf("set /a"), HasSubstr("DATA is required"));
  EXPECT_THAT(ErrorOf("create a"), HasSubstr("bad path"));
  EXPECT_THAT(ErrorOf("create /a --ttl 1s --ephemeral"), HasSubstr("not two"));
  EXPECT_THAT(ErrorOf("set /a 'b"), HasSubstr("not closed"));
  EXPECT_THAT(ErrorOf("check /a --version -1"), HasSubstr("from 0 to"));
  EXPECT_THAT(ErrorOf("# nothing"), HasSubstr("no op"));
}

TEST(MultiScriptTest, AtMost4096Ops) {
  std::string text;
  for (int i = 0; i < 4096; ++i) absl::StrAppend(&text, "delete /a\n");
  EXPECT_TRUE(ParseMulti(text).ok());
  EXPECT_THAT(ErrorOf(text + "delete /a"), HasSubstr("at most 4096"));
}

}  // namespace
}  // namespace quorate::tools
