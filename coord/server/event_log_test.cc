#include "coord/server/event_log.h"

#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include "coord/base/ids.h"
#include "coord/consensus/output.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"
#include "coord/server/logger.h"
#include "gtest/gtest.h"

namespace quorate::server {
namespace {

using consensus::Event;
using consensus::EventKind;

int CountLines(const std::string& text) {
  int lines = 0;
  for (const char c : text) lines += c == '\n' ? 1 : 0;
  return lines;
}

TEST(EventLogTest, EveryKindHasALine) {
  for (int kind = 0; kind <= static_cast<int>(EventKind::kStopped); ++kind) {
    std::ostringstream out;
    Logger logger(LogLevel::kInfo, LogFormat::kText, out);
    EventLog log(logger, [] { return int64_t{0}; });
    log.Write({Event{.kind = static_cast<EventKind>(kind),
                     .peer = MemberId{2},
                     .rule = consensus::Rule::kIncarnation,
                     .number = 7,
                     .zxid = consensus::Zxid(3, 1),
                     .reason = "because"}});
    EXPECT_EQ(CountLines(out.str()), 1) << kind;
    EXPECT_EQ(log.count(static_cast<EventKind>(kind)), 1u);
  }
}

TEST(EventLogTest, RefusalsAreLimited) {
  int64_t now_us = 0;
  std::ostringstream out;
  Logger logger(LogLevel::kInfo, LogFormat::kText, out);
  EventLog log(logger, [&] { return now_us; });
  const Event refused{.kind = EventKind::kRefused,
                      .peer = MemberId{2},
                      .rule = consensus::Rule::kEnsembleId,
                      .number = 0,
                      .zxid = consensus::Zxid(),
                      .reason = "expected one, found two"};
  log.Write(std::vector<Event>(1000, refused));
  EXPECT_EQ(CountLines(out.str()), 1) << out.str();
  EXPECT_NE(out.str().find(refused.reason), std::string::npos) << out.str();
  now_us = 60'000'000;
  log.Write({refused});
  EXPECT_EQ(CountLines(out.str()), 2) << out.str();
  EXPECT_NE(out.str().find("more=999"), std::string::npos) << out.str();
}

}  // namespace
}  // namespace quorate::server
