#include "coord/client/fencing_token.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/client/types.h"
#include "gtest/gtest.h"

namespace quorate::client {
namespace {

const char kText[] = "30313233343536373839616263646566:3:12";

FencingToken Token(Zxid czxid) {
  return {.ensemble_id = "0123456789abcdef", .czxid = czxid};
}

TEST(FencingToken, HasOneText) {
  const FencingToken token = Token(Zxid{3} << 32 | 12);
  EXPECT_EQ(ToString(token), kText);
  const absl::StatusOr<FencingToken> parsed = ParseFencingToken(kText);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, token);
}

TEST(FencingToken, RefusesEveryOtherText) {
  const std::string id = "30313233343536373839616263646566";
  for (const std::string& text : std::vector<std::string>{
           "", id, id + ":3", id + ":3:12:1", id + ":03:12", id + ":3:-1",
           id + ":3:4294967296", id + ":0:0", id + ": 3:12",
           "3031323334353637383961626364656:3:12",
           "3031323334353637383961626364656G:3:12",
           "3031323334353637383961626364656A:3:12",
           "00000000000000000000000000000000:3:12"}) {
    EXPECT_EQ(ParseFencingToken(text).status().code(),
              absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST(FencingToken, IsNewerIfGrantedLater) {
  EXPECT_TRUE(*IsNewer(Token(Zxid{2} << 32), Token(0xffff'ffff)));
  EXPECT_FALSE(*IsNewer(Token(5), Token(5)));
  EXPECT_FALSE(*IsNewer(Token(5), Token(6)));
}

TEST(FencingToken, HasNoAgeAmongOtherEnsembles) {
  FencingToken other = Token(5);
  other.ensemble_id[0] = 'x';
  EXPECT_EQ(IsNewer(Token(6), other).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(IsNewer(FencingToken(), Token(5)).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace quorate::client
