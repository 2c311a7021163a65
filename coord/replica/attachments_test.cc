#include "coord/replica/attachments.h"

#include <cstdint>

#include "coord/tree/session_id.h"
#include "gtest/gtest.h"

namespace quorate::replica {
namespace {

constexpr tree::SessionId kSession{1};

TEST(Attachments, BelongToTheNewest) {
  Attachments attachments;
  EXPECT_TRUE(attachments.MayUse(kSession, 5));  // nobody is known
  EXPECT_TRUE(attachments.Attach(kSession, 5));
  EXPECT_TRUE(attachments.Attach(kSession, 5));
  EXPECT_TRUE(attachments.Attach(kSession, 6));
  EXPECT_FALSE(attachments.MayUse(kSession, 5));
  EXPECT_TRUE(attachments.MayUse(kSession, 6));
  EXPECT_TRUE(attachments.MayUse(tree::SessionId{2}, 5));
}

TEST(Attachments, DoNotGoBack) {
  Attachments attachments;
  for (uint64_t each = 1; each <= Attachments::kRemembered + 1; ++each) {
    EXPECT_TRUE(attachments.Attach(kSession, each));
  }
  EXPECT_FALSE(attachments.Attach(kSession, 1));
  EXPECT_FALSE(attachments.Attach(kSession, Attachments::kRemembered));
  EXPECT_TRUE(attachments.MayUse(kSession, Attachments::kRemembered + 1));
  EXPECT_TRUE(attachments.Attach(kSession, 100));
  EXPECT_TRUE(attachments.Attach(kSession, 1));  // too long ago
}

TEST(Attachments, EndWithTheSession) {
  Attachments attachments;
  attachments.Attach(kSession, 5);
  attachments.Forget(kSession);
  EXPECT_EQ(attachments.size(), 0u);
  EXPECT_TRUE(attachments.MayUse(kSession, 6));
}

}  // namespace
}  // namespace quorate::replica
