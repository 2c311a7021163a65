#include "broker/controller/planner.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "coord/base/check.h"

namespace quorate::broker {
namespace {

constexpr int32_t kDefaultReplicationFactor = 3;
constexpr int32_t kDefaultMinInsync = 2;
constexpr int64_t kDefaultSegmentBytes = 64 << 20;
constexpr int32_t kDefaultMaxBatchBytes = 1 << 20;

bool IsLive(const Cluster& cluster, BrokerId id) {
  return cluster.image.brokers.contains(id);
}
bool Resigns(const Cluster& cluster, BrokerId id) {
  return cluster.resigning.contains(id);
}

std::vector<BrokerId> LiveInSync(const Cluster& cluster,
                                 const PartitionState& state) {
  std::vector<BrokerId> live;
  for (const BrokerId id : state.replicas) {
    if (state.IsInSync(id) && IsLive(cluster, id)) live.push_back(id);
  }
  return live;
}

// `in_sync`: live, in the order of the replicas.
BrokerId ChooseLeader(const Cluster& cluster, BrokerId present,
                      const std::vector<BrokerId>& in_sync) {
  const auto stays = [&](BrokerId id) { return !Resigns(cluster, id); };
  const bool present_could =
      std::count(in_sync.begin(), in_sync.end(), present);
  if (present_could && stays(present)) return present;
  const auto best = std::find_if(in_sync.begin(), in_sync.end(), stays);
  if (best != in_sync.end()) return *best;
  if (present_could) return present;
  return in_sync.empty() ? kNoBroker : in_sync.front();
}

// Whether the leader has registered since `written`.
bool LivesAgain(const Cluster& cluster, BrokerId leader, uint64_t written) {
  const auto broker = cluster.image.brokers.find(leader);
  return broker != cluster.image.brokers.end() &&
         broker->second.broker_epoch > written;
}

std::optional<PartitionState> Reassess(const Cluster& cluster,
                                       const PartitionState& state,
                                       uint64_t written) {
  const std::vector<BrokerId> in_sync = LiveInSync(cluster, state);
  PartitionState next = state;
  if (!in_sync.empty()) next.isr = in_sync;
  next.leader = ChooseLeader(cluster, state.leader, in_sync);
  if (next == state && !LivesAgain(cluster, state.leader, written)) {
    return std::nullopt;
  }
  ++next.leader_epoch;
  return next;
}

// Calls `visit` with each partition: topic, number, state, mzxid.
template <typename Visit>
void ForEachPartition(const Cluster& cluster, const Visit& visit) {
  for (const auto& [name, topic] : cluster.image.topics) {
    const std::vector<uint64_t>& written = cluster.written.at(name);
    QUORATE_CHECK(written.size() == topic.partitions.size());
    for (size_t i = 0; i < topic.partitions.size(); ++i) {
      visit(name, static_cast<int32_t>(i), topic.partitions[i], written[i]);
    }
  }
}

// What brokers have to do already.
class Load {
 public:
  explicit Load(const Cluster& cluster) : cluster_(cluster) {
    for (const auto& [id, broker] : cluster.image.brokers) ids_.push_back(id);
    ForEachPartition(cluster, [this](const std::string&, int32_t,
                                     const PartitionState& state,
                                     uint64_t) { Count(state.replicas); });
  }

  std::vector<BrokerId> Place(size_t factor) {
    std::vector<BrokerId> replicas;
    while (replicas.size() < factor) replicas.push_back(Best(replicas));
    Count(replicas);
    return replicas;
  }

 private:
  void Count(const std::vector<BrokerId>& replicas) {
    for (size_t place = 0; place < replicas.size(); ++place) {
      ++total_[replicas[place]];
      if (place == 0) ++leads_[replicas[0]];
      if (place == 1) ++next_in_line_[{replicas[0], replicas[1]}];
    }
  }

