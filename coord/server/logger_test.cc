#include "coord/server/logger.h"

#include <sstream>
#include <string>

#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace quorate::server {
namespace {

TEST(LoggerTest, TextHasKeysAndValues) {
  EXPECT_EQ(FormatLine(LogFormat::kText, "became leader",
                       {{"epoch", 3}, {"joint", false}, {"role", "leader"}}),
            "msg=\"became leader\" epoch=3 joint=false role=\"leader\"");
}

TEST(LoggerTest, NothingFromOutsideBreaksALine) {
  const std::string line =
      FormatLine(LogFormat::kText, "refused",
                 {{"path", std::string("a\n\"b\\\xff\0c", 8)}});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(line.find('\0'), std::string::npos);
  EXPECT_NE(line.find("a\\n\\\"b\\\\"), std::string::npos) << line;
  EXPECT_LT(FormatLine(LogFormat::kText, "long",
                       {{"value", std::string(1 << 20, 'x')}})
                .size(),
            5000u);
}

TEST(LoggerTest, EveryJsonLineIsAnObject) {
  std::ostringstream out;
  Logger logger(LogLevel::kInfo, LogFormat::kJson, out);
  logger.Log(LogLevel::kWarn, "it {} %v \"happened\"",
             {{"number", -7}, {"text", "a\xff\n"}});
  const nlohmann::json read = nlohmann::json::parse(out.str());
  EXPECT_EQ(read["msg"], "it {} %v \"happened\"");
  EXPECT_EQ(read["level"], "warning");
  EXPECT_EQ(read["number"], -7);
  EXPECT_EQ(read["time"].get<std::string>().size(), 24u);
}

TEST(LoggerTest, LevelsBelowAreLeftOut) {
  std::ostringstream out;
  Logger logger(LogLevel::kWarn, LogFormat::kText, out);
  logger.Log(LogLevel::kInfo, "quiet");
  EXPECT_EQ(out.str(), "");
  logger.Log(LogLevel::kError, "loud");
  EXPECT_NE(out.str().find("error msg=\"loud\"\n"), std::string::npos)
      << out.str();
  EXPECT_EQ(ParseLogLevel("warn"), LogLevel::kWarn);
  EXPECT_FALSE(ParseLogLevel("loud").has_value());
}

}  // namespace
}  // namespace quorate::server
