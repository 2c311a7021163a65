#include "coord/rpc/codec/ids_codec.h"

#include <string>

#include "absl/status/status.h"
#include "coord/base/ids.h"
#include "gtest/gtest.h"

namespace quorate::rpc {
namespace {

TEST(EnsembleIdTest, IsBigEndian) {
  const EnsembleId ensemble = {.high = 0x0102030405060708,
                               .low = 0x1112131415161718};
  const std::string bytes = EncodeEnsembleId(ensemble);
  EXPECT_EQ(bytes,
            "\x01\x02\x03\x04\x05\x06\x07\x08\x11\x12\x13\x14\x15\x16\x17\x18");
  EXPECT_EQ(*DecodeEnsembleId(bytes), ensemble);
}

TEST(EnsembleIdTest, NoneIsEmpty) {
  EXPECT_EQ(EncodeEnsembleId({}), "");
  EXPECT_EQ(*DecodeEnsembleId(""), EnsembleId{});
}

TEST(EnsembleIdTest, RefusesOtherSizes) {
  for (const size_t size : {1, 15, 17, 1000}) {
    EXPECT_EQ(DecodeEnsembleId(std::string(size, 'x')).status().code(),
              absl::StatusCode::kInvalidArgument)
        << size;
  }
  EXPECT_FALSE(DecodeEnsembleId(std::string(16, '\0')).ok());
}

}  // namespace
}  // namespace quorate::rpc
