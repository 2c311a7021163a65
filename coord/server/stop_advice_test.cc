#include "coord/server/stop_advice.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "coord/base/ids.h"
#include "coord/consensus/options.h"
#include "coord/consensus/rule.h"
#include "coord/replica/error.h"
#include "coord/server/settings.h"
#include "gtest/gtest.h"

namespace quorate::server {
namespace {

using consensus::Rule;

Settings SomeSettings() {
  Settings settings;
  settings.directory = "/data";
  settings.listen_address = "0.0.0.0:7400";
  settings.replica.core.address = "b:7400";
  settings.replica.core.manifest = consensus::Manifest{
      .founders = {{{1}, "a:7400"}, {{2}, "b:7400"}, {{3}, "c:7400"}},
      .limits = {}};
  return settings;
}

std::string AdviceOn(Rule rule) {
  return StopAdvice(replica::RefusalError({rule, "why", {}, {}}),
                    FactsForAdvice(SomeSettings(), {2}, {}));
}

TEST(StopAdviceTest, NamesTheCommandThatHelps) {
  const struct {
    Rule rule;
    const char* command;
  } cases[] = {
      {Rule::kIncarnation, "quorate member remove 2 --endpoints a:7400,c:7400"},
      {Rule::kIncarnation, "--join a:7400,c:7400"},
      {Rule::kOrderlyExit,
       "coordd --dir EMPTY_DIR --id NEW_ID --listen 0.0.0.0:7400 --join "
       "a:7400,c:7400"},
      {Rule::kNoResurrection, "coordd --dir EMPTY_DIR"},
      {Rule::kOneTruth, "coordd --dir /data --listen 0.0.0.0:7400"},
      {Rule::kUnanimousBootstrap, "rm -r /data"},
  };
  for (const auto& each : cases) {
    const std::string advice = AdviceOn(each.rule);
    EXPECT_TRUE(absl::StrContains(advice, each.command)) << advice;
    EXPECT_FALSE(absl::StrContains(advice, "\n")) << "one line";
  }
  EXPECT_FALSE(
      absl::StrContains(AdviceOn(Rule::kOrderlyExit), "member remove"));
}

TEST(StopAdviceTest, IsSilentWhereNoCommandHelps) {
  EXPECT_EQ(AdviceOn(Rule::kBadStorage), "");
  EXPECT_EQ(StopAdvice(absl::InternalError("x"), {}), "");
}

TEST(StopAdviceTest, TheConfigurationKnowsBest) {
  const AdviceFacts facts =
      FactsForAdvice(SomeSettings(), {2}, {"b:7400", "d:7400"});
  EXPECT_EQ(facts.peers, std::vector<std::string>{"d:7400"});
  Settings alone;
  EXPECT_TRUE(FactsForAdvice(alone, {1}, {}).peers.empty());
}

}  // namespace
}  // namespace quorate::server
