#include "tools/quorate/cluster/cluster_brokers.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "broker/client/admin.h"
#include "broker/image/cluster_image.h"
#include "coord/client/admin.h"
#include "coord/client/error.h"
#include "coord/client/types.h"
#include "tools/quorate/cluster/cluster_file.h"
#include "tools/quorate/cluster/find_program.h"
#include "tools/quorate/cluster/local_cluster.h"
#include "tools/quorate/cluster/port.h"
#include "tools/quorate/cluster/process.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {
namespace {

constexpr int kPortAttempts = 5;
constexpr int64_t kCallTimeoutMs = 1'000;
constexpr absl::Duration kPause = absl::Milliseconds(50);
constexpr absl::Duration kStartPatience = absl::Seconds(60);
constexpr absl::Duration kControllerPatience = absl::Seconds(15);

std::vector<std::string> Addresses(const ClusterFile& cluster) {
  std::vector<std::string> addresses;
  for (const ClusterBroker& broker : cluster.brokers) {
    addresses.push_back(broker.address);
  }
  return addresses;
}

absl::StatusOr<std::unique_ptr<broker::Admin>> AdminOf(
    const ClusterFile& cluster) {
  // A local cluster knows which brokers are its own, and its members may be
  // unsafe on purpose.
  return broker::Admin::Create({.bootstrap = Addresses(cluster),
                                .client_id = "quorate cluster",
                                .unsafe_no_ensemble_pin = true},
                               kCallTimeoutMs);
}

// Whether somebody has made the brokers' znodes.
absl::StatusOr<bool> IsBootstrapped(const ClusterFile& cluster) {
  client::AdminOptions options;
  for (const ClusterMember* member : cluster.Present()) {
    options.endpoints.push_back(member->address);
  }
  const absl::StatusOr<std::unique_ptr<client::AdminClient>> admin =
      client::AdminClient::Create(std::move(options));
  if (!admin.ok()) return admin.status();
  const absl::Status found =
      (*admin)
          ->Read(client::Exists{"/broker"}, client::Consistency::kLinearizable)
          .status();
  if (client::IsError(found, "NoNode")) return false;
  if (!found.ok()) return found;
  return true;
}

absl::Status FormatAll(LocalCluster& cluster) {
  std::optional<bool> bootstrapped;
  for (const int32_t id : cluster.BrokerIds()) {
    for (const ClusterBroker& broker : cluster.file().brokers) {
      if (broker.id != id || broker.formatted) continue;
      if (!bootstrapped) {
        const absl::StatusOr<bool> found = IsBootstrapped(cluster.file());
        if (!found.ok()) return found.status();
        bootstrapped = *found;
      }
      const absl::Status status = cluster.FormatBroker(id, !*bootstrapped);
      if (!status.ok()) return status;
      bootstrapped = true;
      break;
    }
  }
  return absl::OkStatus();
}

absl::Status ErrorOf(const LocalCluster& cluster, const EndedMember& ended) {
  const auto id = static_cast<int32_t>(ended.id);
  return LocalError(absl::StrCat(
      BrokerName(id), " has ended",
      ended.exit_code ? absl::StrCat(" with exit code ", *ended.exit_code) : "",
      ended.last_words.empty() ? "" : absl::StrCat(": ", ended.last_words),
      "; see ", BrokerLogPath(cluster.directory(), id)));
}

// OK: it is registered, and knows a controller that is registered, too.
absl::Status LookAt(broker::Admin& admin, const ClusterBroker& broker) {
  const std::string name = BrokerName(broker.id);
  if (!Listens(broker.address)) {
    return absl::UnavailableError(absl::StrCat(name, " does not listen yet"));
  }
  const absl::StatusOr<broker::MetadataView> view =
      admin.MetadataOf(broker.address);
  if (!view.ok()) {
    return absl::UnavailableError(
        absl::StrCat(name, " is not ready: ", view.status().message()));
  }
  const auto& brokers = view->image.brokers;
  const auto own = brokers.find(broker.id);
  if (own == brokers.end() || own->second.address != broker.address) {
    return absl::UnavailableError(absl::StrCat(name, " is not registered yet"));
  }
  if (brokers.count(view->image.controller.broker_id) == 0) {
    return absl::UnavailableError(
        absl::StrCat(name, " waits for a controller to be elected"));
  }
  return absl::OkStatus();
}

absl::Status Await(Context& context, LocalCluster& cluster,
                   const std::vector<int32_t>& ids, absl::Time deadline,
                   std::optional<EndedMember>* ended) {
  const absl::StatusOr<std::unique_ptr<broker::Admin>> admin =
      AdminOf(cluster.file());
  if (!admin.ok()) return admin.status();
  Progress progress(context.console(), "starting the brokers");
  while (true) {
    *ended = cluster.FindEndedBroker(ids);
    if (ended->has_value()) return ErrorOf(cluster, **ended);
    absl::Status status;
    for (const ClusterBroker& broker : cluster.file().brokers) {
      for (const int32_t id : ids) {
        if (id == broker.id) status.Update(LookAt(**admin, broker));
      }
      if (!status.ok()) break;
    }
    if (status.ok()) return status;
    progress.Update(std::string(status.message()));
    if (absl::Now() >= deadline) {
      return TimeoutError(absl::StrCat("not ready yet: ", status.message(),
                                       "; see the logs in ",
                                       cluster.directory()));
    }
    absl::SleepFor(kPause);
  }
}

absl::Status StartAndAwait(Context& context, LocalCluster& cluster,
                           const std::vector<int32_t>& ids,
                           absl::Time deadline) {
  for (int attempt = 1;; ++attempt) {
    absl::Status status;
    for (const int32_t id : ids) {
      if (status.ok()) status = cluster.StartBroker(id);
    }
    std::optional<EndedMember> ended;
    if (status.ok()) status = Await(context, cluster, ids, deadline, &ended);
    if (status.ok()) return status;
    // Too slow is not dead: they may be ready yet.
    if (!ended && KindOf(status) == "Timeout") return status;
    const absl::Status stopped = cluster.StopBrokers(ids);
    if (!stopped.ok()) return stopped;
    const bool taken = ended && ended->exit_code == kCannotListen;
    if (!taken || attempt == kPortAttempts) {
      return LocalError(absl::StrCat(status.message(),
                                     "; what was started was stopped again"));
    }
    context.console().Remark("a port was taken meanwhile; trying again");
    // It is registered anew with each start, so that it may be anywhere.
    const absl::Status moved =
        cluster.ChooseOtherBrokerPorts(static_cast<int32_t>(ended->id));
    if (!moved.ok()) return moved;
  }
}

}  // namespace

