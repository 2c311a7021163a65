#include "broker/group/group_record.h"

#include <string>

#include "absl/status/status.h"
#include "broker/error/broker_error.h"
#include "broker/group/group_types.h"
#include "gtest/gtest.h"

namespace quorate::broker {
namespace {

TEST(GroupRecordTest, ComesBackAsItWas) {
  const TopicOffsets offsets = {.topic_id = 0xffff'ffff'0000'0001,
                                .offsets = {{0, 5}, {10, 0}, {2, 1LL << 60}}};
  EXPECT_EQ(*ParseOffsets(EncodeOffsets(offsets)), offsets);
  EXPECT_EQ(*ParseOffsets(EncodeOffsets({})), TopicOffsets());
  EXPECT_EQ(*ParseGeneration(EncodeGeneration(7)), 7);
  EXPECT_EQ(EncodeGeneration(7), R"({"generation":7})");
  EXPECT_EQ(EncodeOffsets({.topic_id = 9, .offsets = {{0, 5}}}),
            R"({"topic_id":9,"offsets":{"0":5}})");
}

TEST(GroupRecordTest, RefusesOtherTexts) {
  for (const char* text :
       {"", "{}", "7", "{\"generation\":-1}", "{\"generation\":\"7\"}",
        "{\"generation\":99999999999}", "{\"generation\":1.5}",
        "{\"generation\":1e300}"}) {
    EXPECT_TRUE(absl::IsDataLoss(ParseGeneration(text).status())) << text;
  }
  for (const char* text :
       {"", "{}", "[1]", R"({"topic_id":1,"offsets":{"x":5}})",
        R"({"topic_id":1,"offsets":{"-1":5}})",
        R"({"topic_id":1,"offsets":{"0":-5}})",
        R"({"topic_id":1,"offsets":{"0":"5"}})", R"({"offsets":{"0":5}})",
        R"({"topic_id":-1,"offsets":{}})", R"({"topic_id":1.0,"offsets":{}})",
        R"({"topic_id":1,"offsets":{"0":1e300}})"}) {
    EXPECT_TRUE(absl::IsDataLoss(ParseOffsets(text).status())) << text;
  }
  const std::string deep =
      std::string(300'000, '[') + std::string(300'000, ']');
  const std::string text = "{\"topic_id\":" + deep + ",\"offsets\":{}}";
  EXPECT_TRUE(absl::IsDataLoss(ParseOffsets(text).status()));
  EXPECT_TRUE(absl::IsDataLoss(ParseGeneration(deep).status()));
}

TEST(GroupRecordTest, KnowsGoodNames) {
  EXPECT_TRUE(CheckGroupName("orders_v2.eu-west").ok());
  EXPECT_TRUE(CheckGroupName(std::string(200, 'g')).ok());
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("a/b"),
        std::string("a b"), std::string("\xc3\xbc"), std::string("a\0b", 3),
        std::string(201, 'g')}) {
    EXPECT_TRUE(Is(CheckGroupName(name), ErrorKind::kBadRequest)) << name;
  }
}

}  // namespace
}  // namespace quorate::broker
