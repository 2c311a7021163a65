#include "coord/server/metrics.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "coord/base/ids.h"
#include "coord/consensus/output.h"
#include "coord/consensus/rule.h"
#include "coord/replica/replica.h"
#include "coord/rpc/server_options.h"
#include "coord/server/event_log.h"
#include "coord/server/flags.h"
#include "coord/server/histogram.h"
#include "coord/server/process_stats.h"
#include "coord/server/replica_facts.h"
#include "coord/server/timings.h"
#include "prometheus/client_metric.h"
#include "prometheus/metric_family.h"
#include "prometheus/metric_type.h"
#include "prometheus/text_serializer.h"

namespace quorate::server {
namespace {

using consensus::EventKind;
using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr double kSecondsPerUs = 1e-6;

using Labels = std::vector<std::pair<std::string, std::string>>;

ClientMetric MakeMetric(const Labels& labels) {
  ClientMetric metric;
  for (const auto& [name, value] : labels)
    metric.label.push_back({name, value});
  return metric;
}

// Collects the families of one answer.
class Page {
 public:
  template <typename Number>
  void Gauge(const char* name, const char* help, Number value,
             const Labels& labels = {}) {
    ClientMetric metric = MakeMetric(labels);
    metric.gauge.value = static_cast<double>(value);
    Family(name, help, MetricType::Gauge).metric.push_back(metric);
  }

  template <typename Number>
  void Counter(const char* name, const char* help, Number value,
               const Labels& labels = {}) {
    ClientMetric metric = MakeMetric(labels);
    metric.counter.value = static_cast<double>(value);
    Family(name, help, MetricType::Counter).metric.push_back(metric);
  }

  void Add(const char* name, const char* help,
           const server::Histogram& histogram, double unit,
           const Labels& labels = {}) {
    ClientMetric metric = MakeMetric(labels);
    uint64_t count = 0;
    for (size_t i = 0; i < server::Histogram::kBuckets; ++i) {
      count += histogram.count(i);
      metric.histogram.bucket.push_back(
          {count, static_cast<double>(uint64_t{1} << i) * unit});
    }
    count += histogram.count(server::Histogram::kBuckets);
    metric.histogram.bucket.push_back(
        {count, std::numeric_limits<double>::infinity()});
    metric.histogram.sample_count = count;
    metric.histogram.sample_sum = static_cast<double>(histogram.sum()) * unit;
    Family(name, help, MetricType::Histogram).metric.push_back(metric);
  }

  std::string Render() const {
    return prometheus::TextSerializer().Serialize(families_);
  }

 private:
  MetricFamily& Family(const char* name, const char* help, MetricType type) {
    // Metrics of one family follow each other.
    if (families_.empty() || families_.back().name != name) {
      families_.push_back({name, help, type, {}});
    }
    return families_.back();
  }

