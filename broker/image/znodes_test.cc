#include "broker/image/znodes.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/image/cluster_image.h"
#include "gtest/gtest.h"

namespace quorate::broker {
namespace {

TEST(Znodes, Paths) {
  EXPECT_EQ(BrokerPath(7), "/broker/ids/7");
  EXPECT_EQ(PartitionPath("t", 12), "/broker/topics/t/12");
}

// What is written is a contract: other programs read it.
TEST(Znodes, WritesStableKeys) {
  EXPECT_EQ(FormatRegistration({"a:1", "u"}),
            R"({"address":"a:1","directory":"u"})");
  EXPECT_EQ(FormatOffice({2, 5}), R"({"broker":2,"epoch":5})");
  EXPECT_EQ(FormatPartition({{1, 2}, -1, 4, {2}, 9}),
            R"({"replicas":[1,2],"leader":-1,"leader_epoch":4,"isr":[2]})");
  EXPECT_EQ(FormatConfig({3, 2, 0, 7, 1 << 20, 1 << 16}),
            R"({"replication_factor":3,"min_insync_replicas":2,)"
            R"("retention_bytes":0,"retention_ms":7,)"
            R"("segment_bytes":1048576,"max_batch_bytes":65536})");
}

TEST(Znodes, ComeBack) {
  const Registration registration = {"host:1", "0123"};
  EXPECT_EQ(ParseRegistration("/p", FormatRegistration(registration)).value(),
            registration);
  const Office office = {3, 1'000'000'000'000};
  EXPECT_EQ(ParseOffice(FormatOffice(office)).value(), office);
  const TopicConfig config = {3, 2, 5, 6, 1 << 20, 1 << 20};
  EXPECT_EQ(ParseConfig("/p", FormatConfig(config)).value(), config);
  const PartitionState state = {{3, 1, 2}, 1, 8, {1, 2}, 11};
  EXPECT_EQ(ParsePartition("/p", FormatPartition(state), 11).value(), state);
  EXPECT_EQ(ParseCounter("/p", "42").value(), 42);
  EXPECT_TRUE(CheckRootData(kRootData).ok());
}

TEST(Znodes, CountersAreDecimal) {
  for (const char* bad :
       {"", " 1", "1\n", "-1", "01", "0x1", "99999999999999999999"}) {
    EXPECT_TRUE(absl::IsDataLoss(ParseCounter("/p", bad).status())) << bad;
  }
}

TEST(Znodes, RefuseOtherFormats) {
  for (const char* bad : {"", "{}", "{\"format\":2}", "{\"format\":\"1\"}",
                          "{\"format\":1,\"more\":1}", "[1]"}) {
    EXPECT_TRUE(absl::IsDataLoss(CheckRootData(bad))) << bad;
  }
}

// Whoever may write a znode could stop every broker otherwise.
TEST(Znodes, RefuseWhatIsNestedTooDeeply) {
  const std::string deep =
      std::string(300'000, '[') + std::string(300'000, ']');
  const std::string text = "{\"address\":" + deep + ",\"directory\":\"u\"}";
  EXPECT_TRUE(absl::IsDataLoss(ParseRegistration("/p", text).status()));
  EXPECT_TRUE(absl::IsDataLoss(ParseOffice(deep).status()));
}

TEST(Znodes, RefuseWhatIsNotAsWritten) {
  const std::string rest = R"("leader":1,"leader_epoch":0,"isr":[1]})";
  EXPECT_TRUE(ParsePartition("/p", R"({"replicas":[1],)" + rest, 0).ok());
  for (const char* begin :
       {R"({)", R"({"replicas":1,)", R"({"replicas":[],)",
        R"({"replicas":[1,1],)", R"({"replicas":["1"],)",
        R"({"replicas":[1.0],)", R"({"replicas":[1],"x":0,)",
        R"({"replicas":[18446744073709551615],)", R"({"replicas":[2],)",
        R"({"replicas":[0,1],)", R"({"replicas":[1],,)"}) {
    const auto parsed = ParsePartition("/p", begin + rest, 0);
    EXPECT_TRUE(absl::IsDataLoss(parsed.status())) << begin;
  }
  for (const char* bad :
       {R"({"broker":0,"epoch":1})", R"({"broker":1,"epoch":0})",
        R"({"broker":4294967297,"epoch":1})", R"({"broker":1})", "null",
        R"({"broker":true,"epoch":1})"}) {
    EXPECT_TRUE(absl::IsDataLoss(ParseOffice(bad).status())) << bad;
  }
  EXPECT_TRUE(absl::IsDataLoss(
      ParseRegistration("/p", R"({"address":"","directory":"u"})").status()));
}

}  // namespace
}  // namespace quorate::broker
