#include "tools/quorate/outage/lanes.h"

#include <cstdint>
#include <set>
#include <vector>

#include "gtest/gtest.h"
#include "tools/quorate/outage/facts.h"

namespace quorate::tools {
namespace {

Belief Controls(int64_t id) { return {"controls", id, 1}; }
Belief Obeys(int64_t id) { return {"obeys", id, 1}; }

TEST(Lanes, ASpanLastsUntilAnotherBelief) {
  Lane lane;
  AddSample(lane, 0, Obeys(1));
  AddSample(lane, 100, Obeys(1));
  AddSample(lane, 200, {"silent", 0, 0});
  AddSample(lane, 300, Obeys(2));
  EndAt(lane, 350);
  ASSERT_EQ(lane.spans.size(), 3u);
  EXPECT_EQ(lane.spans[0].end_ms, 200);
  EXPECT_EQ(lane.spans[1].begin_ms, 200);
  EXPECT_EQ(lane.spans[1].end_ms, 300);
  EXPECT_EQ(lane.spans[2].end_ms, 350);
}

TEST(Lanes, ContestedWhileTwoAreAtTheSameTime) {
  const std::vector<Lane> lanes = {
      {"broker 1", {{0, 100, Obeys(2)}, {100, 400, Controls(1)}}},
      {"broker 2", {{0, 150, Controls(2)}, {150, 400, Obeys(1)}}},
      {"broker 3", {{0, 300, {}}, {300, 400, Controls(3)}}}};
  EXPECT_EQ(ContestedMs(lanes, "controls"), 150);
  EXPECT_EQ(EverIn(lanes, "controls"), (std::set<int64_t>{1, 2, 3}));
  EXPECT_EQ(AtTheEnd(lanes), (std::set<int64_t>{1, 3}));
}

TEST(Lanes, OneAfterTheOtherIsNotContested) {
  const std::vector<Lane> lanes = {
      {"broker 1", {{0, 100, Controls(1)}, {100, 400, {}}}},
      {"broker 2", {{0, 100, Obeys(1)}, {100, 400, Controls(2)}}}};
  EXPECT_EQ(ContestedMs(lanes, "controls"), 0);
  EXPECT_EQ(AtTheEnd(lanes), (std::set<int64_t>{2}));
  EXPECT_EQ(ContestedMs({}, "controls"), 0);
}

}  // namespace
}  // namespace quorate::tools
