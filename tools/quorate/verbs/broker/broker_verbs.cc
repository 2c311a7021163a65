// broker list, controller show

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "broker/client/admin.h"
#include "broker/client/client_options.h"
#include "broker/image/cluster_image.h"
#include "nlohmann/json.hpp"
#include "tools/quorate/command_line.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/table.h"
#include "tools/quorate/text.h"
#include "tools/quorate/verbs/broker/broker_contact.h"
#include "tools/quorate/verbs/verbs.h"

namespace quorate::tools {
namespace {

// Most brokers that are asked at a time.
constexpr size_t kMaxAsked = 100;

constexpr char kUnpinned[] =
    "UNSAFE: some brokers run without their pin on the ensemble, to show an "
    "outage";

struct Share {
  int leads = 0;
  int replicas = 0;
  int in_sync = 0;
};

std::map<broker::BrokerId, Share> SharesOf(const broker::ClusterImage& image) {
  std::map<broker::BrokerId, Share> shares;
  for (const auto& [name, topic] : image.topics) {
    for (const broker::PartitionState& partition : topic.partitions) {
      for (const broker::BrokerId id : partition.replicas) {
        ++shares[id].replicas;
        shares[id].in_sync += partition.IsInSync(id) ? 1 : 0;
      }
      if (partition.leader != broker::kNoBroker) {
        ++shares[partition.leader].leads;
      }
    }
  }
  return shares;
}

absl::Status RunList(Context& context, const std::vector<std::string>& lists) {
  const absl::StatusOr<broker::MetadataView> view = NewestView(context, lists);
  if (!view.ok()) return view.status();
  const broker::ClusterImage& image = view->image;
  std::map<broker::BrokerId, Share> shares = SharesOf(image);
  // Those that have replicas, and are not there, are told, too.
  std::set<broker::BrokerId> ids;
  for (const auto& [id, share] : shares) ids.insert(id);
  for (const auto& [id, info] : image.brokers) ids.insert(id);
  const Console& console = context.console();
  Table table({"BROKER", "ADDRESS", "SINCE", "LEADS", "REPLICAS", "IN SYNC",
               "CONTROLLER"});
  for (const broker::BrokerId id : ids) {
    const auto found = image.brokers.find(id);
    const bool is_there = found != image.brokers.end();
    const bool is_controller = image.controller.broker_id == id;
    const Share& share = shares[id];
    if (console.json) {
      Json json = {{"broker", id}, {"registered", is_there}};
      if (is_there) {
        json["address"] = found->second.address;
        json["broker_epoch"] = FormatZxid(found->second.broker_epoch);
      }
      json["leads"] = share.leads;
      json["replicas"] = share.replicas;
      json["in_sync"] = share.in_sync;
      json["controller"] = is_controller;
      console.out << Dump(json) << "\n";
      continue;
    }
    table.Add({absl::StrCat(id),
               is_there ? found->second.address : "not registered",
               is_there ? FormatZxid(found->second.broker_epoch) : "",
               absl::StrCat(share.leads), absl::StrCat(share.replicas),
               absl::StrCat(share.in_sync), is_controller ? "yes" : ""});
    if (!is_there) {
      table.PaintLast(Colour::kRed);
    } else if (is_controller) {
      table.PaintLast(Colour::kGreen);
    }
  }
  if (!console.json) {
    table.Print(console);
    if (view->unsafe) {
      console.out << "\n" << console.Paint(Colour::kRed, kUnpinned) << "\n";
    }
  }
  console.out << std::flush;
  return absl::OkStatus();
}

using Views = std::map<std::string, absl::StatusOr<broker::MetadataView>>;

// Asks each of `addresses` that was not asked before.
void Ask(broker::Admin& admin, const std::set<std::string>& addresses,
         Views& views) {
  std::map<std::string, absl::StatusOr<broker::MetadataView>*> places;
  for (const std::string& address : addresses) {
    if (views.count(address) != 0 || views.size() >= kMaxAsked) continue;
    places[address] =
        &views.emplace(address, absl::UnknownError("not asked")).first->second;
  }
  std::vector<std::thread> threads;
  for (const auto& [address, place] : places) {
    threads.emplace_back([&admin, &address = address, place = place] {
      *place = admin.MetadataOf(address);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

void PrintViews(const Console& console, const Views& views) {
  Table table({"ASKED", "BROKER", "CONTROLLER", "EPOCH", "IMAGE", "ENSEMBLE"});
  std::set<std::string> opinions;
  bool unsafe = false;
  for (const auto& [address, view] : views) {
    if (!view.ok()) {
      table.Add({address, "does not answer", "", "", "", ""});
      table.PaintLast(Colour::kYellow);
      continue;
    }
    const broker::ControllerToken& token = view->image.controller;
    const std::string ensemble = FormatId(view->ensemble_id);
    opinions.insert(absl::StrCat(token.broker_id, " ", token.controller_epoch,
                                 " ", ensemble));
    unsafe = unsafe || view->unsafe;
    table.Add({address, absl::StrCat(view->broker_id),
               absl::StrCat(token.broker_id),
               absl::StrCat(token.controller_epoch),
               absl::StrCat(view->image.version), ensemble});
    if (token.broker_id == view->broker_id) table.PaintLast(Colour::kGreen);
  }
  table.Print(console);
  if (opinions.size() > 1) {
    console.out << "\n"
                << console.Paint(Colour::kYellow,
                                 "they do not agree; a broker that has just "
                                 "been cut off, or a new election, is why")
                << "\n";
  }
  if (unsafe) {
    console.out << "\n" << console.Paint(Colour::kRed, kUnpinned) << "\n";
  }
}

absl::Status RunShow(Context& context, const std::vector<std::string>& lists) {
  absl::StatusOr<broker::ClientOptions> options =
      BrokerClientOptions(context, lists);
  if (!options.ok()) return options.status();
  // It is to show what each of them says, also one that has strayed.
  options->unsafe_no_ensemble_pin = options->ensemble_id.empty();
  const std::set<std::string> given(options->bootstrap.begin(),
                                    options->bootstrap.end());
  const absl::StatusOr<std::unique_ptr<broker::Admin>> admin =
      broker::Admin::Create(*options, context.timeout_ms());
  if (!admin.ok()) return admin.status();
  Views views;
  {
    const Progress progress(context.console(), "waiting for the brokers");
    Ask(**admin, given, views);
    std::set<std::string> named;
    for (const auto& [address, view] : views) {
      if (!view.ok()) continue;
      for (const auto& [id, info] : view->image.brokers) {
        named.insert(info.address);
      }
    }
    Ask(**admin, named, views);
  }
  absl::Status failure;
  bool answered = false;
  for (const auto& [address, view] : views) {
    failure.Update(view.status());
    answered = answered || view.ok();
  }
  if (!answered) return failure;
  const Console& console = context.console();
  if (!console.json) {
    PrintViews(console, views);
    console.out << std::flush;
    return absl::OkStatus();
  }
  for (const auto& [address, view] : views) {
    Json json = {{"asked", address}, {"answers", view.ok()}};
    if (view.ok()) {
      const broker::ControllerToken& token = view->image.controller;
      json["broker"] = view->broker_id;
      json["controller"] = token.broker_id;
      json["controller_epoch"] = token.controller_epoch;
      json["czxid"] = FormatZxid(token.token.czxid);
      json["image_version"] = view->image.version;
      json["ensemble_id"] = FormatId(view->ensemble_id);
      json["unsafe"] = view->unsafe;
    }
    console.out << Dump(json) << "\n";
  }
  console.out << std::flush;
  return absl::OkStatus();
}

}  // namespace

void AddBrokerVerbs(CommandLine& line, Context& context) {
  Verb broker = line.AddVerb("broker", "brokers of the cluster");
  Verb list = broker.AddVerb("list", "print the brokers, and what they hold");
  const BrokerLists list_lists = AddBrokersOption(list);
  list.Example("quorate broker list").Does([list_lists, &context] {
    return RunList(context, *list_lists);
  });
  Verb controller = line.AddVerb("controller", "who decides for the brokers");
  Verb show =
      controller.AddVerb("show", "print whom each broker takes for controller");
  const BrokerLists show_lists = AddBrokersOption(show);
  show.Example("quorate controller show").Does([show_lists, &context] {
    return RunShow(context, *show_lists);
  });
}

}  // namespace quorate::tools
