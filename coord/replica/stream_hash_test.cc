#include "coord/replica/stream_hash.h"

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace quorate::replica {
namespace {

TEST(StreamHashTest, DoesNotMindHowItIsCut) {
  // The XXH3 specification's value for no input and seed 0.
  EXPECT_EQ(StreamHash().Value(), 0x2d06800538d394c2u);
  std::string text;
  for (int i = 0; i < 1000; ++i) text += static_cast<char>(i * 7);
  StreamHash whole;
  whole.Add(text);
  for (const size_t piece : {1, 3, 64, 500}) {
    StreamHash cut;
    for (size_t at = 0; at < text.size(); at += piece) {
      cut.Add(absl::string_view(text).substr(at, piece));
      cut.Value();
    }
    EXPECT_EQ(cut.Value(), whole.Value()) << piece;
  }
}

}  // namespace
}  // namespace quorate::replica
