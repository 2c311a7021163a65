#include "coord/tree/sessions.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "coord/tree/error.h"
#include "coord/tree/stat.h"
#include "coord/tree/txn_result.h"
#include "coord/tree/wire.h"
#include "gtest/gtest.h"

namespace quorate::tree {
namespace {

constexpr char kPassword[] = "sixteen bytes!!!";

RememberedResult ResultAt(uint32_t counter, std::string path = "/a") {
  RememberedResult result;
  result.zxid = Zxid(1, counter);
  result.result.path = std::move(path);
  return result;
}

std::vector<int64_t> IdsOf(const SessionTable& table, SessionId id) {
  std::vector<int64_t> ids;
  for (const auto& [request_id, result] : table.Find(id)->results) {
    ids.push_back(request_id);
  }
  return ids;
}

TEST(SessionTableTest, OpensAndClosesOnce) {
  SessionTable table;
  EXPECT_TRUE(table.Open({2}, 100, kPassword));
  EXPECT_FALSE(table.Open({2}, 200, kPassword));
  EXPECT_EQ(table.Find({2})->timeout_ms, 100);
  EXPECT_EQ(table.Find({2})->password, kPassword);
  const Digest one = table.digest();
  EXPECT_TRUE(table.Open({1}, 100, kPassword));
  EXPECT_NE(table.digest(), one);
  EXPECT_TRUE(table.Remember({1}, 1, 0, ResultAt(1)));
  EXPECT_TRUE(table.Close({1}));
  EXPECT_EQ(table.digest(), one);
  EXPECT_FALSE(table.Close({1}));
  EXPECT_FALSE(table.Has({1}));
  EXPECT_EQ(table.Find({1}), nullptr);
  EXPECT_TRUE(table.Close({2}));
  EXPECT_EQ(table.digest(), 0u);
}

TEST(SessionTableTest, RemembersResultsUntilTheyAreAcked) {
  SessionTable table;
  table.Open({1}, 100, kPassword);
  EXPECT_FALSE(table.Remember({1}, 2, 0, ResultAt(1)));
  EXPECT_FALSE(table.Remember({2}, 1, 0, ResultAt(1)));
  EXPECT_TRUE(table.Remember({1}, 1, 0, ResultAt(1)));
  EXPECT_FALSE(table.Remember({1}, 1, 0, ResultAt(1)));
  EXPECT_TRUE(table.Remember({1}, 2, 0, ResultAt(5, "/b")));
  EXPECT_EQ(table.ResultOf({1}, 2)->zxid, Zxid(1, 5));
  EXPECT_EQ(table.ResultOf({1}, 2)->result.path, "/b");
  EXPECT_EQ(table.ResultOf({1}, 3), nullptr);
  EXPECT_EQ(table.ResultOf({2}, 1), nullptr);
  EXPECT_TRUE(table.Remember({1}, 3, 2, ResultAt(6)));
  EXPECT_EQ(IdsOf(table, {1}), std::vector<int64_t>{3});
  EXPECT_TRUE(table.Remember({1}, 4, 0, ResultAt(7)));
  EXPECT_EQ(IdsOf(table, {1}), (std::vector<int64_t>{3, 4}));
  EXPECT_EQ(table.Find({1})->last_request_id, 4);
}

TEST(SessionTableTest, TheDigestCoversAllOfASession) {
  const auto digest = [](int32_t timeout_ms, const char* password,
                         const std::vector<RememberedResult>& results) {
    SessionTable table;
    table.Open({1}, timeout_ms, password);
    int64_t request_id = 0;
    for (const RememberedResult& result : results) {
      EXPECT_TRUE(table.Remember({1}, ++request_id, 0, result));
    }
    return table.digest();
  };
  const Digest base = digest(1, kPassword, {ResultAt(1)});
  EXPECT_EQ(digest(1, kPassword, {ResultAt(1)}), base);
  EXPECT_NE(digest(2, kPassword, {ResultAt(1)}), base);
  EXPECT_NE(digest(1, "another password", {ResultAt(1)}), base);
  EXPECT_NE(digest(1, kPassword, {}), base);
  EXPECT_NE(digest(1, kPassword, {ResultAt(2)}), base);
  EXPECT_NE(digest(1, kPassword, {ResultAt(1, "/b")}), base);
  EXPECT_NE(digest(1, kPassword, {ResultAt(1), ResultAt(2)}),
            digest(1, kPassword, {ResultAt(2), ResultAt(1)}));
}

// The digest of what is left does not tell how it came about, as members load
// it from snapshots.
TEST(SessionTableTest, RestoresWhatItHad) {
  SessionTable table;
  table.Open({1}, 100, kPassword);
  for (uint32_t i = 1; i <= 9; ++i) table.Remember({1}, i, i / 2, ResultAt(i));
  EXPECT_EQ(IdsOf(table, {1}), (std::vector<int64_t>{5, 6, 7, 8, 9}));
  SessionTable restored;
  restored.Open({1}, 100, kPassword);
  restored.RestoreCount({1}, 9);
  for (uint32_t i = 5; i <= 9; ++i) restored.RestoreResult({1}, i, ResultAt(i));
  EXPECT_EQ(restored.digest(), table.digest());
  EXPECT_EQ(restored.Find({1})->results, table.Find({1})->results);
  EXPECT_EQ(restored.Find({1})->result_bytes, table.Find({1})->result_bytes);
}

TEST(SessionTableTest, BoundsWhatItRemembers) {
  SessionTable table;
  table.Open({1}, 100, kPassword);
  const int64_t many = kMaxRememberedResults + 3;
  for (int64_t i = 1; i <= many; ++i) {
    ASSERT_TRUE(table.Remember({1}, i, 0, ResultAt(1)));
  }
  EXPECT_EQ(table.Find({1})->results.size(), kMaxRememberedResults);
  EXPECT_EQ(table.ResultOf({1}, 3), nullptr);
  EXPECT_NE(table.ResultOf({1}, 4), nullptr);

  RememberedResult big;
  big.result.multi.assign(4000, ResultAt(1, std::string(4000, 'x')).result);
  table.Open({2}, 100, kPassword);
  for (int64_t i = 1; i <= 3; ++i) {
    ASSERT_TRUE(table.Remember({2}, i, 0, big));
    EXPECT_LE(table.Find({2})->result_bytes, kMaxRememberedBytes);
    EXPECT_EQ(IdsOf(table, {2}), std::vector<int64_t>{i});
  }
  // One alone is kept, however big it is.
  big.result.multi.assign(4096, ResultAt(1, std::string(4096, 'x')).result);
  ASSERT_TRUE(table.Remember({2}, 4, 0, big));
  EXPECT_EQ(IdsOf(table, {2}), std::vector<int64_t>{4});
  table.Close({1});
  table.Close({2});
  EXPECT_EQ(table.digest(), 0u);
}

TEST(TxnResultTest, RoundTrips) {
  RememberedResult remembered = ResultAt(3);
  remembered.result.stat = Stat();
  remembered.result.stat->mzxid = Zxid(7, 8);
  remembered.result.stat->num_children = -1;
  remembered.result.message = "a message";
  remembered.result.error = ErrorCode::kNoAuth;
  remembered.result.multi.resize(3);
  remembered.result.multi[1].error = ErrorCode::kNoNode;
  remembered.result.multi[2].stat = Stat();
  std::string bytes;
  WireWriter writer(bytes);
  WriteResult(remembered, writer);
  WireReader reader(bytes);
  EXPECT_EQ(ReadResult(reader), remembered);
  EXPECT_TRUE(reader.AtEnd());
  for (size_t size = 0; size < bytes.size(); ++size) {
    WireReader cut(absl::string_view(bytes).substr(0, size));
    ReadResult(cut);
    EXPECT_FALSE(cut.AtEnd()) << size;
  }
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
    WireReader damaged_reader(damaged);
    const RememberedResult read = ReadResult(damaged_reader);
    if (!damaged_reader.AtEnd()) continue;
    std::string again;
    WireWriter again_writer(again);
    WriteResult(read, again_writer);
    EXPECT_EQ(again, damaged);
  }
}

TEST(TxnResultTest, TellsTheErrorAsItWas) {
  TxnResult result;
  EXPECT_TRUE(StatusOf(result).ok());
  const absl::Status status = Error(ErrorCode::kNoNode, "/a", "why");
  result.error = ErrorCode::kNoNode;
  result.path = "/a";
  result.message = std::string(status.message());
  EXPECT_EQ(StatusOf(result), status);
  result.message.clear();
  EXPECT_EQ(StatusOf(result).message(), "NoNode");
  EXPECT_EQ(ErrorPathOf(StatusOf(result)), "/a");
}

}  // namespace
}  // namespace quorate::tree