  BrokerId Best(const std::vector<BrokerId>& taken) {
    const size_t place = taken.size();
    const auto cost = [&](BrokerId id) {
      const int total = total_[id];
      // Leaders are spread, and who follows each of them if it fails; what
      // comes behind these evens out how much everyone has.
      int first = total;
      if (place == 0) first = leads_[id];
      if (place == 1) first = next_in_line_[{taken[0], id}];
      return std::tuple(Resigns(cluster_, id), first, total, id);
    };
    std::optional<BrokerId> best;
    for (const BrokerId id : ids_) {
      if (std::count(taken.begin(), taken.end(), id) != 0) continue;
      if (!best || cost(id) < cost(*best)) best = id;
    }
    return best.value();
  }

  const Cluster& cluster_;
  std::vector<BrokerId> ids_;
  std::map<BrokerId, int> total_;
  std::map<BrokerId, int> leads_;
  std::map<std::pair<BrokerId, BrokerId>, int> next_in_line_;
};

absl::Status CheckAsker(const Cluster& cluster, const IsrRequest& request) {
  const auto asker = cluster.image.brokers.find(request.broker);
  if (asker != cluster.image.brokers.end() &&
      asker->second.broker_epoch == request.broker_epoch) {
    return absl::OkStatus();
  }
  return BrokerError(
      ErrorKind::kStaleBroker,
      absl::StrCat("broker ", request.broker, " is not registered by its life ",
                   request.broker_epoch, "; found ",
                   asker == cluster.image.brokers.end()
                       ? std::string("no registration")
                       : absl::StrCat("life ", asker->second.broker_epoch)));
}

// In the order of the replicas. BadRequest: not a set of replicas with the
// leader among them.
absl::StatusOr<std::vector<BrokerId>> InOrder(const PartitionState& state,
                                              const IsrRequest& request) {
  std::vector<BrokerId> ordered;
  for (const BrokerId id : state.replicas) {
    if (std::count(request.isr.begin(), request.isr.end(), id) == 1) {
      ordered.push_back(id);
    }
  }
  if (ordered.size() == request.isr.size() &&
      request.isr.size() == request.isr_broker_epochs.size() &&
      std::count(ordered.begin(), ordered.end(), request.broker) == 1) {
    return ordered;
  }
  return BrokerError(
      ErrorKind::kBadRequest,
      absl::StrCat("expected some of the replicas [",
                   absl::StrJoin(state.replicas, ","),
                   "], the leader among them, each with its broker epoch; "
                   "found [",
                   absl::StrJoin(request.isr, ","), "] and ",
                   request.isr_broker_epochs.size(), " broker epochs"));
}

absl::Status CheckNewcomers(const Cluster& cluster, const PartitionState& state,
                            const IsrRequest& request) {
  for (size_t i = 0; i < request.isr.size(); ++i) {
    const BrokerId id = request.isr[i];
    if (state.IsInSync(id)) continue;
    const auto broker = cluster.image.brokers.find(id);
    if (broker != cluster.image.brokers.end() &&
        broker->second.broker_epoch == request.isr_broker_epochs[i]) {
      continue;
    }
    return BrokerError(
        ErrorKind::kStaleBroker,
        absl::StrCat("broker ", id, " cannot enter the ISR: its life ",
                     request.isr_broker_epochs[i], " is not registered"));
  }
  return absl::OkStatus();
}

absl::Status Stale(const PartitionState& state, const IsrRequest& request) {
  return BrokerError(
      ErrorKind::kStaleVersion,
      absl::StrCat("partition ", request.topic, "/", request.partition,
                   " is at version ", state.version, ", leader ", state.leader,
                   " in epoch ", state.leader_epoch,
                   "; the request was decided on version ", request.version,
                   ", by broker ", request.broker, " in epoch ",
                   request.leader_epoch));
}

}  // namespace

std::vector<PartitionChange> PlanLeaders(const Cluster& cluster) {
  std::vector<PartitionChange> changes;
  ForEachPartition(cluster, [&](const std::string& topic, int32_t partition,
                                const PartitionState& state, uint64_t written) {
    std::optional<PartitionState> next = Reassess(cluster, state, written);
    if (next) changes.push_back({topic, partition, *std::move(next)});
  });
  return changes;
}

std::vector<PartitionChange> PlanPreferred(const Cluster& cluster) {
  std::vector<PartitionChange> changes;
  ForEachPartition(cluster, [&](const std::string& topic, int32_t partition,
                                const PartitionState& state, uint64_t) {
    const BrokerId preferred = state.replicas.front();
    if (state.leader == preferred || !state.IsInSync(preferred) ||
        !IsLive(cluster, preferred) || Resigns(cluster, preferred)) {
      return;
    }
    PartitionState next = state;
    next.leader = preferred;
    ++next.leader_epoch;
    changes.push_back({topic, partition, std::move(next)});
  });
  return changes;
}

int32_t CountRemaining(const Cluster& cluster, BrokerId broker) {
  int32_t remaining = 0;
  ForEachPartition(cluster, [&](const std::string&, int32_t,
                                const PartitionState& state, uint64_t) {
    if (state.leader != broker) return;
    const std::vector<BrokerId> in_sync = LiveInSync(cluster, state);
    remaining += std::any_of(in_sync.begin(), in_sync.end(), [&](BrokerId id) {
      return id != broker && !Resigns(cluster, id);
    });
  });
  return remaining;
}

absl::StatusOr<std::vector<PartitionState>> PlaceReplicas(
    const Cluster& cluster, int32_t partitions, int32_t replication_factor) {
  const size_t brokers = cluster.image.brokers.size();
  const auto factor = static_cast<size_t>(std::max(replication_factor, 1));
  if (brokers < factor) {
    return BrokerError(
        ErrorKind::kNotEnoughBrokers,
        absl::StrCat("a replication factor of ", factor,
                     " needs as many brokers; registered are ", brokers));
  }
  Load load(cluster);
  std::vector<PartitionState> placed;
  for (int32_t i = 0; i < partitions; ++i) {
    PartitionState state;
    state.replicas = load.Place(factor);
    state.isr = state.replicas;
    state.leader = state.replicas.front();
    placed.push_back(std::move(state));
  }
  return placed;
}

TopicConfig WithDefaults(TopicConfig config, size_t brokers) {
  if (config.replication_factor == 0) {
    config.replication_factor = static_cast<int32_t>(
        std::clamp<size_t>(brokers, 1, kDefaultReplicationFactor));
  }
  if (config.min_insync_replicas == 0) {
    config.min_insync_replicas =
        std::min(kDefaultMinInsync, config.replication_factor);
  }
  if (config.segment_bytes == 0) config.segment_bytes = kDefaultSegmentBytes;
  if (config.max_batch_bytes == 0) {
    config.max_batch_bytes = kDefaultMaxBatchBytes;
  }
  return config;
}

absl::StatusOr<std::optional<PartitionState>> DecideIsr(
    const Cluster& cluster, const IsrRequest& request) {
  if (absl::Status s = CheckAsker(cluster, request); !s.ok()) return s;
  const PartitionState* found =
      cluster.image.Find(request.topic, request.partition);
  if (found == nullptr) {
    return BrokerError(ErrorKind::kNoTopic,
                       absl::StrCat("there is no partition ", request.topic,
                                    "/", request.partition));
  }
  const PartitionState& state = *found;
  if (cluster.image.topics.at(request.topic).topic_id != request.topic_id ||
      state.leader != request.broker) {
    return Stale(state, request);
  }
  absl::StatusOr<std::vector<BrokerId>> isr = InOrder(state, request);
  if (!isr.ok()) return isr.status();
  if (state.version == request.version &&
      state.leader_epoch == request.leader_epoch) {
    if (state.isr == *isr) return std::nullopt;
    if (absl::Status s = CheckNewcomers(cluster, state, request); !s.ok()) {
      return s;
    }
    PartitionState next = state;
    next.isr = *std::move(isr);
    ++next.leader_epoch;
    return next;
  }
  // The answer to this very request was lost.
  if (state.version == request.version + 1 &&
      state.leader_epoch == request.leader_epoch + 1 && state.isr == *isr) {
    return std::nullopt;
  }
  return Stale(state, request);
}

}  // namespace quorate::broker
