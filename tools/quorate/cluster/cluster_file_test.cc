#include "tools/quorate/cluster/cluster_file.h"

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tools/quorate/exit_code.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {
namespace {

ClusterFile Example() {
  ClusterFile cluster;
  cluster.coordd = "/usr/bin/coordd";
  cluster.flags = {"--log-level=debug"};
  cluster.founded = true;
  ClusterMember member;
  member.id = 3;
  member.address = "127.0.0.1:7001";
  member.metrics = "127.0.0.1:7002";
  member.joins = true;
  member.process = {.pid = 4711,
                    .start_ticks = 1234567890123,
                    .boot_id = "boot",
                    .executable = "/usr/bin/coordd"};
  ClusterMember lost = member;
  lost.id = 1;
  lost.address = "127.0.0.1:7003";
  lost.retired = true;
  cluster.members = {lost, member};
  return cluster;
}

TEST(ClusterFileTest, ThereAndBack) {
  const absl::StatusOr<ClusterFile> parsed =
      ParseCluster(FormatCluster(Example()), "cluster.json");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, Example());
}

TEST(ClusterFileTest, WhoIsRetiredDoesNotCount) {
  ClusterFile cluster = Example();
  ASSERT_EQ(cluster.Present().size(), 1u);
  EXPECT_EQ(cluster.Present()[0]->id, 3u);
  EXPECT_NE(cluster.Find(1), nullptr) << "its id is not given again";
  cluster.members[1].retired = true;
  EXPECT_FALSE(ParseCluster(FormatCluster(cluster), "f").ok());
}

TEST(ClusterFileTest, AFileFromBeforeAnyoneWasRetiredIsRead) {
  nlohmann::json json = nlohmann::json::parse(FormatCluster(Example()));
  for (nlohmann::json& member : json.at("members")) member.erase("retired");
  const absl::StatusOr<ClusterFile> parsed = ParseCluster(json.dump(), "f");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->Present().size(), 2u);
}

ClusterFile ExampleWithBrokers() {
  ClusterFile cluster = Example();
  cluster.brokerd = "/usr/bin/brokerd";
  cluster.broker_flags = {"--replica-lag-ms=500"};
  ClusterBroker broker;
  broker.id = 7;
  broker.address = "127.0.0.1:7101";
  broker.metrics = "127.0.0.1:7102";
  broker.formatted = true;
  broker.process = cluster.members.back().process;
  cluster.brokers = {broker};
  return cluster;
}

TEST(ClusterFileTest, BrokersThereAndBack) {
  const absl::StatusOr<ClusterFile> parsed =
      ParseCluster(FormatCluster(ExampleWithBrokers()), "cluster.json");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, ExampleWithBrokers());
  EXPECT_EQ(BrokerLogPath("d", 7), "d/broker-7/log");
}

TEST(ClusterFileTest, WithoutBrokersItIsAsItWasBeforeThereWereAny) {
  EXPECT_EQ(FormatCluster(Example()).find("broker"), std::string::npos);
}

TEST(ClusterFileTest, EveryPrefixIsRefused) {
  const std::string text = FormatCluster(ExampleWithBrokers());
  // The last two bytes are "}" and a newline.
  for (size_t size = 0; size + 1 < text.size(); ++size) {
    EXPECT_EQ(ExitCodeOf(ParseCluster(text.substr(0, size), "f").status()),
              ExitCode::kLocal);
  }
}

// The JSON library copies values by recursion.
TEST(ClusterFileTest, NothingIsNestedTooDeeply) {
  const std::string deep =
      std::string(300'000, '[') + std::string(300'000, ']');
  const std::string text = absl::StrReplaceAll(
      FormatCluster(Example()), {{"\"format\": 1", "\"format\": " + deep}});
  EXPECT_EQ(ExitCodeOf(ParseCluster(text, "f").status()), ExitCode::kLocal);
  EXPECT_EQ(ExitCodeOf(ParseCluster(deep, "f").status()), ExitCode::kLocal);
}

TEST(ClusterFileTest, NonsenseIsRefused) {
  const std::string text = FormatCluster(ExampleWithBrokers());
  for (const auto& [from, to] :
       {std::pair<const char*, const char*>{"\"format\": 1", "\"format\": 2"},
        {"\"id\": 3", "\"id\": 0"},
        {"\"pid\": 4711", "\"pid\": -1"},
        {"\"pid\": 4711", "\"pid\": \"4711\""},
        {"127.0.0.1:7001", "nowhere"},
        {"\"broker\": 7", "\"broker\": -7"},
        {"\"formatted\"", "\"format\""},
        {"127.0.0.1:7101", "nowhere"},
        {"\"joins\"", "\"joined\""}}) {
    const std::string changed = absl::StrReplaceAll(text, {{from, to}});
    ASSERT_NE(changed, text);
    EXPECT_FALSE(ParseCluster(changed, "f").ok()) << to;
  }
}

}  // namespace
}  // namespace quorate::tools
