#include "coord/server/disk/fsync_window.h"

#include <cstdint>

#include "gtest/gtest.h"

namespace quorate::server {
namespace {

constexpr int64_t kSecond = 1'000'000;

TEST(FsyncWindowTest, TheSlowestOfTheWindowCounts) {
  FsyncWindow window;
  EXPECT_EQ(window.SlowestMs(5 * kSecond), 0);
  window.Add(5 * kSecond, 30'001);
  window.Add(5 * kSecond + 1, 2'000);
  window.Add(8 * kSecond, 7'000);
  EXPECT_EQ(window.SlowestMs(8 * kSecond), 31);
  EXPECT_EQ(window.SlowestMs(14 * kSecond), 31);
  EXPECT_EQ(window.SlowestMs(15 * kSecond), 7);
}

TEST(FsyncWindowTest, AnIdleDiskIsAsItWasLast) {
  FsyncWindow window;
  window.Add(5 * kSecond, 90'000);
  window.Add(6 * kSecond, 40'000);
  EXPECT_EQ(window.SlowestMs(1000 * kSecond), 40);
  // A slot is used again for a later second.
  window.Add(1005 * kSecond, 1'000);
  EXPECT_EQ(window.SlowestMs(1005 * kSecond), 1);
}

}  // namespace
}  // namespace quorate::server
