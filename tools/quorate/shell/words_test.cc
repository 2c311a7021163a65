#include "tools/quorate/shell/words.h"

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quorate::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(WordsTest, BlanksCommentsAndQuotes) {
  EXPECT_THAT(*SplitWords("  get  /a\t--stat "),
              ElementsAre("get", "/a", "--stat"));
  EXPECT_THAT(*SplitWords("get /a # a comment"), ElementsAre("get", "/a"));
  EXPECT_THAT(*SplitWords("set /a#b c"), ElementsAre("set", "/a#b", "c"));
  EXPECT_THAT(*SplitWords(""), IsEmpty());
  EXPECT_THAT(*SplitWords("'a b' \"c d\" '' \"\""),
              ElementsAre("a b", "c d", "", ""));
  EXPECT_THAT(*SplitWords("a'b c'd\\ e"), ElementsAre("ab cd e"));
  EXPECT_THAT(*SplitWords("'\\n' \"\\n\\t\\\"\\\\\\x41\""),
              ElementsAre("\\n", "\n\t\"\\A"));
}

TEST(WordsTest, Errors) {
  for (const char* bad :
       {"'a", "\"a", "a\\", "\"\\", "\"\\q\"", "\"\\x4\"", "\"\\xzz\""}) {
    EXPECT_FALSE(SplitWords(bad).ok()) << bad;
  }
}

TEST(WordsTest, WhatIsQuotedComesBack) {
  for (int byte = 1; byte < 256; ++byte) {
    const std::string word = "a" + std::string(1, static_cast<char>(byte));
    EXPECT_THAT(*SplitWords(QuoteWord(word)), ElementsAre(word)) << byte;
  }
  EXPECT_THAT(*SplitWords(QuoteWord("")), ElementsAre(""));
}

}  // namespace
}  // namespace quorate::tools
