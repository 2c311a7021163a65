#include "coord/tree/txn_codec.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/base/seeded_random.h"
#include "coord/tree/node_kind.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace quorate::tree {
namespace {

Acl TwoEntries() {
  return {{kRead, {"world", "anyone"}}, {kAllPermissions, {"digest", "a:b"}}};
}

// At least one of each kind.
std::vector<Txn> AllKinds() {
  const CreateTxn create = {"/a", "data", TwoEntries(), 0};
  const CreateTxn empty = {"/a/b", "", OpenAcl(), TtlOwner(7)};
  const SetDataTxn set = {"/a", std::string(300, '\0'), 7};
  const TxnBody bodies[] = {
      create,
      empty,
      DeleteTxn{"/a/b"},
      DeleteContainerTxn{"/c"},
      DeleteRecursiveTxn{"/a"},
      set,
      SetAclTxn{"/a", TwoEntries(), -3},
      CheckTxn{"/"},
      MultiTxn{},
      MultiTxn{{create, DeleteTxn{"/x"}, set, CheckTxn{"/y"}}},
      CreateSessionTxn{4000, "sixteen bytes!!!"},
      CloseSessionTxn{},
      ErrorTxn{ErrorCode::kNoNode, "/a", "NoNode for /a", {}},
      ErrorTxn{
          ErrorCode::kNoAuth, "", "", {ErrorCode::kOk, ErrorCode::kNoAuth}},
  };
  std::vector<Txn> txns;
  for (const TxnBody& body : bodies) {
    txns.push_back({SessionId{-5}, 17, 16, 1'700'000'000'000, body});
  }
  return txns;
}

TEST(TxnCodecTest, RoundTripsEveryKind) {
  for (const Txn& txn : AllKinds()) {
    const std::string bytes = EncodeTxn(txn);
    const absl::StatusOr<Txn> decoded = DecodeTxn(bytes);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(*decoded, txn);
    EXPECT_EQ(EncodeTxn(*decoded), bytes);
  }
}

TEST(TxnCodecTest, BytesAreFixedForEver) {
  // Logs that were written by this release must be read by all later ones.
  const Txn txn = {SessionId{1}, 9, 2, 3, SetDataTxn{"/a", "x", 4}};
  const std::string expected(
      "\x01\x05"
      "\x01\0\0\0\0\0\0\0"
      "\x09\0\0\0\0\0\0\0"
      "\x02\0\0\0\0\0\0\0"
      "\x03\0\0\0\0\0\0\0"
      "\x02\0\0\0/a"
      "\x01\0\0\0x"
      "\x04\0\0\0",
      49);
  EXPECT_EQ(EncodeTxn(txn), expected);
}

TEST(TxnCodecTest, RefusesEveryTruncationAndAnyTail) {
  for (const Txn& txn : AllKinds()) {
    const std::string bytes = EncodeTxn(txn);
    for (size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(DecodeTxn(bytes.substr(0, size)).ok());
    }
    EXPECT_FALSE(DecodeTxn(bytes + '\0').ok());
  }
}

TEST(TxnCodecTest, WhatDecodesAfterDamageIsCanonical) {
  for (const Txn& txn : AllKinds()) {
    const std::string bytes = EncodeTxn(txn);
    for (size_t at = 0; at < bytes.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string damaged = bytes;
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
        const absl::StatusOr<Txn> decoded = DecodeTxn(damaged);
        if (decoded.ok()) {
          EXPECT_EQ(EncodeTxn(*decoded), damaged);
        }
      }
    }
  }
}

TEST(TxnCodecTest, SurvivesRandomBytes) {
  SeededRandom random{TestSeed()};
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random.Below(120), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.Below(256));
    if (bytes.size() > 1) {
      bytes[0] = 1;
      bytes[1] = static_cast<char>(random.Below(13));
    }
    const absl::StatusOr<Txn> decoded = DecodeTxn(bytes);
    if (decoded.ok()) {
      EXPECT_EQ(EncodeTxn(*decoded), bytes);
    }
  }
}

TEST(TxnCodecTest, TellsUnknownFromMalformed) {
  std::string bytes = EncodeTxn(AllKinds()[0]);
  bytes[1] = 99;
  EXPECT_EQ(DecodeTxn(bytes).status().code(), absl::StatusCode::kUnimplemented);
  bytes[0] = 2;
  EXPECT_EQ(DecodeTxn(bytes).status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(DecodeTxn("").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(TxnCodecTest, RefusesWhatCouldNotApply) {
  const TxnBody bodies[] = {
      CreateTxn{"a", "", OpenAcl(), 0},
      CreateTxn{"/a", "", OpenAcl(), static_cast<int64_t>(kTtlMask)},
      DeleteTxn{"/a/"},
      SetDataTxn{"/a", std::string(kMaxDataBytes + 1, 'x'), 0},
      CreateSessionTxn{0, "sixteen bytes!!!"},
      CreateSessionTxn{5, "fifteen bytes!!"},
      ErrorTxn{ErrorCode::kOk, "", "", {}},
      ErrorTxn{static_cast<ErrorCode>(-4), "", "", {}},
      ErrorTxn{ErrorCode::kNoNode, std::string(4097, 'x'), "", {}},
      ErrorTxn{ErrorCode::kNoNode, "", std::string(1025, 'x'), {}},
      ErrorTxn{ErrorCode::kNoNode, "", "", {static_cast<ErrorCode>(-4)}},
      ErrorTxn{ErrorCode::kNoNode, "", "",
               std::vector<ErrorCode>(kMaxMultiOps + 1, ErrorCode::kOk)},
      SetAclTxn{"/a", Acl(kMaxAclEntries + 1), 0},
      MultiTxn{std::vector<MultiOpTxn>(kMaxMultiOps + 1, CheckTxn{"/"})},
  };
  for (const TxnBody& body : bodies) {
    const Txn txn = {SessionId{1}, 0, 0, 0, body};
    EXPECT_EQ(DecodeTxn(EncodeTxn(txn)).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  for (int64_t acked_through : {-1, 7, 8}) {
    const Txn txn = {SessionId{1}, 7, acked_through, 0, CheckTxn{"/"}};
    EXPECT_EQ(DecodeTxn(EncodeTxn(txn)).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace quorate::tree
