#include "coord/rpc/codec/utf8.h"

#include <string>

#include "gtest/gtest.h"

namespace quorate::rpc {
namespace {

TEST(CleanUtf8Test, LeavesValidTextAlone) {
  for (const char* text :
       {"", "plain", "Zürich", "€uro", "\U0001F980 crab", "\xed\x9f\xbf",
        "\xee\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(CleanUtf8(text, 100), text);
  }
}

TEST(CleanUtf8Test, MarksEachByteThatIsNone) {
  EXPECT_EQ(CleanUtf8("a\x80z", 100), "a?z");
  EXPECT_EQ(CleanUtf8("\xc0\xaf", 100), "??") << "an overlong form";
  EXPECT_EQ(CleanUtf8("\xe0\x9f\xbf", 100), "???") << "an overlong form";
  EXPECT_EQ(CleanUtf8("\xf0\x8f\xbf\xbf", 100), "????") << "an overlong form";
  EXPECT_EQ(CleanUtf8("\xed\xa0\x80", 100), "???") << "a surrogate";
  EXPECT_EQ(CleanUtf8("\xf4\x90\x80\x80", 100), "????") << "above U+10FFFF";
  EXPECT_EQ(CleanUtf8("\xe2\x82", 100), "??") << "cut short";
}

TEST(CleanUtf8Test, CutsBetweenCharacters) {
  EXPECT_EQ(CleanUtf8("abc", 2), "ab");
  EXPECT_EQ(CleanUtf8("€€", 5), "€");
  EXPECT_EQ(CleanUtf8("€", 2), "");
}

}  // namespace
}  // namespace quorate::rpc
