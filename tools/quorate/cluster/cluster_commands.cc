#include "tools/quorate/cluster/cluster_commands.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coord/client/admin.h"
#include "nlohmann/json.hpp"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/cluster/await_serving.h"
#include "tools/quorate/cluster/cluster_brokers.h"
#include "tools/quorate/cluster/cluster_file.h"
#include "tools/quorate/cluster/cluster_up.h"
#include "tools/quorate/cluster/local_cluster.h"
#include "tools/quorate/cluster/process.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/table.h"
#include "tools/quorate/text.h"

namespace quorate::tools {
namespace {

constexpr int64_t kStatusTimeoutMs = 1000;
constexpr absl::Duration kLeaderPatience = absl::Seconds(10);
constexpr absl::Duration kSettlePatience = absl::Seconds(5);

struct Seen {
  ProcessState state = ProcessState::kGone;
  // Of a member that runs: what it says, or why it does not.
  absl::StatusOr<coord::v1::StatusResponse> status =
      absl::UnavailableError("stopped");
};

// What processes and members say, in the order of the file.
std::vector<Seen> Look(const ClusterFile& cluster) {
  std::vector<Seen> seen(cluster.members.size());
  std::vector<std::string> endpoints;
  for (const ClusterMember& member : cluster.members) {
    endpoints.push_back(member.address);
  }
  client::AdminOptions options;
  options.endpoints = endpoints;
  options.timeout_ms = kStatusTimeoutMs;
  const absl::StatusOr<std::unique_ptr<client::AdminClient>> admin =
      client::AdminClient::Create(std::move(options));
  std::vector<std::thread> threads;
  for (size_t i = 0; i < cluster.members.size(); ++i) {
    seen[i].state = StateOf(cluster.members[i].process);
    if (seen[i].state != ProcessState::kRunning || !admin.ok()) continue;
    threads.emplace_back(
        [&, i] { seen[i].status = (*admin)->Status(endpoints[i]); });
  }
  for (std::thread& thread : threads) thread.join();
  return seen;
}

const char* NameOf(ProcessState state) {
  switch (state) {
    case ProcessState::kGone:
      return "stopped";
    case ProcessState::kRunning:
      return "running";
    case ProcessState::kPaused:
      return "paused";
  }
  return "";
}

std::string RoleText(const Seen& seen) {
  if (seen.state != ProcessState::kRunning) return "";
  if (!seen.status.ok()) return "does not answer";
  return absl::StrCat(seen.status->role(),
                      seen.status->serving() ? "" : ", not serving",
                      seen.status->unsafe() ? ", UNSAFE" : "");
}

int32_t BrokerIdOf(const ClusterNode& node) {
  return static_cast<int32_t>(node.id);
}

std::string RoleText(const SeenBroker& seen, int32_t id) {
  if (seen.state != ProcessState::kRunning) return "";
  if (!seen.image.ok()) return "does not answer";
  return absl::StrCat(
      seen.image->controller.broker_id == id ? "controller" : "broker",
      seen.unsafe ? ", UNSAFE" : "");
}

// Opens the cluster and finds the node, then does `act`, and says so.
template <typename Act>
absl::Status WithNode(Context& context, const std::string& word,
                      const char* done, Act act) {
  const absl::StatusOr<std::string> directory = context.Directory();
  if (!directory.ok()) return directory.status();
  absl::StatusOr<LocalCluster> cluster = LocalCluster::Open(*directory);
  if (!cluster.ok()) return cluster.status();
  const absl::StatusOr<ClusterNode> node = FindNode(cluster->file(), word);
  if (!node.ok()) return node.status();
  const absl::Status status = act(*cluster, *node);
  if (!status.ok()) return status;
  const Console& console = context.console();
  if (console.json) {
    console.out << Dump({{node->is_broker ? "broker" : "member", node->id},
                         {"done", done}})
                << std::endl;
  } else {
    console.out << NameOf(*node) << " " << done << std::endl;
  }
  return absl::OkStatus();
}

absl::StatusOr<ClusterNode> FindLeader(const ClusterFile& cluster) {
  const absl::Time deadline = absl::Now() + kLeaderPatience;
  while (true) {
    const std::vector<Seen> seen = Look(cluster);
    for (size_t i = 0; i < seen.size(); ++i) {
      if (seen[i].status.ok() && seen[i].status->role() == "leader") {
        return ClusterNode{.id = cluster.members[i].id};
      }
    }
    if (absl::Now() >= deadline) return TimeoutError("no member leads");
    absl::SleepFor(absl::Milliseconds(50));
  }
}

}  // namespace

std::string NameOf(const ClusterNode& node) {
  return node.is_broker ? BrokerName(static_cast<int32_t>(node.id))
                        : absl::StrCat("member ", node.id);
}

absl::StatusOr<ClusterNode> FindNode(const ClusterFile& cluster,
                                     const std::string& word) {
  if (word == "leader") return FindLeader(cluster);
  if (word == "controller" && !cluster.brokers.empty()) {
    const absl::StatusOr<int32_t> id = FindController(cluster);
    if (!id.ok()) return id.status();
    return ClusterNode{.is_broker = true, .id = static_cast<uint64_t>(*id)};
  }
  uint64_t id = 0;
  std::vector<std::string> words;
  const bool is_number = absl::SimpleAtoi(word, &id);
  for (const ClusterMember& member : cluster.members) {
    if (is_number && member.id == id) return ClusterNode{.id = id};
    if (!member.retired) words.push_back(absl::StrCat(member.id));
  }
  words.push_back("leader");
  for (const ClusterBroker& broker : cluster.brokers) {
    words.push_back(BrokerName(broker.id));
    if (word == words.back()) {
      return ClusterNode{.is_broker = true,
                         .id = static_cast<uint64_t>(broker.id)};
    }
  }
  if (!cluster.brokers.empty()) words.push_back("controller");
  return UsageError(
      absl::StrCat("there is no member or broker \"", Printable(word, 100),
                   "\" in this cluster; it has ", absl::StrJoin(words, ", ")));
}

namespace {

Json StatusJson(const ClusterMember& member, const Seen& seen) {
  const bool gone = seen.state == ProcessState::kGone;
  Json json = {{"id", member.id},
               {"process", NameOf(seen.state)},
               {"pid", gone ? 0 : member.process.pid},
               {"address", member.address},
               {"metrics", member.metrics},
               {"answers", seen.status.ok()},
               {"retired", member.retired}};
  if (seen.status.ok()) {
    json["role"] = seen.status->role();
    json["serving"] = seen.status->serving();
    json["unsafe"] = seen.status->unsafe();
  }
  return json;
}

Json StatusJson(const ClusterBroker& broker, const SeenBroker& seen) {
  const bool gone = seen.state == ProcessState::kGone;
  Json json = {{"broker", broker.id},
               {"process", NameOf(seen.state)},
               {"pid", gone ? 0 : broker.process.pid},
               {"address", broker.address},
               {"metrics", broker.metrics},
               {"answers", seen.image.ok()}};
  if (seen.image.ok()) {
    json["controller"] = seen.image->controller.broker_id == broker.id;
    json["unsafe"] = seen.unsafe;
  }
  return json;
}

void PrintStatus(const Console& console, const ClusterFile& cluster,
                 const std::vector<Seen>& seen,
                 const std::vector<SeenBroker>& brokers) {
  Table table({"MEMBER", "PROCESS", "PID", "ROLE", "ADDRESS", "METRICS"});
  std::vector<uint64_t> retired;
  const auto add = [&table](const std::string& name, ProcessState state,
                            int pid, const std::string& role,
                            const std::string& address,
                            const std::string& metrics) {
    const bool gone = state == ProcessState::kGone;
    table.Add({name, NameOf(state), gone ? "" : absl::StrCat(pid), role,
               address, metrics});
  };
  for (size_t i = 0; i < seen.size(); ++i) {
    const ClusterMember& member = cluster.members[i];
    if (member.retired) {
      retired.push_back(member.id);
      continue;
    }
    add(absl::StrCat(member.id), seen[i].state, member.process.pid,
        RoleText(seen[i]), member.address, member.metrics);
    if (seen[i].state != ProcessState::kRunning || !seen[i].status.ok()) {
      table.PaintLast(Colour::kYellow);
    } else if (seen[i].status->role() == "leader") {
      table.PaintLast(Colour::kGreen);
    }
  }
  for (size_t i = 0; i < brokers.size(); ++i) {
    const ClusterBroker& broker = cluster.brokers[i];
    const std::string role = RoleText(brokers[i], broker.id);
    add(BrokerName(broker.id), brokers[i].state, broker.process.pid, role,
        broker.address, broker.metrics);
    if (brokers[i].state != ProcessState::kRunning || !brokers[i].image.ok()) {
      table.PaintLast(Colour::kYellow);
    } else if (brokers[i].image->controller.broker_id == broker.id) {
      table.PaintLast(Colour::kGreen);
    }
  }
  table.Print(console);
  if (!retired.empty()) {
    console.out << "\nremoved for ever: " << absl::StrJoin(retired, ", ")
                << "\n";
  }
  console.out << std::flush;
}

// Returns once the member serves, or a moment later: that it does not serve yet
// is no error, as others may have to be started first. Local: it has ended, as
// one does that the others refuse.
absl::Status RestartMember(Context& context, LocalCluster& cluster,
                           uint64_t id) {
  const absl::StatusOr<std::string> coordd =
      FindCoordd(context, "", cluster.file().coordd);
  if (!coordd.ok()) return coordd.status();
  absl::Status status = cluster.Stop({id});
  if (status.ok()) status = cluster.SetCoordd(*coordd);
  if (status.ok()) {
    status = StartMember(context.console(), cluster, id, WaitFor::kAnswers);
  }
  if (!status.ok()) return status;
  std::optional<EndedMember> ended;
  status = AwaitMembers(context.console(), cluster, {id}, WaitFor::kServing,
                        absl::Now() + kSettlePatience, &ended);
  return ended ? status : absl::OkStatus();
}

}  // namespace

absl::Status RunClusterStatus(Context& context) {
  const absl::StatusOr<std::string> directory = context.Directory();
  if (!directory.ok()) return directory.status();
  const absl::StatusOr<ClusterFile> cluster = LoadCluster(*directory);
  if (!cluster.ok()) return cluster.status();
  std::vector<Seen> seen;
  std::vector<SeenBroker> brokers;
  {
    const Progress progress(context.console(), "waiting for the members");
    seen = Look(*cluster);
    brokers = LookAtBrokers(*cluster);
  }
  const Console& console = context.console();
  if (!console.json) {
    PrintStatus(console, *cluster, seen, brokers);
    return absl::OkStatus();
  }
  for (size_t i = 0; i < seen.size(); ++i) {
    console.out << Dump(StatusJson(cluster->members[i], seen[i])) << "\n";
  }
  for (size_t i = 0; i < brokers.size(); ++i) {
    console.out << Dump(StatusJson(cluster->brokers[i], brokers[i])) << "\n";
  }
  console.out << std::flush;
  return absl::OkStatus();
}

absl::Status RunDown(Context& context) {
  const absl::StatusOr<std::string> directory = context.Directory();
  if (!directory.ok()) return directory.status();
  absl::StatusOr<LocalCluster> cluster = LocalCluster::Open(*directory);
  if (!cluster.ok()) return cluster.status();
  int running = 0;
  int brokers = 0;
  for (const ClusterMember& member : cluster->file().members) {
    running += StateOf(member.process) != ProcessState::kGone ? 1 : 0;
  }
  for (const ClusterBroker& broker : cluster->file().brokers) {
    brokers += StateOf(broker.process) != ProcessState::kGone ? 1 : 0;
  }
  // Whatever happens to one of them, as many as can be are stopped.
  absl::Status status;
  if (brokers > 0) {
    // First, and while the ensemble serves: they hand over.
    const Progress progress(context.console(), "stopping the brokers");
    status = cluster->StopBrokers(cluster->BrokerIds());
  }
  {
    const Progress progress(context.console(), "stopping the members");
    status.Update(cluster->Stop(cluster->Ids()));
  }
  if (!status.ok()) return status;
  const Console& console = context.console();
  const auto count = [](int number, const char* what) {
    return absl::StrCat(number, " ", what, number == 1 ? "" : "s");
  };
  if (console.json) {
    Json json = {{"stopped", running}};
    if (!cluster->file().brokers.empty()) json["stopped_brokers"] = brokers;
    console.out << Dump(json) << std::endl;
  } else if (running + brokers == 0) {
    console.out << "no member was running" << std::endl;
  } else {
    console.out << "stopped "
                << (brokers == 0
                        ? ""
                        : absl::StrCat(count(brokers, "broker"), " and "))
                << count(running, "member") << "; the data stays in "
                << *directory << std::endl;
  }
  return absl::OkStatus();
}

absl::Status RunKill(Context& context, const std::string& word) {
  return WithNode(context, word, "killed",
                  [](LocalCluster& cluster, const ClusterNode& node) {
                    return node.is_broker ? cluster.KillBroker(BrokerIdOf(node))
                                          : cluster.Kill(node.id);
                  });
}

absl::Status RunPause(Context& context, const std::string& word) {
  return WithNode(context, word, "paused",
                  [](LocalCluster& cluster, const ClusterNode& node) {
                    return node.is_broker
                               ? cluster.PauseBroker(BrokerIdOf(node))
                               : cluster.Pause(node.id);
                  });
}

absl::Status RunResume(Context& context, const std::string& word) {
  return WithNode(context, word, "resumed",
                  [](LocalCluster& cluster, const ClusterNode& node) {
                    return node.is_broker
                               ? cluster.ResumeBroker(BrokerIdOf(node))
                               : cluster.Resume(node.id);
                  });
}

absl::Status RunRestart(Context& context, const std::string& word) {
  return WithNode(context, word, "started",
                  [&context](LocalCluster& cluster,
                             const ClusterNode& node) -> absl::Status {
                    if (node.is_broker) {
                      const int32_t id = BrokerIdOf(node);
                      const absl::Status stopped = cluster.StopBrokers({id});
                      if (!stopped.ok()) return stopped;
                      return StartBrokerAndWait(context, cluster, id);
                    }
                    return RestartMember(context, cluster, node.id);
                  });
}

absl::Status RunAdd(Context& context) {
  const absl::StatusOr<std::string> directory = context.Directory();
  if (!directory.ok()) return directory.status();
  absl::StatusOr<LocalCluster> cluster = LocalCluster::Open(*directory);
  if (!cluster.ok()) return cluster.status();
  if (!cluster->file().founded) {
    return LocalError(absl::StrCat(
        *directory, " has not served yet; first: quorate cluster up --dir ",
        *directory));
  }
  const absl::StatusOr<uint64_t> id = cluster->Add();
  if (!id.ok()) return id.status();
  const absl::Status status =
      StartMember(context.console(), *cluster, *id, WaitFor::kAdmitted);
  if (!status.ok()) return status;
  const std::string& address = cluster->file().members.back().address;
  const Console& console = context.console();
  if (console.json) {
    console.out << Dump({{"member", *id}, {"address", address}}) << std::endl;
  } else {
    console.out << "member " << *id << " runs at " << address
                << " and was admitted as a learner; to let it vote: quorate "
                   "member promote "
                << *id << " --retry-for 1m" << std::endl;
  }
  return absl::OkStatus();
}

}  // namespace quorate::tools
