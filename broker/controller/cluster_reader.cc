#include "broker/controller/cluster_reader.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "broker/controller/planner.h"
#include "broker/image/cluster_image.h"
#include "broker/image/rules.h"
#include "broker/image/znodes.h"
#include "coord/client/error.h"
#include "coord/client/session.h"
#include "coord/client/types.h"

namespace quorate::broker {
namespace {

// Of one MultiRead.
constexpr size_t kMaxOps = 500;

absl::StatusOr<std::vector<client::MultiReadAnswer>> ReadAll(
    client::Session& session, const std::vector<client::ReadOp>& ops) {
  std::vector<client::MultiReadAnswer> answers;
  for (size_t begin = 0; begin < ops.size(); begin += kMaxOps) {
    const size_t end = std::min(begin + kMaxOps, ops.size());
    client::MultiRead read;
    read.ops.assign(ops.begin() + static_cast<ptrdiff_t>(begin),
                    ops.begin() + static_cast<ptrdiff_t>(end));
    absl::StatusOr<client::ReadResult> result = session.Read(std::move(read));
    if (!result.ok()) return result.status();
    auto* part = std::get_if<std::vector<client::MultiReadAnswer>>(&*result);
    if (part == nullptr || part->size() != end - begin) {
      return absl::InternalError("a MultiRead was answered by something else");
    }
    std::move(part->begin(), part->end(), std::back_inserter(answers));
  }
  return answers;
}

absl::StatusOr<std::vector<client::MultiReadAnswer>> GetAll(
    client::Session& session, const std::vector<std::string>& paths) {
  std::vector<client::ReadOp> ops;
  for (const std::string& path : paths) ops.push_back(client::GetData{path});
  return ReadAll(session, ops);
}

absl::StatusOr<TopicState> ReadTopic(
    const std::string& name, const client::MultiReadAnswer& config,
    const client::MultiReadAnswer& partitions) {
  for (const client::MultiReadAnswer* answer : {&config, &partitions}) {
    if (const auto* failed = std::get_if<absl::Status>(answer)) return *failed;
  }
  const std::string path = TopicPath(name);
  if (absl::Status s = CheckTopicName(name); !s.ok()) {
    return absl::DataLossError(absl::StrCat(path, ": ", s.message()));
  }
  const auto& data = std::get<client::Data>(config);
  const absl::StatusOr<TopicConfig> parsed = ParseConfig(path, data.data);
  if (!parsed.ok()) return parsed.status();
  TopicState topic = {.topic_id = data.stat.czxid, .config = *parsed};
  const size_t count = std::get<client::Children>(partitions).names.size();
  for (const std::string& child :
       std::get<client::Children>(partitions).names) {
    size_t number = 0;
    if (!absl::SimpleAtoi(child, &number) || number >= count ||
        absl::StrCat(number) != child) {
      return absl::DataLossError(
          absl::StrCat(path, ": expected partitions from 0 to ", count - 1,
                       "; found '", child, "'"));
    }
  }
  if (count == 0) {
    return absl::DataLossError(absl::StrCat(path, ": expected partitions"));
  }
  topic.partitions.resize(count);
  return topic;
}

absl::Status ReadPartitions(client::Session& session, Cluster& cluster) {
  std::vector<std::string> paths;
  std::vector<std::pair<PartitionState*, uint64_t*>> places;
  for (auto& [name, topic] : cluster.image.topics) {
    std::vector<uint64_t>& written = cluster.written[name];
    written.resize(topic.partitions.size());
    for (size_t i = 0; i < written.size(); ++i) {
      paths.push_back(PartitionPath(name, static_cast<int32_t>(i)));
      places.emplace_back(&topic.partitions[i], &written[i]);
    }
  }
  const auto answers = GetAll(session, paths);
  if (!answers.ok()) return answers.status();
  for (size_t i = 0; i < paths.size(); ++i) {
    const client::MultiReadAnswer& answer = (*answers)[i];
    if (const auto* failed = std::get_if<absl::Status>(&answer)) return *failed;
    const auto& data = std::get<client::Data>(answer);
    absl::StatusOr<PartitionState> state =
        ParsePartition(paths[i], data.data, data.stat.version);
    if (!state.ok()) return state.status();
    *places[i].first = *std::move(state);
    *places[i].second = data.stat.mzxid;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Cluster> ReadTopics(client::Session& session) {
  const absl::StatusOr<client::Children> names =
      session.GetChildren(kTopicsPath);
  if (!names.ok()) return names.status();
  std::vector<client::ReadOp> ops;
  for (const std::string& name : names->names) {
    ops.push_back(client::GetData{TopicPath(name)});
    ops.push_back(client::GetChildren{TopicPath(name)});
  }
  const auto answers = ReadAll(session, ops);
  if (!answers.ok()) return answers.status();
  Cluster cluster;
  for (size_t i = 0; i < names->names.size(); ++i) {
    const std::string& name = names->names[i];
    absl::StatusOr<TopicState> topic =
        ReadTopic(name, (*answers)[2 * i], (*answers)[2 * i + 1]);
    if (!topic.ok()) return topic.status();
    cluster.image.topics.emplace(name, *std::move(topic));
  }
  if (absl::Status s = ReadPartitions(session, cluster); !s.ok()) return s;
  return cluster;
}

absl::StatusOr<RegisteredBrokers> ReadBrokers(client::Session& session) {
  const absl::StatusOr<client::Children> names =
      session.GetChildren(kBrokersPath);
  if (!names.ok()) return names.status();
  RegisteredBrokers found;
  std::vector<BrokerId> ids;
  std::vector<std::string> paths;
  for (const std::string& name : names->names) {
    BrokerId id = kNoBroker;
    if (!absl::SimpleAtoi(name, &id) || id <= 0 || absl::StrCat(id) != name) {
      found.ignored.push_back(absl::StrCat(kBrokersPath, "/", name,
                                           ": expected the id of a broker"));
      continue;
    }
    ids.push_back(id);
    paths.push_back(BrokerPath(id));
  }
  const auto answers = GetAll(session, paths);
  if (!answers.ok()) return answers.status();
  for (size_t i = 0; i < ids.size(); ++i) {
    const client::MultiReadAnswer& answer = (*answers)[i];
    if (const auto* failed = std::get_if<absl::Status>(&answer)) {
      if (client::IsError(*failed, "NoNode")) continue;
      return *failed;
    }
    const auto& data = std::get<client::Data>(answer);
    const absl::StatusOr<Registration> registration =
        ParseRegistration(paths[i], data.data);
    if (!registration.ok()) {
      found.ignored.emplace_back(registration.status().message());
      continue;
    }
    found.brokers[ids[i]] = {ids[i], registration->address, data.stat.czxid};
  }
  return found;
}

}  // namespace quorate::broker
