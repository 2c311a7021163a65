#include "tools/quorate/pin_file.h"

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "coord/client/session.h"
#include "gtest/gtest.h"
#include "tools/quorate/atomic_file.h"
#include "tools/quorate/exit_code.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {
namespace {

constexpr uint64_t kEpoch = uint64_t{1} << 32;

class PinFileTest : public ::testing::Test {
 protected:
  static client::Pin Pin(char id, uint64_t zxid) {
    return {.ensemble_id = std::string(16, id), .highest_zxid = zxid};
  }

  const std::string path_ =
      testing::TempDir() + "/" +
      testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(PinFileTest, NoFileIsNoPin) {
  const absl::StatusOr<client::Pin> pin = LoadPin(path_);
  ASSERT_TRUE(pin.ok()) << pin.status();
  EXPECT_EQ(*pin, client::Pin());
  EXPECT_TRUE(SavePin(path_, client::Pin()).ok());
  EXPECT_FALSE(FileExists(path_));
}

TEST_F(PinFileTest, OnlyGoesUp) {
  ASSERT_TRUE(SavePin(path_, Pin('a', kEpoch + 7)).ok());
  ASSERT_TRUE(SavePin(path_, Pin('a', kEpoch + 3)).ok());
  EXPECT_EQ(*LoadPin(path_), Pin('a', kEpoch + 7));
  ASSERT_TRUE(SavePin(path_, Pin('a', 2 * kEpoch)).ok());
  EXPECT_EQ(*LoadPin(path_), Pin('a', 2 * kEpoch));
}

TEST_F(PinFileTest, NeverChangesTheEnsemble) {
  ASSERT_TRUE(SavePin(path_, Pin('a', 1)).ok());
  EXPECT_EQ(ExitCodeOf(SavePin(path_, Pin('b', 2))), ExitCode::kRefused);
  EXPECT_EQ(*LoadPin(path_), Pin('a', 1));
}

TEST_F(PinFileTest, OtherFilesStay) {
  ASSERT_TRUE(WriteFileAtomically(path_, "my diary\n").ok());
  EXPECT_EQ(ExitCodeOf(SavePin(path_, Pin('a', 1))), ExitCode::kLocal);
  EXPECT_EQ(*ReadFile(path_, 100), "my diary\n");
}

TEST_F(PinFileTest, Malformed) {
  const std::string good = FormatPin(Pin('a', kEpoch + 1));
  EXPECT_EQ(ParsePin(good), Pin('a', kEpoch + 1));
  EXPECT_FALSE(ParsePin(""));
  EXPECT_FALSE(ParsePin(good + " more"));
  EXPECT_FALSE(ParsePin("quorate-pin 2" + good.substr(13)));
  EXPECT_FALSE(ParsePin(good.substr(0, good.size() - 4)));
}

}  // namespace
}  // namespace quorate::tools
