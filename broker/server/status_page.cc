#include "broker/server/status_page.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "broker/image/cluster_image.h"
#include "coord/server/process_stats.h"

namespace quorate::broker {
namespace {

class Page {
 public:
  void Gauge(absl::string_view name, absl::string_view help, uint64_t value) {
    Begin(name, help, "gauge");
    absl::StrAppend(&text_, name, " ", value, "\n");
  }
  void Begin(absl::string_view name, absl::string_view help,
             absl::string_view type) {
    absl::StrAppend(&text_, "# HELP ", name, " ", help, "\n# TYPE ", name, " ",
                    type, "\n");
  }
  void Line(absl::string_view name_and_labels, uint64_t value) {
    absl::StrAppend(&text_, name_and_labels, " ", value, "\n");
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

struct Led {
  uint64_t partitions = 0;
  uint64_t under_replicated = 0;
};

Led CountLed(const ClusterImage& image, BrokerId id) {
  Led led;
  for (const auto& [name, topic] : image.topics) {
    for (const PartitionState& state : topic.partitions) {
      if (state.leader != id) continue;
      ++led.partitions;
      led.under_replicated += state.isr.size() < state.replicas.size() ? 1 : 0;
    }
  }
  return led;
}

}  // namespace

std::string WhatItWaitsFor(const StatusFacts& facts) {
  if (!facts.is_registered) return "not registered with the ensemble";
  if (facts.image == nullptr) return "no controller has told it of the cluster";
  if (!facts.image->brokers.contains(facts.id)) {
    return "the controller has not seen its registration";
  }
  return "";
}

std::string RenderMetrics(const StatusFacts& facts) {
  const server::ProcessStats process = server::ReadProcessStats();
  Page page;
  page.Gauge("quorate_broker_unsafe",
             "1: runs with --unsafe-no-ensemble-pin; data may be lost.",
             facts.is_unsafe ? 1 : 0);
  page.Gauge("quorate_broker_ready", "1: serves.",
             WhatItWaitsFor(facts).empty() ? 1 : 0);
  page.Gauge("quorate_broker_registered", "1: registered with the ensemble.",
             facts.is_registered ? 1 : 0);
  page.Gauge("quorate_broker_is_controller", "1: is the controller.",
             facts.is_controller ? 1 : 0);
  page.Begin("quorate_broker_elections_won_total",
             "Times that it became controller.", "counter");
  page.Line("quorate_broker_elections_won_total", facts.elections_won);
  constexpr absl::string_view kRefused =
      "quorate_broker_refused_commands_total";
  page.Begin(kRefused, "Commands of controllers that were refused, by kind.",
             "counter");
  page.Line(absl::StrCat(kRefused, "{kind=\"StaleController\"}"),
            facts.stale_controller);
  page.Line(absl::StrCat(kRefused, "{kind=\"WrongEnsemble\"}"),
            facts.wrong_ensemble);
  page.Gauge("quorate_controller_partitions_under_replicated",
             "As controller: partitions with less than all replicas in sync.",
             facts.under_replicated);
  const ClusterImage none;
  const ClusterImage& image = facts.image == nullptr ? none : *facts.image;
  const Led led = CountLed(image, facts.id);
  page.Gauge("quorate_broker_partitions_led", "Partitions that it leads.",
             led.partitions);
  page.Gauge("quorate_broker_partitions_under_replicated",
             "Partitions that it leads with less than all replicas in sync.",
             led.under_replicated);
  page.Gauge("quorate_broker_controller_epoch",
             "Of the newest image; 0: none yet.",
             static_cast<uint64_t>(image.controller.controller_epoch));
  page.Gauge("quorate_broker_controller_id", "Who made the newest image.",
             image.version == 0
                 ? 0
                 : static_cast<uint64_t>(image.controller.broker_id));
  page.Gauge("quorate_broker_image_version",
             "Of the newest image, within its controller epoch.",
             image.version);
  page.Gauge("quorate_broker_brokers", "Brokers in the newest image.",
             image.brokers.size());
  page.Gauge("quorate_broker_resident_memory_bytes", "Of this process.",
             process.resident_bytes);
  return page.text();
}

}  // namespace quorate::broker
