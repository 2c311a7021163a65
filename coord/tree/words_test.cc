// error.h, node_kind.h, wire.h, digest.h: the small words.

#include <limits>
#include <string>

#include "absl/status/status.h"
#include "coord/tree/digest.h"
#include "coord/tree/error.h"
#include "coord/tree/node_kind.h"
#include "coord/tree/wire.h"
#include "gtest/gtest.h"

namespace quorate::tree {
namespace {

TEST(ErrorTest, CarriesZooKeepersCode) {
  const absl::Status status = Error(ErrorCode::kNoNode, "/a", "look elsewhere");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "NoNode for /a: look elsewhere");
  EXPECT_EQ(ErrorCodeOf(status), ErrorCode::kNoNode);
  EXPECT_EQ(ErrorCodeOf(absl::OkStatus()), ErrorCode::kOk);
  EXPECT_EQ(ErrorCodeOf(absl::NotFoundError("")), ErrorCode::kSystemError);
  EXPECT_EQ(ErrorName(ErrorCode::kInvalidAcl), "InvalidACL");
  EXPECT_EQ(ErrorName(static_cast<ErrorCode>(5)), "Unknown");
  EXPECT_TRUE(IsErrorCode(-112));
  EXPECT_FALSE(IsErrorCode(-999));
  EXPECT_EQ(ErrorPathOf(status), "/a");
  EXPECT_EQ(ErrorPathOf(Error(ErrorCode::kNoNode, "")), "");
  EXPECT_EQ(ErrorWithMessage(ErrorCode::kNoNode, "/a",
                             "NoNode for /a: look elsewhere"),
            status);
}

TEST(NodeKindTest, TellsOwnersApart) {
  EXPECT_EQ(KindOf(0), NodeKind::kPersistent);
  EXPECT_EQ(KindOf(1), NodeKind::kEphemeral);
  EXPECT_EQ(KindOf(kContainerOwner), NodeKind::kContainer);
  EXPECT_EQ(KindOf(kContainerOwner + 1), NodeKind::kEphemeral);
  EXPECT_EQ(KindOf(TtlOwner(1)), NodeKind::kTtl);
  EXPECT_EQ(TtlMs(TtlOwner(kMaxTtlMs)), kMaxTtlMs);
  EXPECT_FALSE(IsValidTtl(0));
  EXPECT_FALSE(IsValidTtl(kMaxTtlMs + 1));
  EXPECT_TRUE(IsValidOwner(TtlOwner(1)));
  EXPECT_FALSE(IsValidOwner(static_cast<int64_t>(kTtlMask)));  // TTL of 0
  EXPECT_FALSE(IsValidOwner(-1));  // reserved bits are set
  EXPECT_FALSE(IsValidSessionId({-1}));
  EXPECT_FALSE(IsValidSessionId({0}));
  EXPECT_TRUE(IsValidSessionId({std::numeric_limits<int64_t>::max()}));
}

TEST(WireTest, RoundTripsInLittleEndian) {
  std::string bytes;
  WireWriter writer(bytes);
  writer.U8(200);
  writer.U32(0x01020304);
  writer.I32(-2);
  writer.I64(std::numeric_limits<int64_t>::min());
  writer.String("abc");
  EXPECT_EQ(bytes.substr(1, 4), "\x04\x03\x02\x01");
  WireReader reader(bytes);
  EXPECT_EQ(reader.U8(), 200);
  EXPECT_EQ(reader.U32(), 0x01020304u);
  EXPECT_EQ(reader.I32(), -2);
  EXPECT_EQ(reader.I64(), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(reader.String(), "abc");
  EXPECT_TRUE(reader.AtEnd());
}

TEST(WireTest, AFailureLasts) {
  WireReader reader(absl::string_view("\x05\0\0\0abc", 7));
  EXPECT_EQ(reader.String(), "");
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.U8(), 0);
  EXPECT_FALSE(reader.AtEnd());
  WireReader counts(absl::string_view("\x03\0\0\0abcdef", 10));
  EXPECT_EQ(counts.Count(2), 3u);
  WireReader too_many(absl::string_view("\x03\0\0\0abcde", 9));
  EXPECT_EQ(too_many.Count(2), 0u);
  EXPECT_FALSE(too_many.ok());
}

TEST(DigestTest, HashIsFixedForEver) {
  // The XXH3 specification's values for no input and seed 0.
  EXPECT_EQ(HashBytes(""), 0x2d06800538d394c2u);
  EXPECT_NE(HashBytes("a"), HashBytes("b"));
}

}  // namespace
}  // namespace quorate::tree