absl::StatusOr<std::string> CheckBrokerOptions(const Context& context,
                                               const ClusterFile& cluster,
                                               const BrokerUpOptions& options) {
  const auto present = static_cast<int64_t>(cluster.brokers.size());
  if (options.brokers.value_or(present) < present) {
    return UsageError(absl::StrCat("this cluster has ", present,
                                   " brokers already, and they stay: "
                                   "--brokers ",
                                   *options.brokers, " would be fewer"));
  }
  if (present != 0 && !options.flags.empty()) {
    return UsageError(
        "--brokerd-flag is for a cluster without brokers; leave it out");
  }
  if (options.brokers.value_or(present) == 0) {
    if (!options.flags.empty()) {
      return UsageError("--brokerd-flag needs --brokers N");
    }
    return std::string();
  }
  return FindProgram(context, "brokerd", "--brokerd", "QUORATE_BROKERD",
                     options.brokerd, cluster.brokerd);
}

bool BrokersAreMissing(const ClusterFile& cluster,
                       const BrokerUpOptions& options) {
  const auto present = static_cast<int64_t>(cluster.brokers.size());
  if (options.brokers.value_or(present) > present) return true;
  for (const ClusterBroker& broker : cluster.brokers) {
    if (StateOf(broker.process) == ProcessState::kGone) return true;
  }
  return false;
}

