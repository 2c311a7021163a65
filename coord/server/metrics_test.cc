#include "coord/server/metrics.h"

#include <cstdint>
#include <set>
#include <sstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "coord/server/event_log.h"
#include "coord/server/logger.h"
#include "coord/server/replica_facts.h"
#include "coord/server/timings.h"
#include "gtest/gtest.h"

namespace quorate::server {
namespace {

class MetricsTest : public testing::Test {
 protected:
  std::string Render() {
    input_.timings = &timings_;
    input_.events = &events_;
    return RenderMetrics(input_);
  }
  static bool HasLine(const std::string& text, absl::string_view line) {
    for (absl::string_view found : absl::StrSplit(text, '\n')) {
      if (found == line) return true;
    }
    return false;
  }

  std::ostringstream out_;
  Logger logger_{LogLevel::kError, LogFormat::kText, out_};
  EventLog events_{logger_, [] { return int64_t{0}; }};
  Timings timings_;
  MetricsInput input_;
};

TEST_F(MetricsTest, WithoutAReplica) {
  const std::string text = Render();
  EXPECT_TRUE(HasLine(text, "quorate_up 0")) << text;
  EXPECT_FALSE(absl::StrContains(text, "quorate_role"));
}

TEST_F(MetricsTest, OfAReplica) {
  input_.replica.emplace();
  input_.replica->role = "leader";
  input_.replica->epoch = 7;
  input_.replica->counters.znodes = 12;
  input_.replica->refusals[4] = 3;
  input_.server.emplace();
  input_.server->peer_dropped = 5;
  const std::string text = Render();
  EXPECT_TRUE(HasLine(text, "quorate_up 1")) << text;
  EXPECT_TRUE(HasLine(text, "quorate_role{role=\"leader\"} 1")) << text;
  EXPECT_TRUE(HasLine(text, "quorate_role{role=\"follower\"} 0")) << text;
  EXPECT_TRUE(HasLine(text, "quorate_epoch 7")) << text;
  EXPECT_TRUE(HasLine(text, "quorate_znodes 12")) << text;
  EXPECT_TRUE(HasLine(
      text, "quorate_refusals_total{rule=\"4\",name=\"incarnation\"} 3"))
      << text;
  EXPECT_TRUE(HasLine(text, "quorate_peer_dropped_total 5")) << text;
}

TEST_F(MetricsTest, HistogramsAddUp) {
  timings_.fsync_us.Observe(1);
  timings_.fsync_us.Observe(1000);
  timings_.fsync_us.Observe(1024);
  timings_.fsync_us.Observe(uint64_t{1} << 40);
  const std::string text = Render();
  for (const char* line : {"quorate_fsync_seconds_count 4",
                           "quorate_fsync_seconds_bucket{le=\"1e-06\"} 1",
                           "quorate_fsync_seconds_bucket{le=\"0.001024\"} 3",
                           "quorate_fsync_seconds_bucket{le=\"+Inf\"} 4"}) {
    EXPECT_TRUE(HasLine(text, line)) << line << "\n" << text;
  }
}

TEST_F(MetricsTest, EveryFamilyComesOnce) {
  input_.replica.emplace();
  input_.server.emplace();
  input_.disk_free_bytes = 1;
  std::set<std::string> families;
  for (absl::string_view line : absl::StrSplit(Render(), '\n')) {
    if (!absl::StartsWith(line, "# TYPE ")) continue;
    EXPECT_TRUE(families.insert(std::string(line)).second) << line;
  }
  EXPECT_GT(families.size(), 30u);
}

}  // namespace
}  // namespace quorate::server
