#include "coord/base/check.h"

#include <string>

#include "gtest/gtest.h"

namespace quorate {
namespace {

struct Caught {
  std::string condition;
};

void ThrowCaught(const char* condition, const char* /*file*/, int /*line*/) {
  throw Caught{condition};
}

class CheckTest : public testing::Test {
 protected:
  ~CheckTest() override { SetCheckFailureHandler(nullptr); }
};

TEST_F(CheckTest, TrueConditionIsEvaluatedOnceAndPasses) {
  int evaluated = 0;
  QUORATE_CHECK(++evaluated == 1);
  EXPECT_EQ(evaluated, 1);
}

TEST_F(CheckTest, FalseConditionAborts) {
  EXPECT_DEATH(QUORATE_CHECK(1 + 1 == 3),
               "check_test.cc:[0-9]+: check failed: 1 \\+ 1 == 3");
}

TEST_F(CheckTest, HandlerMayThrowInPlaceOfTheAbort) {
  SetCheckFailureHandler(ThrowCaught);
  try {
    QUORATE_CHECK(2 < 1);
    FAIL() << "the check passed";
  } catch (const Caught& caught) {
    EXPECT_EQ(caught.condition, "2 < 1");
  }
}

TEST_F(CheckTest, HandlerThatReturnsDoesNotSaveTheProcess) {
  SetCheckFailureHandler([](const char*, const char*, int) {});
  EXPECT_DEATH(QUORATE_CHECK(false), "check failed: false");
}

}  // namespace
}  // namespace quorate
