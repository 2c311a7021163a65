#include "tools/quorate/outage/message_key.h"

#include <cstdint>

#include "gtest/gtest.h"

namespace quorate::tools {
namespace {

TEST(MessageKey, IsReadStrictly) {
  int act = 0;
  int64_t number = 0;
  EXPECT_TRUE(ParseKey(KeyOf(3, 1234), act, number));
  EXPECT_EQ(act, 3);
  EXPECT_EQ(number, 1234);
  for (const char* key : {"", "1", "1/", "/1", "1/2/3", "a/1", "0/1", "1/-1"}) {
    EXPECT_FALSE(ParseKey(key, act, number)) << key;
  }
}

}  // namespace
}  // namespace quorate::tools
