#include "tools/quorate/cluster/cluster_up.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <ostream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"
#include "nlohmann/json.hpp"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/atomic_file.h"
#include "tools/quorate/cluster/await_serving.h"
#include "tools/quorate/cluster/cluster_brokers.h"
#include "tools/quorate/cluster/cluster_file.h"
#include "tools/quorate/cluster/find_program.h"
#include "tools/quorate/cluster/local_cluster.h"
#include "tools/quorate/cluster/process.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/provision/contact.h"
#include "tools/quorate/table.h"
#include "tools/quorate/text.h"
#include "tools/quorate/verbs/restore_file.h"

namespace quorate::tools {
namespace {

// How often another program may be quicker to take a port.
constexpr int kPortAttempts = 5;
constexpr int64_t kDefaultMembers = 3;

absl::Status StartAll(LocalCluster& cluster, const std::vector<uint64_t>& ids) {
  for (const uint64_t id : ids) {
    const absl::Status status = cluster.Start(id);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// Members have ended because they may never run again, and the others serve. If
// those say that it was because they were removed, all is well; else `why`.
absl::Status RetireRemoved(LocalCluster& cluster,
                           const std::vector<uint64_t>& serving,
                           const std::vector<uint64_t>& resigned,
                           const absl::Status& why) {
  EnsembleContact::Options options;
  for (const ClusterMember& member : cluster.file().members) {
    if (std::find(serving.begin(), serving.end(), member.id) != serving.end()) {
      options.endpoints.push_back(member.address);
    }
  }
  EnsembleContact ensemble(std::move(options));
  const absl::StatusOr<coord::v1::MembersResponse> members = ensemble.Look();
  if (!members.ok()) return why;
  for (const uint64_t id : resigned) {
    const auto& removed = members->removed();
    if (std::find(removed.begin(), removed.end(), id) == removed.end()) {
      return why;
    }
    const absl::Status retired = cluster.Retire(id);
    if (!retired.ok()) return retired;
  }
  return absl::OkStatus();
}

// Waits until the members serve, but for those that were removed from the
// ensemble while they were down.
absl::Status AwaitServing(Context& context, LocalCluster& cluster,
                          std::vector<uint64_t> ids, absl::Time deadline,
                          std::optional<EndedMember>* ended) {
  std::vector<uint64_t> resigned;
  absl::Status why;  // of the first of them
  while (true) {
    absl::Status status = AwaitMembers(context.console(), cluster, ids,
                                       WaitFor::kServing, deadline, ended);
    const bool resigns = ended->has_value() && ids.size() > 1 &&
                         ((*ended)->exit_code == kStoppedForGood ||
                          (*ended)->exit_code == kCannotUseDirectory);
    if (!resigns) {
      if (resigned.empty()) return status;
      return status.ok() ? RetireRemoved(cluster, ids, resigned, why) : why;
    }
    if (resigned.empty()) why = std::move(status);
    resigned.push_back((*ended)->id);
    std::erase(ids, (*ended)->id);
  }
}

// Starts `ids`, which are all founders of a new cluster, or any of an old one.
absl::Status StartAndAwait(Context& context, LocalCluster& cluster,
                           const std::vector<uint64_t>& ids, bool may_move,
                           absl::Time deadline) {
  for (int attempt = 1;; ++attempt) {
    std::optional<EndedMember> ended;
    absl::Status status = StartAll(cluster, ids);
    if (status.ok()) {
      status = AwaitServing(context, cluster, ids, deadline, &ended);
    }
    if (status.ok()) return cluster.SetFounded();
    const bool taken = ended && ended->exit_code == kCannotListen;
    // Too slow is not dead: they may serve yet.
    if (!ended && KindOf(status) == "Timeout") return status;
    const absl::Status stopped = cluster.Stop(ids);
    if (!stopped.ok()) return stopped;
    if (!taken || attempt == kPortAttempts) {
      return LocalError(
          absl::StrCat(status.message(), "; the members were stopped again"));
    }
    context.console().Remark("a port was taken meanwhile; trying again");
    if (may_move) {
      const absl::Status moved = cluster.ChooseOtherPorts();
      if (!moved.ok()) return moved;
    }
  }
}

void Print(const Console& console, const LocalCluster& cluster) {
  if (console.json) {
    Json json = {{"dir", cluster.directory()}, {"members", Json::array()}};
    for (const ClusterMember* member : cluster.file().Present()) {
      json["members"].push_back(
          {{"id", member->id},
           {"address", member->address},
           {"metrics", member->metrics},
           {"pid", member->process.pid},
           {"log", MemberLogPath(cluster.directory(), member->id)}});
    }
    for (const ClusterBroker& broker : cluster.file().brokers) {
      json["brokers"].push_back(
          {{"broker", broker.id},
           {"address", broker.address},
           {"metrics", broker.metrics},
           {"pid", broker.process.pid},
           {"log", BrokerLogPath(cluster.directory(), broker.id)}});
    }
    console.out << Dump(json) << std::endl;
    return;
  }
  Table table({"MEMBER", "ADDRESS", "METRICS", "PID", "LOG"});
  std::vector<std::string> addresses;
  for (const ClusterMember* member : cluster.file().Present()) {
    table.Add({absl::StrCat(member->id), member->address,
               absl::StrCat("http://", member->metrics, "/metrics"),
               absl::StrCat(member->process.pid),
               MemberLogPath(cluster.directory(), member->id)});
    addresses.push_back(member->address);
  }
  std::vector<std::string> brokers;
  for (const ClusterBroker& broker : cluster.file().brokers) {
    table.Add({BrokerName(broker.id), broker.address,
               absl::StrCat("http://", broker.metrics, "/metrics"),
               absl::StrCat(broker.process.pid),
               BrokerLogPath(cluster.directory(), broker.id)});
    brokers.push_back(broker.address);
  }
  table.Print(console);
  console.out << "\nserving at " << absl::StrJoin(addresses, ",") << "\n";
  if (!brokers.empty()) {
    console.out << "brokers at " << absl::StrJoin(brokers, ",") << "\n";
  }
  console.out << std::flush;
}

// The data of the only member, before it is started.
absl::Status RestoreInto(Context& context, LocalCluster& cluster,
                         const std::string& snapshot) {
  absl::Status status = cluster.SetRestored();
  if (!status.ok()) return status;
  const ClusterMember& member = *cluster.file().Present().front();
  const std::string home = MemberDirectory(cluster.directory(), member.id);
  std::error_code error;
  std::filesystem::create_directories(home, error);
  const absl::StatusOr<Restored> restored =
      RestoreFile(context.console(), {.file = snapshot,
                                      .directory = absl::StrCat(home, "/data"),
                                      .id = member.id,
                                      .address = member.address});
  if (!restored.ok()) {
    status = cluster.Forget();
    return status.ok() ? restored.status() : status;
  }
  context.console().Remark(absl::StrCat(
      "restored ", ToString(restored->zxid), " as ensemble ",
      ToString(restored->ensemble), ", which names ",
      ToString(restored->parent),
      " as its parent; grow it with quorate cluster add and quorate member "
      "promote"));
  return absl::OkStatus();
}

// The members serve: now the brokers, if there are any, and what it has come
// to. If a broker cannot be had, the members that were started for it are
// stopped, too.
absl::Status FinishUp(Context& context, LocalCluster& cluster,
                      const std::vector<uint64_t>& started,
                      const std::string& brokerd, const UpOptions& options,
                      absl::Time deadline) {
  absl::Status status =
      BringBrokersUp(context, cluster, brokerd, options.brokers, deadline);
  if (status.ok()) {
    Print(context.console(), cluster);
  } else if (KindOf(status) != "Timeout") {
    const absl::Status stopped = cluster.Stop(started);
    if (!stopped.ok()) return stopped;
  }
  return status;
}

absl::Status UpNew(Context& context, const std::string& directory,
                   const UpOptions& options, absl::Time deadline) {
  const bool restores = !options.from_snapshot.empty();
  const int64_t members =
      options.members.value_or(restores ? 1 : kDefaultMembers);
  if (restores && members != 1) {
    return UsageError(absl::StrCat(
        "--from-snapshot makes a cluster of one member; found --members ",
        members,
        ". Others join it afterwards: quorate cluster add, quorate member "
        "promote"));
  }
  if (members % 2 == 0) {
    return UsageError(absl::StrCat("--members is 1, 3, 5 or 7: ", members,
                                   " would survive no more failures than ",
                                   members - 1));
  }
  const absl::StatusOr<std::string> coordd =
      FindCoordd(context, options.coordd, "");
  if (!coordd.ok()) return coordd.status();
  const absl::StatusOr<std::string> brokerd =
      CheckBrokerOptions(context, ClusterFile(), options.brokers);
  if (!brokerd.ok()) return brokerd.status();
  absl::StatusOr<LocalCluster> cluster =
      LocalCluster::Make(directory, static_cast<uint64_t>(members),
                         static_cast<uint16_t>(options.base_port.value_or(0)),
                         *coordd, options.flags);
  if (!cluster.ok()) return cluster.status();
  if (restores) {
    const absl::Status restored =
        RestoreInto(context, *cluster, options.from_snapshot);
    if (!restored.ok()) return restored;
  }
  // Where a restored member is, is in its data.
  const bool may_move = !options.base_port && !restores;
  const absl::Status status =
      StartAndAwait(context, *cluster, cluster->Ids(), may_move, deadline);
  if (!status.ok()) return status;
  return FinishUp(context, *cluster, cluster->Ids(), *brokerd, options,
                  deadline);
}

absl::Status UpAgain(Context& context, const std::string& directory,
                     const UpOptions& options, absl::Time deadline) {
  absl::StatusOr<LocalCluster> cluster = LocalCluster::Open(directory);
  if (!cluster.ok()) return cluster.status();
  int64_t founders = 0;
  for (const ClusterMember& member : cluster->file().members) {
    founders += member.joins ? 0 : 1;
  }
  if (options.members.value_or(founders) != founders || options.base_port ||
      !options.flags.empty() || !options.from_snapshot.empty()) {
    return UsageError(absl::StrCat(
        directory, " holds a cluster of ", founders,
        " founders already: --members, --base-port, --coordd-flag and "
        "--from-snapshot are for new ones; name another directory, or leave "
        "them out"));
  }
  std::vector<uint64_t> stopped;
  for (const ClusterMember* member : cluster->file().Present()) {
    if (StateOf(member->process) == ProcessState::kGone) {
      stopped.push_back(member->id);
    }
  }
  const absl::StatusOr<std::string> brokerd =
      CheckBrokerOptions(context, cluster->file(), options.brokers);
  if (!brokerd.ok()) return brokerd.status();
  if (stopped.empty() && !BrokersAreMissing(cluster->file(), options.brokers)) {
    return LocalError(absl::StrCat("already running: all of ", directory,
                                   " runs; see quorate cluster status --dir ",
                                   directory));
  }
  const absl::StatusOr<std::string> coordd =
      FindCoordd(context, options.coordd, cluster->file().coordd);
  if (!coordd.ok()) return coordd.status();
  absl::Status status = cluster->SetCoordd(*coordd);
  if (!status.ok()) return status;
  const bool never_founded =
      !cluster->file().founded && stopped.size() == cluster->Ids().size();
  if (!stopped.empty()) {
    status = StartAndAwait(context, *cluster, stopped, never_founded, deadline);
    if (!status.ok()) return status;
  }
  return FinishUp(context, *cluster, stopped, *brokerd, options, deadline);
}

}  // namespace

absl::StatusOr<std::string> FindCoordd(const Context& context,
                                       const std::string& given,
                                       const std::string& recorded) {
  return FindProgram(context, "coordd", "--coordd", "QUORATE_COORDD", given,
                     recorded);
}

absl::Status RunUp(Context& context, const UpOptions& options) {
  const absl::StatusOr<std::string> directory = context.Directory();
  if (!directory.ok()) return directory.status();
  const absl::Time deadline = absl::Now() + options.wait;
  return FileExists(ClusterFilePath(*directory))
             ? UpAgain(context, *directory, options, deadline)
             : UpNew(context, *directory, options, deadline);
}

}  // namespace quorate::tools
