#include "tools/quorate/outage/input.h"

#include <cstdlib>
#include <string>

#include "absl/status/statusor.h"
#include "gtest/gtest.h"

namespace quorate::tools {
namespace {

TEST(Input, SplitsIntoLinesAndPutsThemTogetherAgain) {
  for (const std::string& content :
       {std::string("one\n\ntwo\n"), std::string("one\ntwo"), std::string("\n"),
        std::string("x"), std::string("a\0b\n\xff", 5)}) {
    const absl::StatusOr<Input> input = ParseInput("file", content);
    ASSERT_TRUE(input.ok()) << input.status();
    EXPECT_EQ(input->bytes, content.size());
    EXPECT_EQ(input->digest, Sha256(content));
    EXPECT_EQ(DigestOf(input->lines, input->ends_with_newline), input->digest);
  }
  EXPECT_EQ(ParseInput("file", "one\n\ntwo\n")->lines.size(), 3u);
}

TEST(Input, DigestIsThatOfSha256sum) {
  EXPECT_EQ(Sha256("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Input, RefusesWhatCannotBePlayed) {
  EXPECT_FALSE(ParseInput("file", "").ok());
  const absl::StatusOr<Input> lines =
      ParseInput("file", std::string(kMaxInputLines + 1, '\n'));
  EXPECT_NE(lines.status().message().find("20001 lines"), std::string::npos)
      << lines.status();
  const absl::StatusOr<Input> line =
      ParseInput("file", "short\n" + std::string(kMaxLineBytes + 1, 'x'));
  EXPECT_NE(line.status().message().find("line 2 of file"), std::string::npos)
      << line.status();
  EXPECT_FALSE(ReadInput("/nothing/there").ok());
}

}  // namespace
}  // namespace quorate::tools
