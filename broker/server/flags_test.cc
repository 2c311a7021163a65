#include "broker/server/flags.h"

#include <string>
#include <vector>

#include "broker/server/settings.h"
#include "gtest/gtest.h"

namespace quorate::broker {
namespace {

ParsedFlags Parse(const std::vector<std::string>& flags) {
  std::vector<const char*> argv = {"brokerd"};
  for (const std::string& flag : flags) argv.push_back(flag.c_str());
  return ParseFlags(static_cast<int>(argv.size()), argv.data());
}

TEST(FlagsTest, ARunningBroker) {
  const ParsedFlags read = Parse(
      {"--dir", "d", "--endpoints", "a:1,b:2", "--listen", "0.0.0.0:7500",
       "--advertise", "c:3", "--metrics", "127.0.0.1:0", "--replica-lag-ms",
       "500", "--session-timeout-ms=2000", "--log-format=json"});
  ASSERT_TRUE(read.settings.has_value()) << read.text;
  const Settings& settings = *read.settings;
  EXPECT_EQ(settings.directory, "d");
  EXPECT_EQ(settings.endpoints, (std::vector<std::string>{"a:1", "b:2"}));
  EXPECT_EQ(settings.listen_address, "0.0.0.0:7500");
  EXPECT_EQ(settings.advertised_address, "c:3");
  EXPECT_EQ(settings.metrics_address, "127.0.0.1:0");
  EXPECT_EQ(settings.replica_lag_ms, 500);
  EXPECT_EQ(settings.session_timeout_ms, 2'000);
  EXPECT_FALSE(settings.format);
  EXPECT_FALSE(settings.is_unsafe);
}

TEST(FlagsTest, Formatting) {
  const ParsedFlags read = Parse({"--format", "--bootstrap", "--dir", "d",
                                  "--id", "3", "--endpoints", "a:1"});
  ASSERT_TRUE(read.settings.has_value()) << read.text;
  EXPECT_TRUE(read.settings->format);
  EXPECT_TRUE(read.settings->bootstrap);
  EXPECT_EQ(read.settings->id, 3);
}

TEST(FlagsTest, WhatIsWrongIsSaidInOneLine) {
  const std::vector<std::vector<std::string>> bad = {
      {},
      {"--dir", "d"},
      {"--endpoints", "a:1"},
      {"--dir", "", "--endpoints", "a:1"},
      {"--dir", "d", "--endpoints", "a"},
      {"--dir", "d", "--endpoints", "a:1,"},
      {"--dir", "d", "--endpoints", "a:1", "--id", "1"},
      {"--dir", "d", "--endpoints", "a:1", "--bootstrap"},
      {"--dir", "d", "--endpoints", "a:1", "--format"},
      {"--dir", "d", "--endpoints", "a:1", "--format", "--id", "0"},
      {"--dir", "d", "--endpoints", "a:1", "--format", "--id", "2147483648"},
      {"--dir", "d", "--endpoints", "a:1", "--format", "--id", "1", "--listen",
       "a:1"},
      {"--dir", "d", "--endpoints", "a:1", "--listen", "0.0.0.0:1"},
      {"--dir", "d", "--endpoints", "a:1", "--listen", "a:0"},
      {"--dir", "d", "--endpoints", "a:1", "--advertise", "0.0.0.0:1"},
      {"--dir", "d", "--endpoints", "a:1", "--metrics", "here"},
      {"--dir", "d", "--endpoints", "a:1", "--replica-lag-ms", "-1"},
      {"--dir", "d", "--endpoints", "a:1", "--session-timeout-ms", "1"},
      {"--dir", "d", "--endpoints", "a:1", "--log-level", "loud"},
      {"--dir", "d", "--endpoints", "a:1", "--what"},
      {"--dir", "d", "--endpoints", "a:1", "stray"},
  };
  for (const std::vector<std::string>& flags : bad) {
    const ParsedFlags read = Parse(flags);
    std::string shown;
    for (const std::string& flag : flags) shown += flag + " ";
    EXPECT_FALSE(read.settings.has_value()) << shown;
    EXPECT_TRUE(read.is_error) << shown;
    EXPECT_EQ(read.text.find('\n'), std::string::npos) << read.text;
    EXPECT_NE(read.text.find("brokerd --help"), std::string::npos) << read.text;
  }
}

TEST(FlagsTest, HelpIsNoError) {
  const ParsedFlags read = Parse({"--help"});
  EXPECT_FALSE(read.settings.has_value());
  EXPECT_FALSE(read.is_error);
  EXPECT_NE(read.text.find("Exit codes"), std::string::npos);
}

}  // namespace
}  // namespace quorate::broker
