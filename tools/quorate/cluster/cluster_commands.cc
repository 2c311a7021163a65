#include "tools/quorate/cluster/cluster_commands.h"

#include <cstdint>
#include <memory>
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

// Opens the cluster and finds the member, then does `act`, and says so.
template <typename Act>
absl::Status WithMember(Context& context, const std::string& word,
                        const char* done, Act act) {
  const absl::StatusOr<std::string> directory = context.Directory();
  if (!directory.ok()) return directory.status();
  absl::StatusOr<LocalCluster> cluster = LocalCluster::Open(*directory);
  if (!cluster.ok()) return cluster.status();
  const absl::StatusOr<uint64_t> id = FindMemberId(cluster->file(), word);
  if (!id.ok()) return id.status();
  const absl::Status status = act(*cluster, *id);
  if (!status.ok()) return status;
  const Console& console = context.console();
  if (console.json) {
    console.out << Dump({{"member", *id}, {"done", done}}) << std::endl;
  } else {
    console.out << "member " << *id << " " << done << std::endl;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<uint64_t> FindMemberId(const ClusterFile& cluster,
                                      const std::string& word) {
  if (word == "leader") {
    const absl::Time deadline = absl::Now() + kLeaderPatience;
    while (true) {
      const std::vector<Seen> seen = Look(cluster);
      for (size_t i = 0; i < seen.size(); ++i) {
        if (seen[i].status.ok() && seen[i].status->role() == "leader") {
          return cluster.members[i].id;
        }
      }
      if (absl::Now() >= deadline) return TimeoutError("no member leads");
      absl::SleepFor(absl::Milliseconds(50));
    }
  }
  uint64_t id = 0;
  std::vector<uint64_t> ids;
  const bool is_number = absl::SimpleAtoi(word, &id);
  for (const ClusterMember& member : cluster.members) {
    if (is_number && member.id == id) return id;
    if (!member.retired) ids.push_back(member.id);
  }
  return UsageError(absl::StrCat("there is no member \"", Printable(word, 100),
                                 "\" in this cluster; it has ",
                                 absl::StrJoin(ids, ", "), ", and leader"));
}

absl::Status RunClusterStatus(Context& context) {
  const absl::StatusOr<std::string> directory = context.Directory();
  if (!directory.ok()) return directory.status();
  const absl::StatusOr<ClusterFile> cluster = LoadCluster(*directory);
  if (!cluster.ok()) return cluster.status();
  const std::vector<Seen> seen = [&] {
    const Progress progress(context.console(), "waiting for the members");
    return Look(*cluster);
  }();
  const Console& console = context.console();
  Table table({"MEMBER", "PROCESS", "PID", "ROLE", "ADDRESS", "METRICS"});
  std::vector<uint64_t> retired;
  for (size_t i = 0; i < seen.size(); ++i) {
    const ClusterMember& member = cluster->members[i];
    const bool gone = seen[i].state == ProcessState::kGone;
    if (member.retired && !console.json) {
      retired.push_back(member.id);
      continue;
    }
    if (console.json) {
      Json json = {{"id", member.id},
                   {"process", NameOf(seen[i].state)},
                   {"pid", gone ? 0 : member.process.pid},
                   {"address", member.address},
                   {"metrics", member.metrics},
                   {"answers", seen[i].status.ok()},
                   {"retired", member.retired}};
      if (seen[i].status.ok()) {
        json["role"] = seen[i].status->role();
        json["serving"] = seen[i].status->serving();
        json["unsafe"] = seen[i].status->unsafe();
      }
      console.out << Dump(json) << "\n";
      continue;
    }
    table.Add({absl::StrCat(member.id), NameOf(seen[i].state),
               gone ? "" : absl::StrCat(member.process.pid), RoleText(seen[i]),
               member.address, member.metrics});
    if (seen[i].state != ProcessState::kRunning || !seen[i].status.ok()) {
      table.PaintLast(Colour::kYellow);
    } else if (seen[i].status->role() == "leader") {
      table.PaintLast(Colour::kGreen);
    }
  }
  if (!console.json) table.Print(console);
  if (!retired.empty()) {
    console.out << "\nremoved for ever: " << absl::StrJoin(retired, ", ")
                << "\n";
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
  for (const ClusterMember& member : cluster->file().members) {
    running += StateOf(member.process) != ProcessState::kGone ? 1 : 0;
  }
  {
    const Progress progress(context.console(), "stopping the members");
    const absl::Status status = cluster->Stop(cluster->Ids());
    if (!status.ok()) return status;
  }
  const Console& console = context.console();
  if (console.json) {
    console.out << Dump({{"stopped", running}}) << std::endl;
  } else if (running == 0) {
    console.out << "no member was running" << std::endl;
  } else {
    console.out << "stopped " << running
                << (running == 1 ? " member" : " members")
                << "; the data stays in " << *directory << std::endl;
  }
  return absl::OkStatus();
}

absl::Status RunKill(Context& context, const std::string& member) {
  return WithMember(
      context, member, "killed",
      [](LocalCluster& cluster, uint64_t id) { return cluster.Kill(id); });
}

absl::Status RunPause(Context& context, const std::string& member) {
  return WithMember(
      context, member, "paused",
      [](LocalCluster& cluster, uint64_t id) { return cluster.Pause(id); });
}

absl::Status RunResume(Context& context, const std::string& member) {
  return WithMember(
      context, member, "resumed",
      [](LocalCluster& cluster, uint64_t id) { return cluster.Resume(id); });
}

absl::Status RunRestart(Context& context, const std::string& member) {
  return WithMember(
      context, member, "started",
      [&context](LocalCluster& cluster, uint64_t id) -> absl::Status {
        const absl::StatusOr<std::string> coordd =
            FindCoordd(context, "", cluster.file().coordd);
        if (!coordd.ok()) return coordd.status();
        absl::Status status = cluster.Stop({id});
        if (status.ok()) status = cluster.SetCoordd(*coordd);
        if (!status.ok()) return status;
        return StartMember(context.console(), cluster, id, WaitFor::kAnswers);
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
