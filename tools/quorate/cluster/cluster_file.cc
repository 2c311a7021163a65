#include "tools/quorate/cluster/cluster_file.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/json_nesting.h"
#include "nlohmann/json.hpp"
#include "tools/quorate/atomic_file.h"
#include "tools/quorate/cluster/process.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/text.h"

namespace quorate::tools {
namespace {

constexpr int kFormat = 1;
constexpr size_t kMaxBytes = 1 << 20;

void SetProcess(const Process& process, Json& json) {
  json["pid"] = process.pid;
  json["start_ticks"] = process.start_ticks;
  json["boot_id"] = process.boot_id;
  json["executable"] = process.executable;
}

// Throws as below.
Process ProcessOf(const Json& json) {
  return {.pid = json.at("pid").get<int>(),
          .start_ticks = json.at("start_ticks").get<uint64_t>(),
          .boot_id = json.at("boot_id").get<std::string>(),
          .executable = json.at("executable").get<std::string>()};
}

Json MemberJson(const ClusterMember& member) {
  Json json = {{"id", member.id},
               {"address", member.address},
               {"metrics", member.metrics},
               {"joins", member.joins}};
  SetProcess(member.process, json);
  json["retired"] = member.retired;
  return json;
}

Json BrokerJson(const ClusterBroker& broker) {
  Json json = {{"broker", broker.id},
               {"address", broker.address},
               {"metrics", broker.metrics},
               {"formatted", broker.formatted}};
  SetProcess(broker.process, json);
  return json;
}

// Throws as below.
ClusterBroker BrokerOf(const Json& json) {
  return {.id = json.at("broker").get<int32_t>(),
          .address = json.at("address").get<std::string>(),
          .metrics = json.at("metrics").get<std::string>(),
          .formatted = json.at("formatted").get<bool>(),
          .process = ProcessOf(json)};
}

// Throws Json::exception if something is missing or of another type.
ClusterMember MemberOf(const Json& json) {
  return {.id = json.at("id").get<uint64_t>(),
          .address = json.at("address").get<std::string>(),
          .metrics = json.at("metrics").get<std::string>(),
          .joins = json.at("joins").get<bool>(),
          .process = ProcessOf(json),
          // Files of earlier releases know nothing of it.
          .retired = json.value("retired", false)};
}

// Adds the brokers of `json` to `cluster`. Throws as MemberOf().
absl::Status ParseBrokers(const Json& json, absl::string_view path,
                          ClusterFile& cluster) {
  cluster.brokerd = json.at("brokerd").get<std::string>();
  cluster.broker_flags =
      json.at("broker_flags").get<std::vector<std::string>>();
  for (const Json& broker : json.at("brokers")) {
    ClusterBroker parsed = BrokerOf(broker);
    const bool valid = parsed.id > 0 && parsed.process.pid >= 0 &&
                       CheckEndpoint(parsed.address).ok() &&
                       cluster.FindBroker(parsed.id) == nullptr;
    if (!valid) {
      return LocalError(absl::StrCat(path, ": bad broker ", Dump(broker)));
    }
    cluster.brokers.push_back(std::move(parsed));
  }
  return absl::OkStatus();
}

}  // namespace

ClusterMember* ClusterFile::Find(uint64_t id) {
  for (ClusterMember& member : members) {
    if (member.id == id) return &member;
  }
  return nullptr;
}

ClusterBroker* ClusterFile::FindBroker(int32_t id) {
  for (ClusterBroker& broker : brokers) {
    if (broker.id == id) return &broker;
  }
  return nullptr;
}

std::vector<const ClusterMember*> ClusterFile::Present() const {
  std::vector<const ClusterMember*> present;
  for (const ClusterMember& member : members) {
    if (!member.retired) present.push_back(&member);
  }
  return present;
}

std::string ClusterFilePath(absl::string_view directory) {
  return absl::StrCat(directory, "/cluster.json");
}

std::string MemberDirectory(absl::string_view directory, uint64_t id) {
  return absl::StrCat(directory, "/member-", id);
}

std::string MemberLogPath(absl::string_view directory, uint64_t id) {
  return absl::StrCat(MemberDirectory(directory, id), "/log");
}

std::string BrokerName(int32_t id) { return absl::StrCat("broker-", id); }

std::string BrokerDirectory(absl::string_view directory, int32_t id) {
  return absl::StrCat(directory, "/", BrokerName(id));
}

std::string BrokerLogPath(absl::string_view directory, int32_t id) {
  return absl::StrCat(BrokerDirectory(directory, id), "/log");
}

std::string FormatCluster(const ClusterFile& cluster) {
  Json json = {{"format", kFormat},
               {"coordd", cluster.coordd},
               {"flags", cluster.flags},
               {"founded", cluster.founded},
               {"members", Json::array()}};
  for (const ClusterMember& member : cluster.members) {
    json["members"].push_back(MemberJson(member));
  }
  if (!cluster.brokers.empty()) {
    json["brokerd"] = cluster.brokerd;
    json["broker_flags"] = cluster.broker_flags;
    json["brokers"] = Json::array();
    for (const ClusterBroker& broker : cluster.brokers) {
      json["brokers"].push_back(BrokerJson(broker));
    }
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

absl::StatusOr<ClusterFile> ParseCluster(absl::string_view text,
                                         absl::string_view path) {
  if (JsonNesting(text) > kMaxJsonNesting) {
    return LocalError(absl::StrCat(path, ": nested too deeply"));
  }
  try {
    const Json json = Json::parse(text.begin(), text.end());
    if (json.at("format").get<int>() != kFormat) {
      return LocalError(absl::StrCat(
          path, ": written by another release of quorate: format ",
          json.at("format").dump(), ", and this one knows ", kFormat));
    }
    ClusterFile cluster;
    cluster.coordd = json.at("coordd").get<std::string>();
    cluster.flags = json.at("flags").get<std::vector<std::string>>();
    cluster.founded = json.at("founded").get<bool>();
    for (const Json& member : json.at("members")) {
      ClusterMember parsed = MemberOf(member);
      const bool valid = parsed.id != 0 && parsed.process.pid >= 0 &&
                         CheckEndpoint(parsed.address).ok() &&
                         cluster.Find(parsed.id) == nullptr;
      if (!valid) {
        return LocalError(absl::StrCat(path, ": bad member ", Dump(member)));
      }
      cluster.members.push_back(std::move(parsed));
    }
    if (cluster.Present().empty()) {
      return LocalError(absl::StrCat(path, ": no members"));
    }
    // Files of earlier releases know nothing of brokers.
    if (json.contains("brokers")) {
      const absl::Status brokers = ParseBrokers(json, path, cluster);
      if (!brokers.ok()) return brokers;
    }
    return cluster;
  } catch (const Json::exception& error) {
    return LocalError(absl::StrCat(path, ": ", error.what()));
  }
}

absl::StatusOr<ClusterFile> LoadCluster(const std::string& directory) {
  const std::string path = ClusterFilePath(directory);
  if (!FileExists(path)) {
    return LocalError(
        absl::StrCat(directory, " holds no cluster (there is no ", path,
                     "); to make one: quorate cluster up --dir ", directory));
  }
  const absl::StatusOr<std::string> text = ReadFile(path, kMaxBytes);
  if (!text.ok()) return text.status();
  return ParseCluster(*text, path);
}

absl::Status SaveCluster(const std::string& directory,
                         const ClusterFile& cluster) {
  return WriteFileAtomically(ClusterFilePath(directory),
                             FormatCluster(cluster));
}

}  // namespace quorate::tools