absl::Status BringBrokersUp(Context& context, LocalCluster& cluster,
                            const std::string& brokerd,
                            const BrokerUpOptions& options,
                            absl::Time deadline) {
  const auto present = static_cast<int64_t>(cluster.file().brokers.size());
  const int64_t wanted = options.brokers.value_or(present);
  if (wanted == 0) return absl::OkStatus();
  absl::Status status =
      wanted > present
          ? cluster.AddBrokers(
                static_cast<int32_t>(wanted - present), brokerd,
                present == 0 ? options.flags : cluster.file().broker_flags)
          : cluster.SetBrokerd(brokerd);
  if (!status.ok()) return status;
  status = FormatAll(cluster);
  if (!status.ok()) return status;
  std::vector<int32_t> stopped;
  for (const ClusterBroker& broker : cluster.file().brokers) {
    if (StateOf(broker.process) == ProcessState::kGone) {
      stopped.push_back(broker.id);
    }
  }
  return StartAndAwait(context, cluster, stopped, deadline);
}

absl::Status StartBrokerAndWait(Context& context, LocalCluster& cluster,
                                int32_t id) {
  const absl::StatusOr<std::string> brokerd =
      CheckBrokerOptions(context, cluster.file(), {});
  if (!brokerd.ok()) return brokerd.status();
  absl::Status status = cluster.SetBrokerd(*brokerd);
  if (status.ok()) status = FormatAll(cluster);
  if (!status.ok()) return status;
  return StartAndAwait(context, cluster, {id}, absl::Now() + kStartPatience);
}

std::vector<SeenBroker> LookAtBrokers(const ClusterFile& cluster) {
  std::vector<SeenBroker> seen(cluster.brokers.size());
  if (seen.empty()) return seen;
  const absl::StatusOr<std::unique_ptr<broker::Admin>> admin = AdminOf(cluster);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < seen.size(); ++i) {
    const ClusterBroker& broker = cluster.brokers[i];
    seen[i].state = StateOf(broker.process);
    if (seen[i].state != ProcessState::kRunning || !admin.ok()) continue;
    if (!Listens(broker.address)) {
      seen[i].image = absl::UnavailableError("it does not listen yet");
      continue;
    }
    threads.emplace_back([&, i] {
      absl::StatusOr<broker::MetadataView> view =
          (*admin)->MetadataOf(cluster.brokers[i].address);
      if (!view.ok()) {
        seen[i].image = view.status();
        return;
      }
      seen[i].unsafe = view->unsafe;
      seen[i].image = std::move(view->image);
    });
  }
  for (std::thread& thread : threads) thread.join();
  return seen;
}

absl::StatusOr<int32_t> FindController(const ClusterFile& cluster) {
  const absl::Time deadline = absl::Now() + kControllerPatience;
  while (true) {
    const std::vector<SeenBroker> seen = LookAtBrokers(cluster);
    const broker::ClusterImage* newest = nullptr;
    const auto rank = [](const broker::ClusterImage& image) {
      return std::make_tuple(image.controller.controller_epoch, image.version);
    };
    for (const SeenBroker& broker : seen) {
      if (!broker.image.ok()) continue;
      if (newest == nullptr || rank(*broker.image) > rank(*newest)) {
        newest = &*broker.image;
      }
    }
    if (newest != nullptr) {
      const int32_t id = newest->controller.broker_id;
      for (size_t i = 0; i < seen.size(); ++i) {
        if (cluster.brokers[i].id == id && seen[i].image.ok()) return id;
      }
    }
    if (absl::Now() >= deadline) {
      return TimeoutError("no broker is known as controller");
    }
    absl::SleepFor(kPause);
  }
}

}  // namespace quorate::tools
