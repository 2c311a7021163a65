#include "coord/storage/little_endian.h"

#include <cstdint>
#include <string>

#include "gtest/gtest.h"

namespace quorate::storage {
namespace {

TEST(LittleEndianTest, TheLowestByteComesFirst) {
  std::string bytes;
  PutU8(&bytes, 0xff);
  PutU16(&bytes, 0x0102);
  PutU32(&bytes, 0x03040506);
  PutU64(&bytes, 0x8090a0b0c0d0e0f0);
  EXPECT_EQ(bytes, std::string("\xff\x02\x01\x06\x05\x04\x03"
                               "\xf0\xe0\xd0\xc0\xb0\xa0\x90\x80"));
  Decoder decoder(bytes);
  EXPECT_EQ(decoder.U8(), 0xff);
  EXPECT_EQ(decoder.U16(), 0x0102);
  EXPECT_EQ(decoder.U32(), 0x03040506u);
  EXPECT_EQ(decoder.U64(), 0x8090a0b0c0d0e0f0);
  EXPECT_TRUE(decoder.ok());
  EXPECT_EQ(decoder.left(), 0u);
}

TEST(LittleEndianTest, ReadingBeyondTheEndIsNoticedForGood) {
  Decoder decoder("abc");
  EXPECT_EQ(decoder.U32(), 0u);
  EXPECT_FALSE(decoder.ok());
  EXPECT_EQ(decoder.Text(2), "ab");
  EXPECT_FALSE(decoder.ok());
  EXPECT_EQ(Decoder("").Text(0), "");
}

}  // namespace
}  // namespace quorate::storage
