#include "broker/server/broker.h"

#include <grpcpp/impl/service_type.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "broker/controller/fence.h"
#include "broker/controller/image_receiver.h"
#include "broker/controller/membership.h"
#include "broker/data/data_options.h"
#include "broker/data/data_plane.h"
#include "broker/data/outside.h"
#include "broker/data/requests.h"
#include "broker/error/broker_error.h"
#include "broker/group/group_coordinator.h"
#include "broker/image/cluster_image.h"
#include "broker/rpc/control_client.h"
#include "broker/rpc/control_service.h"
#include "broker/rpc/data_service.h"
#include "broker/rpc/ensemble_pin.h"
#include "broker/rpc/fetch_client.h"
#include "broker/rpc/group_service.h"
#include "broker/rpc/server.h"
#include "broker/rpc/topics_service.h"
#include "broker/server/directory.h"
#include "broker/server/format.h"
#include "broker/server/hand_over.h"
#include "broker/server/settings.h"
#include "broker/server/status_page.h"
#include "coord/client/session.h"
#include "coord/rpc/timer.h"
#include "coord/server/exit_code.h"
#include "coord/server/host_port.h"
#include "coord/server/http_server.h"
#include "coord/server/logger.h"
#include "coord/server/monotonic_clock.h"
#include "coord/server/rate_limiter.h"
#include "coord/storage/file_system.h"
#include "coord/storage/posix_file_system.h"

namespace quorate::broker {
namespace {

using server::ExitCode;
using server::LogLevel;

// One line in so long for each kind of refused command.
constexpr int64_t kRefusalLogUs = 5'000'000;

// The membership asks the ensemble.
class EnsembleProducerIds final : public ProducerIds {
 public:
  explicit EnsembleProducerIds(Membership& membership)
      : membership_(membership) {}
  void Next(std::function<void(absl::StatusOr<uint64_t>)> done) override {
    membership_.NextProducerId(std::move(done));
  }

 private:
  Membership& membership_;
};

class BrokerImpl final : public Broker {
 public:
  BrokerImpl(const Settings& settings, server::Logger& logger)
      : settings_(settings),
        logger_(logger),
        files_(storage::MakePosixFileSystem()),
        refusals_(kRefusalLogUs) {}
  ~BrokerImpl() override { Stop(); }

  Ended Start(std::function<void(const absl::Status&)> on_stop) override;
  void Shutdown() override;

 private:
  absl::Status StartHttp();
  absl::Status OpenDirectory();
  absl::Status OpenData(std::function<void(const absl::Status&)> on_stop);
  absl::Status Listen();
  MembershipOutside Outside(std::function<void(const absl::Status&)> on_stop);
  void Stop();

  void Registered(uint64_t broker_epoch);
  void Refused(const absl::Status& why);
  std::string ControllerAddress() const;
  StatusFacts Facts() const;

  const Settings settings_;
  server::Logger& logger_;
  const std::unique_ptr<storage::FileSystem> files_;
  rpc::Timer timer_;
  absl::Mutex refusals_mutex_;
  server::RateLimiter refusals_ ABSL_GUARDED_BY(refusals_mutex_);
  std::atomic<bool> is_open_ = false;  // what Facts() looks at is there
  uint64_t broker_epoch_ = 0;          // the membership's thread's

