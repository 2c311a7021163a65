#include "coord/server/member.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/output.h"
#include "coord/replica/error.h"
#include "coord/replica/options.h"
#include "coord/replica/output.h"
#include "coord/replica/recovery.h"
#include "coord/replica/replica.h"
#include "coord/rpc/server.h"
#include "coord/rpc/server_options.h"
#include "coord/server/directory.h"
#include "coord/server/disk/disk.h"
#include "coord/server/exit_code.h"
#include "coord/server/flags.h"
#include "coord/server/host_port.h"
#include "coord/server/http_server.h"
#include "coord/server/logger.h"
#include "coord/server/monotonic_clock.h"
#include "coord/server/random_bits.h"
#include "coord/server/replica_facts.h"
#include "coord/server/replica_thread.h"
#include "coord/server/settings.h"
#include "coord/server/stop_advice.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/posix_file_system.h"

namespace quorate::server {
namespace {

constexpr absl::Duration kHandOverPatience = absl::Seconds(1);
constexpr int64_t kHandOverPatienceUs = 1'000'000;
constexpr absl::Duration kHandOverPause = absl::Milliseconds(20);

}  // namespace

Member::Member(const Settings& settings, Logger& logger)
    : settings_(settings),
      logger_(logger),
      files_(storage::MakePosixFileSystem()),
      events_(logger, MonotonicUs),
      monitor_(timings_, events_, *files_, settings.directory) {}

Member::~Member() { Stop(); }

Member::Failure Member::Start(
    std::function<void(const absl::Status&)> on_stop) {
  if (absl::Status s = StartHttp(); !s.ok()) {
    return {ExitCode::kCannotListen, absl::StrCat("--metrics: ", s.message())};
  }
  absl::StatusOr<std::unique_ptr<replica::Replica>> replica = LoadReplica();
  if (!replica.ok()) {
    return {ExitCode::kDirectory, Explain(replica.status(), settings_)};
  }
  const int64_t tick_ms =
      std::max<int64_t>(settings_.replica.core.heartbeat_ms / 2, 1);
  replica_ = absl::make_unique<ReplicaThread>(
      *std::move(replica), tick_ms, settings_.replica.core.election_ms,
      timings_);
  disk_ = absl::make_unique<Disk>(*storage_, *replica_, timings_, logger_);
  if (absl::Status s = StartServer(); !s.ok()) {
    return {ExitCode::kCannotListen, absl::StrCat("--listen: ", s.message())};
  }
  StartThreads(std::move(on_stop));
  monitor_.Attach(*replica_, *server_);
  return {};
}

absl::Status Member::StartHttp() {
  if (settings_.metrics_address.empty()) return absl::OkStatus();
  const absl::StatusOr<HostPort> address =
      ParseHostPort(settings_.metrics_address);
  if (!address.ok()) return address.status();
  absl::StatusOr<std::unique_ptr<HttpServer>> http =
      HttpServer::Start(*address, monitor_.Handlers());
  if (!http.ok()) return http.status();
  http_ = *std::move(http);
  const HostPort bound = {address->host, static_cast<uint16_t>(http_->port())};
  logger_.Log(LogLevel::kInfo, "metrics listening",
              {{"address", bound.ToString()}});
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<replica::Replica>> Member::LoadReplica() {
  absl::StatusOr<storage::OpenedStorage> opened =
      OpenDirectory(*files_, settings_, logger_);
  if (!opened.ok()) return opened.status();
  storage_ = std::move(opened->storage);

  const int64_t begin_us = MonotonicUs();
  absl::StatusOr<replica::Recovered> recovered = replica::Recover(
      *storage_, std::move(opened->state), [this](uint64_t done, uint64_t all) {
        monitor_.SetPhase(
            absl::StrCat("loading: ", done, " of ", all, " bytes"));
      });
  if (!recovered.ok()) return recovered.status();
  logger_.Log(LogLevel::kInfo, "state loaded",
              {{"ms", (MonotonicUs() - begin_us) / 1000}});

  replica::Options options = settings_.replica;
  options.core.fresh_ensemble_id = EnsembleId{RandomBits(), RandomBits()};
  auto replica = absl::make_unique<replica::Replica>(
      options, *std::move(recovered), RandomBits());
  std::vector<std::string> addresses;
  for (const consensus::Member& member :
       replica->core().configuration().members()) {
    addresses.push_back(member.address);
  }
  advice_facts_ =
      FactsForAdvice(settings_, replica->core().key().id, addresses);
  // What it finds here contradicts what it is told, or it was removed.
  if (absl::Status why = replica->stop_reason(); !why.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat(settings_.directory, ": ", WithAdvice(why).message()));
  }
  if (replica->core().IsUnsafe()) WarnOfStaticMembership(replica->core());
  WarnOfAddress(replica->core());
  return replica;
}

void Member::WarnOfStaticMembership(const consensus::Core& core) {
  logger_.Log(LogLevel::kWarn,
              "UNSAFE: this member runs with --unsafe-static-membership, "
              "without membership rules; it exists to show an outage, and "
              "acknowledged data may be lost",
              {{"believes", core.configuration().Describe()}});
}

absl::Status Member::WithAdvice(const absl::Status& why) const {
  const std::string advice = StopAdvice(why, advice_facts_);
  if (advice.empty()) return why;
  return absl::Status(why.code(),
                      absl::StrCat(why.message(), "; to do: ", advice));
}

void Member::WarnOfAddress(const consensus::Core& core) {
  if (core.hard_state().ensemble.IsNone()) return;
  const consensus::Member* self = core.configuration().Find(core.key());
  if (self == nullptr || self->address == core.options().address) return;
  logger_.Log(LogLevel::kWarn,
              "this member has another address in the ensemble",
              {{"configured", self->address},
               {"advertised", core.options().address},
               {"advice",
                "peers dial the configured one; an address changes "
                "only with the member"}});
}

absl::Status Member::StartServer() {
  rpc::ServerOptions options;
  options.listen_address = settings_.listen_address;
  options.version = kVersion;
  absl::StatusOr<std::unique_ptr<rpc::Server>> server =
      rpc::Server::Start(options, *replica_, disk_->snapshots());
  if (!server.ok()) return server.status();
  server_ = *std::move(server);
  // The address was good enough to listen on.
  HostPort bound = ParseHostPort(settings_.listen_address).value();
  bound.port = static_cast<uint16_t>(server_->port());
  logger_.Log(LogLevel::kInfo, "listening",
              {{"address", bound.ToString()},
               {"advertised", settings_.replica.core.address}});
  return absl::OkStatus();
}

void Member::StartThreads(std::function<void(const absl::Status&)> on_stop) {
  ReplicaOutlets outlets;
  outlets.jobs = [this](std::vector<replica::Job> jobs) {
    disk_->Do(std::move(jobs));
  };
  outlets.deliveries = &server_->deliveries();
  outlets.peers = &server_->peers();
  outlets.events = [this,
                    on_stop](const std::vector<consensus::Event>& events) {
    events_.Write(events);
    for (const consensus::Event& event : events) {
      // A newcomer that can never be taken need not go on asking.
      if (event.kind != consensus::EventKind::kRefusedByPeer ||
          event.number == 0) {
        continue;
      }
      on_stop(WithAdvice(
          replica::RefusalError({event.rule, event.reason, {}, {}})));
    }
  };
  outlets.serving = [this](bool serving) {
    server_->SetServing(serving);
    logger_.Log(LogLevel::kInfo, serving ? "serving" : "not serving");
  };
  outlets.paused = [this](int64_t ms) {
    logger_.Log(LogLevel::kWarn, "was paused, or the machine is overloaded",
                {{"ms", ms}});
  };
  outlets.stopped = [this, on_stop = std::move(on_stop)](
                        const absl::Status& why) { on_stop(WithAdvice(why)); };
  replica_->Start(std::move(outlets));
}

void Member::Shutdown() {
  monitor_.Detach("shutting down");
  server_->SetServing(false);
  HandOver();
  Stop();
}

void Member::HandOver() {
  // In the order of posting: the first answer already knows of the order.
  replica_->Post([](replica::Replica& replica) {
    if (replica.core().IsLeader()) {
      replica.TransferLeadership(MemberId()).IgnoreError();
    }
  });
  const int64_t until_us = MonotonicUs() + kHandOverPatienceUs;
  while (MonotonicUs() < until_us) {
    const std::optional<ReplicaFacts> facts =
        AskForFacts(*replica_, kHandOverPatience);
    // Alone, there is nobody to hand over to.
    if (!facts || facts->role != "leader" || facts->voters <= 1) return;
    absl::SleepFor(kHandOverPause);
  }
}

void Member::Stop() {
  if (is_stopped_) return;
  is_stopped_ = true;
  // First nobody asks any more, then nobody decides, then the disk is settled.
  monitor_.Detach("shutting down");
  if (server_ != nullptr) server_->Shutdown();
  if (replica_ != nullptr) replica_->Stop();
  if (disk_ != nullptr) {
    if (absl::Status s = disk_->Stop(); !s.ok()) {
      logger_.Log(LogLevel::kWarn, "log not settled",
                  {{"why", std::string(s.message())}});
    }
  }
}

}  // namespace quorate::server
