#include "tools/quorate/bench/peer/zookeeper_wire.h"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace quorate::tools::zookeeper {
namespace {

std::string Bytes(std::initializer_list<int> values) {
  std::string bytes;
  for (const int value : values) bytes.push_back(static_cast<char>(value));
  return bytes;
}

TEST(ZooKeeperWireTest, RequestsStandBehindTheirLength) {
  std::string out;
  Writer(out).Read(7, Type::kGetData, "/a");
  EXPECT_EQ(out, Bytes({0, 0, 0, 15,             // length
                        0, 0, 0, 7, 0, 0, 0, 4,  // xid, type
                        0, 0, 0, 2, '/', 'a',    // path
                        0}));                    // no watch
  const auto message = NextMessage(out);
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->second, out.size());
}

TEST(ZooKeeperWireTest, AMultiIsOneMessage) {
  std::string out = "x";  // what is queued already
  Writer writer(out);
  writer.BeginMulti(1);
  writer.SetInMulti("/a", "1");
  writer.SetInMulti("/b", "2");
  writer.EndMulti();
  const auto message = NextMessage(absl::string_view(out).substr(1));
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->second, out.size() - 1);
  // Two headers of 9 bytes, each with path (6), data (5) and version (4), and
  // the header at the end.
  EXPECT_EQ(message->first.size(), 8u + 2 * (9 + 6 + 5 + 4) + 9);
}

TEST(ZooKeeperWireTest, ConnectAsksForANewSession) {
  std::string out;
  Writer(out).Connect(10'000);
  EXPECT_EQ(out.size(), 4u + 4 + 8 + 4 + 8 + 4 + 16 + 1);
  EXPECT_EQ(out.substr(16, 4), Bytes({0, 0, 0x27, 0x10}));
}

TEST(ZooKeeperWireTest, WaitsForTheWholeMessage) {
  const std::string whole = Bytes({0, 0, 0, 2, 'a', 'b', 0});
  for (size_t size = 0; size < 6; ++size) {
    EXPECT_EQ(NextMessage(absl::string_view(whole).substr(0, size)),
              std::nullopt);
  }
  EXPECT_EQ(NextMessage(whole), std::pair(absl::string_view("ab"), size_t{6}));
}

TEST(ZooKeeperWireTest, AnImpossibleLengthIsTold) {
  for (const std::string& bytes :
       {Bytes({255, 255, 255, 255}), Bytes({127, 0, 0, 0})}) {
    const auto message = NextMessage(bytes);
    ASSERT_TRUE(message.has_value());
    EXPECT_EQ(message->second, 0u);
  }
}

TEST(ZooKeeperWireTest, ReadsAnswers) {
  const std::string reply =
      Bytes({0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 5, 255, 255, 255, 0x9b});  // -101
  const std::optional<Reply> parsed = ParseReply(reply);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->xid, 9);
  EXPECT_EQ(ErrorName(parsed->error), "NoNode");
  EXPECT_FALSE(ParseReply(reply.substr(1)).has_value());
  EXPECT_FALSE(ParseConnected(std::string(16, '\0')));
  EXPECT_TRUE(
      ParseConnected(std::string(7, '\0') + "\1" + std::string(8, '\0')));
}

}  // namespace
}  // namespace quorate::tools::zookeeper
