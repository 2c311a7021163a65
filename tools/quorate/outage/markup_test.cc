#include "tools/quorate/outage/markup.h"

#include <string>

#include "gtest/gtest.h"

namespace quorate::tools {
namespace {

TEST(Markup, EscapesWhatHasAMeaning) {
  EXPECT_EQ(Escape("<a href=\"x\">&'"),
            "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
  EXPECT_EQ(Escape("caf\xc3\xa9"), "caf\xc3\xa9");
  EXPECT_EQ(Escape("\x01\xff").find('\x01'), std::string::npos);
}

TEST(Markup, GroupsDigits) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1'000), "1,000");
  EXPECT_EQ(Grouped(-1'234'567), "-1,234,567");
  EXPECT_EQ(Grouped(-123), "-123");
}

TEST(Markup, ElementsCarryEscapedWords) {
  EXPECT_EQ(Text(1, 2, "name", "end", "<3"),
            "<text x=\"1.0\" y=\"2.0\" class=\"name\" text-anchor=\"end\">"
            "&lt;3</text>\n");
  EXPECT_NE(Rect(0, 0, 1, 1, "m1", "a<b").find("<title>a&lt;b</title>"),
            std::string::npos);
}

}  // namespace
}  // namespace quorate::tools
