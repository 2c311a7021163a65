#include "broker/server/status_page.h"

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "broker/image/cluster_image.h"
#include "gtest/gtest.h"

namespace quorate::broker {
namespace {

StatusFacts Facts() {
  ClusterImage image;
  image.version = 4;
  image.controller.controller_epoch = 2;
  image.controller.broker_id = 1;
  image.brokers = {{1, {1, "a:1", 5}}, {2, {2, "b:2", 6}}};
  image.topics["t"].partitions = {{{1, 2}, 1, 0, {1, 2}, 0},
                                  {{2, 1}, 1, 0, {1}, 0},
                                  {{2, 1}, 2, 0, {2, 1}, 0}};
  StatusFacts facts;
  facts.id = 1;
  facts.is_registered = true;
  facts.stale_controller = 3;
  facts.image = std::make_shared<const ClusterImage>(image);
  return facts;
}

TEST(StatusPage, ReadyOnceAControllerKnowsIt) {
  StatusFacts facts = Facts();
  EXPECT_EQ(WhatItWaitsFor(facts), "");
  facts.id = 3;
  EXPECT_NE(WhatItWaitsFor(facts), "");
  facts = Facts();
  facts.image = nullptr;
  EXPECT_NE(WhatItWaitsFor(facts), "");
  facts = Facts();
  facts.is_registered = false;
  EXPECT_NE(WhatItWaitsFor(facts), "");
}

TEST(StatusPage, CountsWhatItLeads) {
  const std::string page = RenderMetrics(Facts());
  for (const char* line :
       {"\nquorate_broker_ready 1\n", "\nquorate_broker_partitions_led 2\n",
        "\nquorate_broker_partitions_under_replicated 1\n",
        "\nquorate_broker_refused_commands_total{kind=\"StaleController\"} 3\n",
        "\nquorate_broker_controller_epoch 2\n"}) {
    EXPECT_TRUE(absl::StrContains(page, line)) << line << page;
  }
  EXPECT_TRUE(absl::StrContains(RenderMetrics(StatusFacts()),
                                "\nquorate_broker_ready 0\n"));
}

}  // namespace
}  // namespace quorate::broker
