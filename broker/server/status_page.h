// StatusPage: what /metrics, /livez and /readyz answer.

#ifndef QUORATE_BROKER_SERVER_STATUS_PAGE_H_
#define QUORATE_BROKER_SERVER_STATUS_PAGE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "broker/image/cluster_image.h"

namespace quorate::broker {

struct StatusFacts {
  BrokerId id = kNoBroker;
  bool is_unsafe = false;
  bool is_registered = false;
  bool is_controller = false;
  uint64_t elections_won = 0;
  // As controller: partitions with less than all replicas in sync.
  uint64_t under_replicated = 0;
  uint64_t stale_controller = 0;  // commands that were refused
  uint64_t wrong_ensemble = 0;
  std::shared_ptr<const ClusterImage> image = {};  // nullptr: none yet
};

// Empty: it is ready to serve; else what it waits for.
std::string WhatItWaitsFor(const StatusFacts& facts);

// In Prometheus' text format, version 0.0.4.
std::string RenderMetrics(const StatusFacts& facts);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_SERVER_STATUS_PAGE_H_
