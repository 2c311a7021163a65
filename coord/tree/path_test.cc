#include "coord/tree/path.h"

#include <limits>
#include <string>
#include <vector>

#include "coord/tree/error.h"
#include "gtest/gtest.h"

namespace quorate::tree {
namespace {

TEST(PathTest, AcceptsWhatZooKeeperAccepts) {
  for (const char* path :
       {"/", "/a", "/a/b", "/a.b", "/.a", "/a.", "/...", "/a/..b", "/ ",
        "/\xc3\xa9", "/\xe6\x97\xa5", "/\xef\xa4\x80", "/\xef\xbf\xaf"}) {
    EXPECT_TRUE(ValidatePath(path).ok()) << ValidatePath(path);
  }
  EXPECT_TRUE(ValidatePath("/" + std::string(kMaxPathBytes - 1, 'a')).ok());
}

TEST(PathTest, RefusesTheRest) {
  const std::string with_null("/a\0b", 4);
  const std::string paths[] = {
      "",
      "a",
      "a/b",
      "/a/",
      "//",
      "//a",
      "/a//b",
      "/.",
      "/..",
      "/a/./b",
      "/a/../b",
      "/a/..",
      with_null,
      "/\x01",
      "/\x1f",
      "/\x7f",
      "/\xc2\x80",          // U+0080, a control character
      "/\xc2\x9f",          // U+009F, the last of these
      "/\xed\xa0\x80",      // U+D800, a surrogate
      "/\xee\x80\x80",      // U+E000, private use
      "/\xef\xa3\xbf",      // U+F8FF, private use
      "/\xef\xbf\xb0",      // U+FFF0
      "/\xf0\x9f\x98\x80",  // above U+FFFF
      "/\xc0\x80",          // overlong
      "/\xe0\x80\x80",      // overlong
      "/\xe6\x97",          // cut short
      "/\xff",
      "/\x80",
      "/" + std::string(kMaxPathBytes, 'a'),
  };
  for (const std::string& path : paths) {
    EXPECT_EQ(ErrorCodeOf(ValidatePath(path)), ErrorCode::kBadArguments)
        << path;
  }
}

TEST(PathTest, CutsAndJoins) {
  EXPECT_EQ(ParentPath("/a/b"), "/a");
  EXPECT_EQ(ParentPath("/a"), "/");
  EXPECT_EQ(ParentPath("/"), "/");
  EXPECT_EQ(ParentPath("a"), "");
  EXPECT_EQ(BaseName("/a/b"), "b");
  EXPECT_EQ(BaseName("/"), "");
  EXPECT_EQ(JoinPath("/", "a"), "/a");
  EXPECT_EQ(JoinPath("/a", "b"), "/a/b");
  std::vector<std::string> prefixes;
  ForEachPrefix("/a/b/c", [&](absl::string_view prefix) {
    prefixes.emplace_back(prefix);
  });
  EXPECT_EQ(prefixes, (std::vector<std::string>{"/a/b/c", "/a/b", "/a"}));
}

TEST(PathTest, IsAtOrBelowLooksAtWholeNames) {
  EXPECT_TRUE(IsAtOrBelow("/a", "/a"));
  EXPECT_TRUE(IsAtOrBelow("/a/b", "/a"));
  EXPECT_TRUE(IsAtOrBelow("/a", "/"));
  EXPECT_FALSE(IsAtOrBelow("/ab", "/a"));
  EXPECT_FALSE(IsAtOrBelow("/a", "/a/b"));
}

TEST(PathTest, SequencesHaveTenDigits) {
  EXPECT_EQ(SequenceSuffix(0), "0000000000");
  EXPECT_EQ(SequenceSuffix(42), "0000000042");
  EXPECT_EQ(SequenceSuffix(std::numeric_limits<int32_t>::max()), "2147483647");
  EXPECT_EQ(SequenceSuffix(std::numeric_limits<int32_t>::min()), "-2147483648");
}

TEST(PathTest, OrderPutsASubtreeBeforeTheNextSibling) {
  const char* ordered[] = {"/",   "/a",    "/a/b", "/a/b/c", "/a/c",     "/a!",
                           "/a-", "/a-/b", "/ab",  "/b",     "/\xc3\xa9"};
  for (const char* const& a : ordered) {
    for (const char* const& b : ordered) {
      const int expected = &a < &b ? -1 : &a > &b ? 1 : 0;
      EXPECT_EQ(ComparePaths(a, b), expected) << a << " " << b;
    }
  }
}

}  // namespace
}  // namespace quorate::tree
