#include "coord/base/json_nesting.h"

#include <string>

#include "gtest/gtest.h"

namespace quorate {
namespace {

TEST(JsonNestingTest, CountsOpenBrackets) {
  EXPECT_EQ(JsonNesting(""), 0u);
  EXPECT_EQ(JsonNesting("17"), 0u);
  EXPECT_EQ(JsonNesting("[]"), 1u);
  EXPECT_EQ(JsonNesting(R"({"a": [1, {"b": []}], "c": {}})"), 4u);
  EXPECT_EQ(JsonNesting("[[], [[]], []]"), 3u);
  EXPECT_EQ(JsonNesting(std::string(100'000, '[')), 100'000u);
}

TEST(JsonNestingTest, LooksIntoNoString) {
  EXPECT_EQ(JsonNesting(R"(["[[[", {"{{": "]"}])"), 2u);
  EXPECT_EQ(JsonNesting(R"(["\"[[", "\\", []])"), 2u);
  EXPECT_EQ(JsonNesting(R"("[[)"), 0u) << "it is not closed";
  EXPECT_EQ(JsonNesting("\"\\"), 0u) << "nor is this";
}

TEST(JsonNestingTest, TakesWhatIsNoJson) {
  EXPECT_EQ(JsonNesting("]]]}}"), 0u);
  EXPECT_EQ(JsonNesting("]]]["), 1u);
}

}  // namespace
}  // namespace quorate
