#include "tools/quorate/verbs/broker/line_source.h"

#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

#include "coord/client/error.h"
#include "gtest/gtest.h"

namespace quorate::tools {
namespace {

std::string Write(const std::string& text) {
  const std::string path =
      testing::TempDir() + "/" +
      testing::UnitTest::GetInstance()->current_test_info()->name();
  std::ofstream(path) << text;
  return path;
}

std::vector<std::string> Lines(const std::string& text) {
  const auto source = LineSource::Open(Write(text), -1);
  EXPECT_TRUE(source.ok()) << source.status();
  std::vector<std::string> lines;
  for (;;) {
    const auto line = (*source)->Next();
    EXPECT_TRUE(line.ok()) << line.status();
    if (!line.ok() || !line->has_value()) return lines;
    lines.push_back(**line);
  }
}

TEST(LineSourceTest, GivesEachLine) {
  EXPECT_EQ(Lines("a\n\nb\n"), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(Lines("a\nb"), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(Lines("").empty());
}

TEST(LineSourceTest, LongLinesSpanManyReads) {
  const std::string long_line(1'000'000, 'x');
  EXPECT_EQ(Lines(long_line + "\n" + long_line),
            (std::vector<std::string>{long_line, long_line}));
}

TEST(LineSourceTest, RefusesWhatIsNoRecord) {
  const auto source = LineSource::Open(
      Write(std::string(LineSource::kMaxLineBytes + 1'000'000, 'x')), -1);
  EXPECT_TRUE(client::IsError((*source)->Next().status(), "Usage"));
  EXPECT_TRUE(client::IsError(
      LineSource::Open("/nonexistent/file", -1).status(), "Local"));
}

TEST(LineSourceTest, EndsWhenItIsInterrupted) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const auto source = LineSource::Open(Write("a\nb\n"), ends[0]);
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  EXPECT_FALSE((*source)->Next()->has_value());
  EXPECT_TRUE((*source)->interrupted());
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace quorate::tools
