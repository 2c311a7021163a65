#include "coord/server/flags.h"

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "coord/consensus/options.h"
#include "coord/server/logger.h"
#include "coord/server/settings.h"
#include "gtest/gtest.h"

namespace quorate::server {
namespace {

ParsedFlags Parse(const std::vector<std::string>& flags) {
  std::vector<const char*> argv = {"coordd"};
  for (const std::string& flag : flags) argv.push_back(flag.c_str());
  return ParseFlags(static_cast<int>(argv.size()), argv.data());
}

TEST(FlagsTest, AFounder) {
  const ParsedFlags read = Parse({"--dir",
                                  "d",
                                  "--id",
                                  "2",
                                  "--listen",
                                  "0.0.0.0:7400",
                                  "--advertise",
                                  "b:1",
                                  "--founders",
                                  "2=b:1,1=a:1",
                                  "--limit",
                                  "contact_ms=300",
                                  "--limit=dead_ms=4000",
                                  "--heartbeat-ms=20",
                                  "--election-ms=100",
                                  "--log-format=json",
                                  "--log-level",
                                  "debug",
                                  "--metrics",
                                  "127.0.0.1:0",
                                  "--segment-bytes",
                                  "4194304"});
  ASSERT_TRUE(read.settings.has_value()) << read.text;
  const Settings& settings = *read.settings;
  EXPECT_EQ(settings.directory, "d");
  EXPECT_EQ(settings.id.value, 2u);
  EXPECT_EQ(settings.listen_address, "0.0.0.0:7400");
  EXPECT_EQ(settings.metrics_address, "127.0.0.1:0");
  EXPECT_EQ(settings.log_level, LogLevel::kDebug);
  EXPECT_EQ(settings.log_format, LogFormat::kJson);
  EXPECT_EQ(settings.log.segment_bytes, 4u << 20);
  const consensus::Options& core = settings.replica.core;
  EXPECT_EQ(core.address, "b:1");
  EXPECT_EQ(core.heartbeat_ms, 20);
  ASSERT_TRUE(core.manifest.has_value());
  EXPECT_EQ(core.manifest->founders.front().address, "a:1");
  EXPECT_EQ(core.manifest->limits.contact_ms, 300);
  EXPECT_EQ(core.manifest->limits.dead_ms, 4000);
  EXPECT_TRUE(core.seeds.empty());
}

TEST(FlagsTest, AJoinerAndARestart) {
  const ParsedFlags joiner = Parse({"--dir=d", "--id=4", "--join=a:1,b:1"});
  ASSERT_TRUE(joiner.settings.has_value()) << joiner.text;
  EXPECT_EQ(joiner.settings->replica.core.address, "127.0.0.1:7400");
  EXPECT_EQ(joiner.settings->replica.core.seeds.size(), 2u);
  EXPECT_FALSE(joiner.settings->replica.core.manifest.has_value());

  const ParsedFlags restart = Parse({"--dir=d"});
  ASSERT_TRUE(restart.settings.has_value()) << restart.text;
  EXPECT_TRUE(restart.settings->id.IsNone());
  EXPECT_EQ(restart.settings->metrics_address, "");
}

TEST(FlagsTest, AListThatIsBelieved) {
  const ParsedFlags read = Parse({"--dir=d", "--id=2", "--listen=b:1",
                                  "--unsafe-static-membership=2=b:1,1=a:1"});
  ASSERT_TRUE(read.settings.has_value()) << read.text;
  const consensus::Options& core = read.settings->replica.core;
  ASSERT_EQ(core.static_members.size(), 2u);
  EXPECT_EQ(core.static_members.front().address, "a:1");
  EXPECT_FALSE(core.manifest.has_value());
}

TEST(FlagsTest, HelpAndVersionAreNoErrors) {
  const ParsedFlags help = Parse({"--help"});
  EXPECT_FALSE(help.is_error);
  EXPECT_FALSE(help.settings.has_value());
  EXPECT_NE(help.text.find("Examples:"), std::string::npos);
  EXPECT_NE(help.text.find("Exit codes:"), std::string::npos);
  const ParsedFlags version = Parse({"--version"});
  EXPECT_FALSE(version.is_error);
  EXPECT_EQ(version.text, std::string("coordd ") + kVersion + "\n");
}

TEST(FlagsTest, EveryErrorIsOneLineThatNamesTheFlag) {
  const struct {
    std::vector<std::string> flags;
    const char* named;
  } kCases[] = {
      {{}, "--dir"},
      {{"--dir"}, "--dir"},
      {{"--dir="}, "--dir"},
      {{"--dir=d", "--frobnicate"}, "--frobnicate"},
      {{"--dir=d", "stray"}, "stray"},
      {{"--dir=d", "--id=0"}, "--id"},
      {{"--dir=d", "--id=-1"}, "--id"},
      {{"--dir=d", "--id=x"}, "--id"},
      {{"--dir=d", "--id=99999999999999999999"}, "--id"},
      {{"--dir=d", "--id=1", "--id=2"}, "--id"},
      {{"--dir=d", "--listen=nowhere"}, "--listen"},
      {{"--dir=d", "--listen=a:70000"}, "--listen"},
      {{"--dir=d", "--listen=0.0.0.0:1"}, "--advertise"},
      {{"--dir=d", "--listen=127.0.0.1:0"}, "--advertise"},
      {{"--dir=d", "--advertise=0.0.0.0:1"}, "--advertise"},
      {{"--dir=d", "--metrics=x"}, "--metrics"},
      {{"--dir=d", "--log-level=loud"}, "--log-level"},
      {{"--dir=d", "--log-format=xml"}, "--log-format"},
      {{"--dir=d", "--heartbeat-ms=0"}, "--heartbeat-ms"},
      {{"--dir=d", "--heartbeat-ms=200"}, "--election-ms"},
      {{"--dir=d", "--min-session-ms=9000", "--max-session-ms=10"},
       "--min-session-ms"},
      {{"--dir=d", "--segment-bytes=8000001"}, "--segment-bytes"},
      {{"--dir=d", "--segment-bytes=1048576"}, "--segment-bytes"},
      {{"--dir=d", "--join=a"}, "--join"},
      {{"--dir=d", "--listen=a:1", "--unsafe-static-membership=1=a:1"}, "--id"},
      {{"--dir=d", "--id=2", "--listen=a:1",
        "--unsafe-static-membership=1=a:1"},
       "--unsafe-static-membership"},
      {{"--dir=d", "--id=1000", "--listen=a:1",
        "--unsafe-static-membership=1000=a:1"},
       "999"},
      {{"--dir=d", "--id=1", "--listen=a:1", "--founders=1=a:1",
        "--unsafe-static-membership=1=a:1"},
       "--unsafe-static-membership"},
      {{"--dir=d", "--id=1", "--listen=a:1", "--join=b:1",
        "--unsafe-static-membership=1=a:1"},
       "--unsafe-static-membership"},
      {{"--dir=d", "--id=1", "--listen=a:1", "--limit=contact_ms=300",
        "--unsafe-static-membership=1=a:1"},
       "--founders"},
      {{"--dir=d", "--join=a:1", "--founders=1=b:1"}, "--founders"},
      {{"--dir=d", "--limit=contact_ms=300"}, "--founders"},
      {{"--dir=d", "--listen=a:1", "--founders=1=b:1"}, "--founders"},
      {{"--dir=d", "--id=2", "--listen=a:1", "--founders=1=a:1"}, "--founders"},
      {{"--dir=d", "--listen=a:1", "--founders=1=a:1", "--limit=bad=1"},
       "--limit"},
      {{"--dir=d", "--listen=a:1", "--founders=1=a:1", "--limit=contact_ms=1"},
       "contact_ms"},
      {{"--dir=d", "--config=not-there.toml"}, "not-there.toml"},
  };
  for (const auto& test : kCases) {
    const ParsedFlags read = Parse(test.flags);
    EXPECT_FALSE(read.settings.has_value()) << test.named;
    EXPECT_TRUE(read.is_error) << test.named;
    EXPECT_NE(read.text.find(test.named), std::string::npos) << read.text;
    EXPECT_EQ(read.text.find('\n'), std::string::npos) << read.text;
  }
}

TEST(FlagsTest, FlagsFromAFile) {
  const std::string path =
      std::string(std::getenv("TEST_TMPDIR")) + "/coordd.toml";
  std::ofstream(path) << "# A member\n"
                         "dir = \"from-file\"\n"
                         "id = 3\n"
                         "founders = \"3=127.0.0.1:7400\"\n"
                         "limit = [\"contact_ms=300\", \"dead_ms=5000\"]\n";
  const ParsedFlags read = Parse({"--config", path, "--id=3", "--dir=mine"});
  ASSERT_TRUE(read.settings.has_value()) << read.text;
  EXPECT_EQ(read.settings->directory, "mine");
  EXPECT_EQ(read.settings->id.value, 3u);
  ASSERT_TRUE(read.settings->replica.core.manifest.has_value());
  EXPECT_EQ(read.settings->replica.core.manifest->limits.dead_ms, 5000);

  std::ofstream(path) << "dir = \"d\"\nfrobnicate = 1\n";
  const ParsedFlags bad = Parse({"--config", path});
  EXPECT_TRUE(bad.is_error);
  EXPECT_NE(bad.text.find("frobnicate"), std::string::npos) << bad.text;
}

}  // namespace
}  // namespace quorate::server
