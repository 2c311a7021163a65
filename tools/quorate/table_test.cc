#include "tools/quorate/table.h"

#include <sstream>

#include "gtest/gtest.h"
#include "tools/quorate/console.h"

namespace quorate::tools {
namespace {

TEST(TableTest, AlignsByCharacters) {
  std::ostringstream out;
  const Console console{.out = out, .err = out};
  Table table({"NAME", "N"});
  table.Add({"gr\xc3\xbcn", "1"});
  table.Add({"", "22"});
  table.PaintLast(Colour::kRed);
  table.Print(console);
  EXPECT_EQ(out.str(), "NAME  N\ngr\xc3\xbcn  1\n-     22\n");
}

TEST(TableTest, ColoursOnATerminalOnly) {
  std::ostringstream out;
  const Console console{.out = out, .err = out, .out_is_terminal = true};
  Table table({"A"});
  table.Add({"x"});
  table.PaintLast(Colour::kGreen);
  table.Print(console);
  EXPECT_EQ(out.str(), "\x1b[1mA\x1b[0m\n\x1b[32mx\x1b[0m\n");
}

TEST(PairsTest, AlignsValues) {
  std::ostringstream out;
  PrintPairs({.out = out, .err = out}, {{"a", "1"}, {"long", ""}});
  EXPECT_EQ(out.str(), "a     1\nlong  -\n");
}

}  // namespace
}  // namespace quorate::tools