  // In the order of their making.
  std::unique_ptr<Directory> directory_;
  std::unique_ptr<Fence> fence_;
  std::unique_ptr<ControllerClient> controller_;
  std::unique_ptr<FetchClient> fetch_;
  std::unique_ptr<DataPlane> data_;
  std::unique_ptr<ImageReceiver> receiver_;
  GroupCoordinator groups_;  // told by the membership
  std::unique_ptr<Membership> membership_;
  std::unique_ptr<EnsembleProducerIds> producer_ids_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<server::HttpServer> http_;
};

// --- Starting --------------------------------------------------------------

Ended BrokerImpl::Start(std::function<void(const absl::Status&)> on_stop) {
  // First, to be seen while logs are recovered.
  if (absl::Status s = StartHttp(); !s.ok()) {
    return {ExitCode::kCannotListen, absl::StrCat("--metrics: ", s.message())};
  }
  if (absl::Status s = OpenDirectory(); !s.ok()) {
    return {ExitCode::kDirectory, std::string(s.message())};
  }
  const Owner& owner = directory_->owner();
  logger_.Log(LogLevel::kInfo, "directory opened",
              {{"broker", owner.id},
               {"ensemble", absl::BytesToHexString(owner.ensemble_id)},
               {"directory_id", owner.directory_id}});
  if (settings_.is_unsafe) {
    logger_.Log(LogLevel::kWarn,
                "UNSAFE: this broker runs with --unsafe-no-ensemble-pin and "
                "serves any ensemble; it exists to show an outage, and "
                "acknowledged data may be lost");
  }
  if (absl::Status s = OpenData(on_stop); !s.ok()) {
    return {ExitCode::kDirectory, std::string(s.message())};
  }
  membership_ = absl::make_unique<Membership>(
      MembershipOptions{
          .id = owner.id,
          .registration = {settings_.advertised_address, owner.directory_id},
          .endpoints = settings_.endpoints,
          .session_timeout_ms = settings_.session_timeout_ms,
          .pin = directory_->pin(),
          .is_unsafe = settings_.is_unsafe},
      Outside(std::move(on_stop)));
  producer_ids_ = absl::make_unique<EnsembleProducerIds>(*membership_);
  is_open_.store(true);
  if (absl::Status s = Listen(); !s.ok()) {
    return {ExitCode::kCannotListen, absl::StrCat("--listen: ", s.message())};
  }
  membership_->Start();
  return {};
}

absl::Status BrokerImpl::OpenDirectory() {
  absl::StatusOr<std::unique_ptr<Directory>> directory =
      Directory::Open(*files_, settings_.directory);
  if (!directory.ok()) return directory.status();
  directory_ = *std::move(directory);
  absl::StatusOr<std::unique_ptr<Fence>> fence = Fence::Open(
      *files_, {settings_.directory, directory_->owner().ensemble_id,
                settings_.is_unsafe});
  if (!fence.ok()) return fence.status();
  fence_ = *std::move(fence);
  return absl::OkStatus();
}

absl::Status BrokerImpl::OpenData(
    std::function<void(const absl::Status&)> on_stop) {
  const Owner& owner = directory_->owner();
  controller_ = ControllerClient::Make(owner.ensemble_id, owner.id,
                                       [this] { return data_->image(); });
  fetch_ = MakeFetchClient(owner.ensemble_id);
  DataOptions options;
  options.id = owner.id;
  options.directory = directory_->path();
  if (!settings_.is_unsafe) options.ensemble_id = owner.ensemble_id;
  options.file_system = files_.get();
  options.isr = controller_.get();
  options.fetch = fetch_.get();
  options.replica_lag_ms = settings_.replica_lag_ms;
  // Others can lead; who goes on without a replica would lead it for nobody.
  options.on_failed = [on_stop = std::move(on_stop)](const PartitionId& of,
                                                     const absl::Status& why) {
    on_stop(absl::Status(
        why.code(), absl::StrCat("the log of ", of.topic, "/", of.partition,
                                 " has failed: ", why.message())));
  };
  const int64_t begin_us = server::MonotonicUs();
  absl::StatusOr<std::unique_ptr<DataPlane>> data =
      DataPlane::Open(std::move(options));
  if (!data.ok()) return data.status();
  data_ = *std::move(data);
  logger_.Log(LogLevel::kInfo, "logs recovered",
              {{"replicas", data_->Replicas().size()},
               {"ms", (server::MonotonicUs() - begin_us) / 1000}});
  receiver_ = absl::make_unique<ImageReceiver>(
      directory_->owner().id, *fence_,
      [this](std::shared_ptr<const ClusterImage> image) {
        return data_->ApplyImage(std::move(image));
      });
  return absl::OkStatus();
}

absl::Status BrokerImpl::StartHttp() {
  if (settings_.metrics_address.empty()) return absl::OkStatus();
  const absl::StatusOr<server::HostPort> address =
      server::ParseHostPort(settings_.metrics_address);
  if (!address.ok()) return address.status();
  server::HttpServer::Handlers handlers;
  handlers["/livez"] = [] { return server::HttpAnswer{200, "ok\n"}; };
  handlers["/readyz"] = [this] {
    const std::string waits_for = WhatItWaitsFor(Facts());
    return waits_for.empty() ? server::HttpAnswer{200, "ok\n"}
                             : server::HttpAnswer{503, waits_for + "\n"};
  };
  handlers["/metrics"] = [this] {
    return server::HttpAnswer{200, RenderMetrics(Facts())};
  };
  absl::StatusOr<std::unique_ptr<server::HttpServer>> http =
      server::HttpServer::Start(*address, std::move(handlers));
  if (!http.ok()) return http.status();
  http_ = *std::move(http);
  const server::HostPort bound = {address->host,
                                  static_cast<uint16_t>(http_->port())};
  logger_.Log(LogLevel::kInfo, "metrics listening",
              {{"address", bound.ToString()}});
  return absl::OkStatus();
}

absl::Status BrokerImpl::Listen() {
  const EnsemblePin pin = {directory_->owner().ensemble_id,
                           settings_.is_unsafe};
  std::vector<std::unique_ptr<grpc::Service>> services;
  services.push_back(
      MakeControlService(pin, *receiver_, *membership_,
                         [this](const absl::Status& why) { Refused(why); }));
  services.push_back(MakeTopicsService(pin, *membership_));
  services.push_back(
      MakeDataService(pin, directory_->owner().id, *data_, *producer_ids_));
  services.push_back(MakeGroupService(
      groups_,
      {.ensemble_id = [pin] { return pin.is_unsafe ? "" : pin.ensemble_id; },
       .controller_address = [this] { return ControllerAddress(); }}));
  absl::StatusOr<std::unique_ptr<Server>> server =
      Server::Start(settings_.listen_address, std::move(services));
  if (!server.ok()) return server.status();
  server_ = *std::move(server);
  // The address was good enough to listen on.
  server::HostPort bound =
      server::ParseHostPort(settings_.listen_address).value();
  bound.port = static_cast<uint16_t>(server_->port());
  logger_.Log(LogLevel::kInfo, "listening",
              {{"address", bound.ToString()},
               {"advertised", settings_.advertised_address}});
  return absl::OkStatus();
}

MembershipOutside BrokerImpl::Outside(
    std::function<void(const absl::Status&)> on_stop) {
  MembershipOutside outside;
  outside.open_link = OpenGrpcBrokerLink;
  outside.timer = &timer_;
  outside.logger = &logger_;
  outside.listeners = {&groups_};
  outside.on_registered = [this](uint64_t epoch) { Registered(epoch); };
  outside.on_pin = [this](const client::Pin& pin) {
    const absl::Status saved = directory_->SavePin(pin);
    if (saved.ok()) return;
    logger_.Log(LogLevel::kWarn, "cannot save the pin",
                {{"why", std::string(saved.message())}});
  };
  outside.on_fatal = std::move(on_stop);
  outside.controller_address = [this] { return ControllerAddress(); };
  return outside;
}

void BrokerImpl::Registered(uint64_t broker_epoch) {
  data_->SetBrokerEpoch(broker_epoch);
  receiver_->SetBrokerEpoch(broker_epoch);
  logger_.Log(LogLevel::kInfo,
              broker_epoch_ == 0 ? "ready" : "registered again",
              {{"broker", directory_->owner().id},
               {"broker_epoch", broker_epoch},
               {"address", settings_.advertised_address}});
  broker_epoch_ = broker_epoch;
}

// --- Running ---------------------------------------------------------------

void BrokerImpl::Refused(const absl::Status& why) {
  std::optional<uint64_t> left_out;
  {
    absl::MutexLock lock(&refusals_mutex_);
    left_out = refusals_.Admit(Is(why, ErrorKind::kStaleController) ? 1 : 2,
                               server::MonotonicUs());
  }
  if (!left_out) return;
  logger_.Log(LogLevel::kWarn, "refused a command",
              {{"why", std::string(why.message())}, {"left_out", *left_out}});
}

std::string BrokerImpl::ControllerAddress() const {
  const std::shared_ptr<const ClusterImage> image = data_->image();
  if (image == nullptr) return "";
  // An image stays behind the reign that it is of; nobody is to be sent here
  // then.
  if (image->controller.broker_id == directory_->owner().id &&
      !membership_->is_controller()) {
    return "";
  }
  const auto broker = image->brokers.find(image->controller.broker_id);
  return broker == image->brokers.end() ? "" : broker->second.address;
}

StatusFacts BrokerImpl::Facts() const {
  StatusFacts facts;
  facts.is_unsafe = settings_.is_unsafe;
  if (!is_open_.load()) return facts;
  facts.id = directory_->owner().id;
  facts.is_registered = membership_->is_registered();
  facts.is_controller = membership_->is_controller();
  facts.elections_won = membership_->elections_won();
  facts.under_replicated = membership_->under_replicated();
  facts.stale_controller = fence_->stale_count();
  facts.wrong_ensemble = fence_->wrong_ensemble_count();
  facts.image = data_->image();
  return facts;
}

// --- Stopping --------------------------------------------------------------

void BrokerImpl::Shutdown() {
  if (membership_ != nullptr && membership_->is_registered()) {
    const HandedOver result = HandOver(*controller_);
    logger_.Log(result.remaining == 0 ? LogLevel::kInfo : LogLevel::kWarn,
                "handed over",
                {{"remaining", result.remaining},
                 {"why", std::string(result.last.message())}});
  }
  Stop();
}

void BrokerImpl::Stop() {
  // Everybody who holds a call answers it before the server waits for them.
  if (membership_ != nullptr) membership_->Stop();
  if (receiver_ != nullptr) receiver_->Stop();
  if (data_ != nullptr) data_->Stop();
  if (server_ != nullptr) server_->Shutdown();
  http_.reset();
}

}  // namespace

std::unique_ptr<Broker> Broker::Make(const Settings& settings,
                                     server::Logger& logger) {
  return absl::make_unique<BrokerImpl>(settings, logger);
}

}  // namespace quorate::broker