  std::vector<MetricFamily> families_;
};

void AddMember(const ReplicaFacts& facts, Page& page) {
  page.Gauge("quorate_member_info", "Who this is; always 1.", 1,
             {{"ensemble", ToString(facts.ensemble)},
              {"member", ToString(facts.key.id)},
              {"incarnation", ToString(facts.key.incarnation)},
              {"version", kVersion}});
  for (const char* role : {"joining", "founding", "learner", "follower",
                           "candidate", "leader", "stopped"}) {
    page.Gauge("quorate_role", "1 for the role of this member.",
               facts.role == role ? 1 : 0, {{"role", role}});
  }
  page.Gauge("quorate_serving", "Whether clients are served.",
             facts.serving ? 1 : 0);
  page.Gauge("quorate_unsafe_static_membership",
             "1: UNSAFE, runs with --unsafe-static-membership.",
             facts.unsafe ? 1 : 0);
  page.Gauge("quorate_leader_id", "The leader's id; 0: not known.",
             facts.leader.value);
  page.Gauge("quorate_epoch", "Newest epoch that was accepted.", facts.epoch);
  page.Gauge("quorate_configuration_version", "Newest configuration.",
             facts.configuration_version);
  page.Gauge("quorate_configuration_joint", "Whether it is joint.",
             facts.joint ? 1 : 0);
  page.Gauge("quorate_members", "Members of the configuration.", facts.voters,
             {{"kind", "voter"}});
  page.Gauge("quorate_members", "Members of the configuration.", facts.learners,
             {{"kind", "learner"}});
  page.Gauge("quorate_disk_full", "Whether writes are refused for it.",
             facts.disk_full ? 1 : 0);
  for (size_t rule = 1; rule < facts.refusals.size(); ++rule) {
    page.Counter(
        "quorate_refusals_total", "Messages and changes refused, by rule.",
        facts.refusals[rule],
        {{"rule", std::to_string(rule)},
         {"name", std::string(RuleName(static_cast<consensus::Rule>(rule)))}});
  }
}

// Epoch and counter apart: as one number they do not fit into a double.
void AddPositions(const ReplicaFacts& facts, Page& page) {
  const struct {
    const char* name;
    consensus::Zxid zxid;
  } kPositions[] = {{"last", facts.last},
                    {"durable", facts.durable},
                    {"commit", facts.commit},
                    {"applied", facts.applied},
                    {"snapshot", facts.snapshot}};
  for (const auto& position : kPositions) {
    page.Gauge("quorate_zxid_epoch", "Where the log stands: epoch.",
               position.zxid.epoch(), {{"position", position.name}});
  }
  for (const auto& position : kPositions) {
    page.Gauge("quorate_zxid_counter", "Where the log stands: counter.",
               position.zxid.counter(), {{"position", position.name}});
  }
}

void AddCounters(const replica::Counters& counters, Page& page) {
  page.Counter("quorate_txns_applied_total", "Txns applied.", counters.txns);
  page.Counter("quorate_writes_total",
               "Txns applied for clients of this member.", counters.writes);
  page.Counter("quorate_reads_total", "Reads answered.",
               counters.reads_linearizable, {{"kind", "linearizable"}});
  page.Counter("quorate_reads_total", "Reads answered.", counters.reads_local,
               {{"kind", "local"}});
  page.Counter("quorate_watch_events_total", "Watch events sent.",
               counters.watch_events);
  page.Counter("quorate_not_taken_total",
               "Requests that clients were asked to send again.",
               counters.not_taken);
  page.Counter("quorate_duplicates_total", "Writes recognised as sent before.",
               counters.duplicates);
  page.Counter("quorate_sessions_expired_total",
               "Sessions that this member has expired as the leader.",
               counters.sessions_expired);
  page.Counter("quorate_snapshots_total", "Snapshots.",
               counters.snapshots_taken, {{"what", "taken"}});
  page.Counter("quorate_snapshots_total", "Snapshots.",
               counters.snapshots_installed, {{"what", "installed"}});
  page.Counter("quorate_snapshots_total", "Snapshots.",
               counters.snapshots_failed, {{"what", "failed"}});
  page.Gauge("quorate_connections", "Clients connected here.",
             counters.connections);
  page.Gauge("quorate_sessions", "Sessions of the ensemble.",
             counters.sessions);
  page.Gauge("quorate_watches", "Watches at this member.", counters.watches);
  page.Gauge("quorate_znodes", "Znodes.", counters.znodes);
  page.Gauge("quorate_waiting_requests", "Requests that are unanswered.",
             counters.waiting_requests);
  page.Gauge("quorate_waiting_bytes", "Bytes of them.", counters.waiting_bytes);
}

void AddEvents(const EventLog& events, Page& page) {
  const struct {
    const char* name;
    EventKind kind;
  } kKinds[] = {{"campaign", EventKind::kCampaign},
                {"became_leader", EventKind::kBecameLeader},
                {"became_follower", EventKind::kBecameFollower},
                {"configuration", EventKind::kConfiguration},
                {"change_accepted", EventKind::kChangeAccepted},
                {"change_refused", EventKind::kChangeRefused},
                {"auto_promote", EventKind::kAutoPromote},
                {"auto_remove", EventKind::kAutoRemove},
                {"sync_diff", EventKind::kSyncDiff},
                {"sync_trunc", EventKind::kSyncTrunc},
                {"sync_snapshot", EventKind::kSyncSnapshot}};
  for (const auto& kind : kKinds) {
    page.Counter("quorate_consensus_events_total", "News of consensus.",
                 events.count(kind.kind), {{"event", kind.name}});
  }
}

void AddTimings(const Timings& timings, Page& page) {
  const struct {
    const char* stage;
    const server::Histogram* histogram;
  } kStages[] = {{"queue", &timings.queue_us},
                 {"turn", &timings.turn_us},
                 {"apply", &timings.apply_us},
                 {"log", &timings.log_us},
                 {"quorum", &timings.quorum_us}};
  for (const auto& stage : kStages) {
    page.Add("quorate_stage_seconds",
             "Time by stage. queue: a work waits for the replica's thread; "
             "turn: one turn of it; apply: that part of a turn in which "
             "committed txns are applied and answered; log: a batch until "
             "it is durable; quorum: a leader's proposals until committed.",
             *stage.histogram, kSecondsPerUs, {{"stage", stage.stage}});
  }
  page.Add("quorate_fsync_seconds", "Writing a group of batches to the log.",
           timings.fsync_us, kSecondsPerUs);
  page.Add("quorate_group_batches", "Batches that one sync made durable.",
           timings.group_batches, 1);
  page.Add("quorate_turn_works", "Works of one turn of the replica's thread.",
           timings.turn_works, 1);
  page.Add("quorate_snapshot_seconds", "Taking a snapshot of its own.",
           timings.snapshot_us, kSecondsPerUs);
}

void AddServer(const rpc::ServerStats& stats, Page& page) {
  page.Counter("quorate_frames_total", "Frames of client streams.",
               stats.frames_in, {{"direction", "in"}});
  page.Counter("quorate_frames_total", "Frames of client streams.",
               stats.frames_out, {{"direction", "out"}});
  page.Gauge("quorate_streams", "Client streams that are open.",
             stats.sessions_open);
  page.Counter("quorate_calls_total", "Calls without a session.", stats.calls);
  page.Counter("quorate_malformed_total",
               "Messages that could not be understood.", stats.malformed);
  page.Counter("quorate_peer_batches_total", "Batches between members.",
               stats.peer_batches_in, {{"direction", "in"}});
  page.Counter("quorate_peer_batches_total", "Batches between members.",
               stats.peer_batches_out, {{"direction", "out"}});
  page.Counter("quorate_peer_dropped_total",
               "Messages to members that could not be sent.",
               stats.peer_dropped);
}

}  // namespace

std::string RenderMetrics(const MetricsInput& input) {
  Page page;
  page.Gauge("quorate_up",
             "Whether the replica's thread answers; without it, much of the "
             "rest is missing.",
             input.replica ? 1 : 0);
  if (input.replica) {
    AddMember(*input.replica, page);
    AddPositions(*input.replica, page);
    AddCounters(input.replica->counters, page);
  }
  AddEvents(*input.events, page);
  AddTimings(*input.timings, page);
  if (input.server) AddServer(*input.server, page);
  if (input.disk_free_bytes) {
    page.Gauge("quorate_disk_free_bytes", "Room where the data directory is.",
               *input.disk_free_bytes);
  }
  page.Gauge("process_resident_memory_bytes", "Memory in use.",
             input.process.resident_bytes);
  page.Counter("process_cpu_seconds_total", "Time of all processors.",
               input.process.cpu_seconds);
  page.Gauge("process_open_fds", "Files and sockets that are open.",
             input.process.open_files);
  return page.Render();
}

}  // namespace quorate::server
