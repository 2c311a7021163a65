#include "coord/consensus/fencing_token.h"

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/base/ids.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"

namespace quorate::consensus {
namespace {

constexpr EnsembleId kOurs = {1, 2};
constexpr EnsembleId kOther = {1, 3};

TEST(FencingTokenTest, LaterOnesAreNewer) {
  const FencingToken old_token = {kOurs, Zxid(2, 9)};
  const FencingToken new_token = {kOurs, Zxid(3, 1)};
  EXPECT_EQ(new_token.epoch(), 3u);
  EXPECT_TRUE(*IsNewer(new_token, old_token));
  EXPECT_FALSE(*IsNewer(old_token, new_token));
  EXPECT_FALSE(*IsNewer(new_token, new_token));
}

TEST(FencingTokenTest, TokensOfTwoEnsemblesHaveNoOrder) {
  const FencingToken ours = {kOurs, Zxid(2, 9)};
  const FencingToken other = {kOther, Zxid(9, 9)};
  EXPECT_EQ(IsNewer(other, ours).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(IsNewer(ours, other).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(FencingTokenTest, EmptyTokenHasNoAge) {
  const FencingToken token = {kOurs, Zxid(2, 9)};
  for (const FencingToken& none : {FencingToken(), FencingToken{kOurs, Zxid()},
                                   FencingToken{EnsembleId(), Zxid(2, 9)}}) {
    EXPECT_TRUE(none.IsNone());
    EXPECT_EQ(IsNewer(token, none).status().code(),
              absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(IsNewer(none, token).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(FencingTokenTest, NewestHolderIsObeyed) {
  const FencingToken newest = {kOurs, Zxid(2, 9)};
  EXPECT_FALSE(CheckToken(newest, FencingToken()).has_value());
  EXPECT_FALSE(CheckToken(newest, newest).has_value());
  EXPECT_FALSE(CheckToken({kOurs, Zxid(2, 10)}, newest).has_value());
}

TEST(FencingTokenTest, StaleForeignAndMissingTokensAreRefused) {
  const FencingToken newest = {kOurs, Zxid(2, 9)};
  for (const FencingToken& bad :
       {FencingToken{kOurs, Zxid(2, 8)}, FencingToken{kOurs, Zxid(1, 99)},
        FencingToken{kOther, Zxid(2, 9)}, FencingToken{kOther, Zxid(9, 9)},
        FencingToken()}) {
    const std::optional<Refusal> refusal = CheckToken(bad, newest);
    ASSERT_TRUE(refusal.has_value()) << ToString(bad);
    EXPECT_EQ(refusal->rule, Rule::kClientsRemember);
    EXPECT_FALSE(refusal->retry_after_ms.has_value());
  }
  EXPECT_TRUE(CheckToken(FencingToken(), FencingToken()).has_value());
}

TEST(FencingTokenTest, TextGoesBothWays) {
  const FencingToken token = {{0xab, UINT64_MAX}, Zxid(3, 17)};
  EXPECT_EQ(ToString(token), "00000000000000abffffffffffffffff:3:17");
  EXPECT_EQ(*ParseFencingToken(ToString(token)), token);
  const FencingToken highest = {{UINT64_MAX, UINT64_MAX},
                                Zxid(UINT32_MAX, UINT32_MAX)};
  EXPECT_EQ(*ParseFencingToken(ToString(highest)), highest);
}

TEST(FencingTokenTest, OtherTextsAreRefused) {
  const std::string id(32, '1');
  ASSERT_TRUE(ParseFencingToken(id + ":3:17").ok());
  for (const std::string& text :
       {std::string(), id, id + ":3", id + ":3:17:1", id + ":3:17 ",
        " " + id + ":3:17", id + ":03:17", id + ":3:+17", id + ":-3:17",
        id + ":3:4294967296", id + ":x:17", id.substr(1) + ":3:17",
        "1" + id + ":3:17", std::string(32, '0') + ":3:17", id + ":0:0",
        std::string(32, 'A') + ":3:17", std::string(32, 'g') + ":3:17",
        "0x" + id.substr(2) + ":3:17", std::string(1'000, ':')}) {
    EXPECT_EQ(ParseFencingToken(text).status().code(),
              absl::StatusCode::kInvalidArgument)
        << text;
  }
}

}  // namespace
}  // namespace quorate::consensus
