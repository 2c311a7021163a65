#include "tools/quorate/verbs/broker/broker_contact.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "broker/client/admin.h"
#include "broker/client/client_options.h"
#include "broker/image/cluster_image.h"
#include "coord/client/session.h"
#include "tools/quorate/cluster/cluster_file.h"
#include "tools/quorate/command_line.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/pin_file.h"
#include "tools/quorate/text.h"

namespace quorate::tools {
namespace {

// The value of a variable of the environment; "": not set.
std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

absl::StatusOr<std::vector<std::string>> Split(
    const std::vector<std::string>& lists) {
  std::vector<std::string> endpoints;
  for (const std::string& list : lists) {
    for (const absl::string_view endpoint : absl::StrSplit(list, ',')) {
      const absl::Status status = CheckEndpoint(endpoint);
      if (!status.ok()) return status;
      if (std::find(endpoints.begin(), endpoints.end(), endpoint) ==
          endpoints.end()) {
        endpoints.emplace_back(endpoint);
      }
    }
  }
  return endpoints;
}

absl::StatusOr<std::vector<std::string>> BrokersOf(
    const std::string& directory) {
  const absl::StatusOr<ClusterFile> cluster = LoadCluster(directory);
  if (!cluster.ok()) return cluster.status();
  std::vector<std::string> endpoints;
  for (const ClusterBroker& broker : cluster->brokers) {
    endpoints.push_back(broker.address);
  }
  if (endpoints.empty()) {
    return LocalError(absl::StrCat(
        directory, " has no brokers; to start some: quorate cluster up --dir ",
        directory, " --brokers 3"));
  }
  return endpoints;
}

}  // namespace

BrokerLists AddBrokersOption(Verb& verb) {
  auto lists = std::make_shared<std::vector<std::string>>();
  verb.Option("--brokers", lists.get(), "HOST:PORT,...",
              "brokers to ask; else those of --dir, or QUORATE_BROKERS");
  return lists;
}

absl::StatusOr<std::vector<std::string>> BrokerEndpoints(
    const Context& context, const std::vector<std::string>& lists) {
  if (!lists.empty()) return Split(lists);
  if (!context.options().directory.empty()) {
    return BrokersOf(context.options().directory);
  }
  const std::string variable = Environment("QUORATE_BROKERS");
  if (!variable.empty()) return Split({variable});
  const std::string directory = Environment("QUORATE_DIR");
  if (!directory.empty()) return BrokersOf(directory);
  return UsageError(
      "which brokers? Give --brokers HOST:PORT,... or --dir DIR of a local "
      "cluster, or set QUORATE_BROKERS or QUORATE_DIR");
}

absl::StatusOr<broker::ClientOptions> BrokerClientOptions(
    const Context& context, const std::vector<std::string>& lists) {
  absl::StatusOr<std::vector<std::string>> endpoints =
      BrokerEndpoints(context, lists);
  if (!endpoints.ok()) return endpoints.status();
  broker::ClientOptions options;
  options.bootstrap = *std::move(endpoints);
  options.client_id = "quorate";
  options.call_timeout_ms =
      std::min(options.call_timeout_ms, context.timeout_ms());
  if (!context.options().pin_file.empty()) {
    absl::StatusOr<client::Pin> pin = LoadPin(context.options().pin_file);
    if (!pin.ok()) return pin.status();
    options.ensemble_id = std::move(pin->ensemble_id);
  }
  return options;
}

absl::StatusOr<std::unique_ptr<broker::Admin>> BrokerAdmin(
    const Context& context, const std::vector<std::string>& lists) {
  absl::StatusOr<broker::ClientOptions> options =
      BrokerClientOptions(context, lists);
  if (!options.ok()) return options.status();
  return broker::Admin::Create(*std::move(options), context.timeout_ms());
}

absl::StatusOr<broker::MetadataView> NewestView(
    Context& context, const std::vector<std::string>& lists) {
  const absl::StatusOr<std::unique_ptr<broker::Admin>> admin =
      BrokerAdmin(context, lists);
  if (!admin.ok()) return admin.status();
  const Progress progress(context.console(), "waiting for a broker");
  absl::StatusOr<broker::MetadataView> view = (*admin)->Metadata();
  if (!view.ok()) return view;
  const broker::BrokerId controller = view->image.controller.broker_id;
  const auto found = view->image.brokers.find(controller);
  if (controller == view->broker_id || found == view->image.brokers.end()) {
    return view;
  }
  absl::StatusOr<broker::MetadataView> newer =
      (*admin)->MetadataOf(found->second.address);
  return newer.ok() ? newer : view;
}

}  // namespace quorate::tools
