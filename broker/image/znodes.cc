#include "broker/image/znodes.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "broker/image/cluster_image.h"
#include "broker/image/rules.h"
#include "coord/base/json_nesting.h"
#include "nlohmann/json.hpp"

namespace quorate::broker {
namespace {

// Keeps the order of keys.
using Json = nlohmann::ordered_json;

absl::Status Damaged(absl::string_view path, absl::string_view expected,
                     absl::string_view found) {
  return absl::DataLossError(
      absl::StrCat(path, ": expected ", expected, "; found '",
                   absl::CHexEscape(found.substr(0, 200)), "'"));
}

// Reads the keys of one object; the first error stays.
class Reader {
 public:
  Reader(absl::string_view path, absl::string_view data, size_t keys)
      : path_(path), data_(data) {
    if (JsonNesting(data) <= kMaxJsonNesting) {
      json_ = Json::parse(data.begin(), data.end(), nullptr, false);
    }
    if (!json_.is_object() || json_.size() != keys) {
      Fail(absl::StrCat("an object of ", keys, " keys"));
    }
  }

  int64_t Number(const char* key, int64_t low,
                 int64_t high = std::numeric_limits<int64_t>::max()) {
    const Json* json = Get(key);
    if (json == nullptr) return 0;
    return NumberOf(*json, key, low, high);
  }
  int32_t Number32(const char* key, int32_t low) {
    return static_cast<int32_t>(
        Number(key, low, std::numeric_limits<int32_t>::max()));
  }
  std::string Text(const char* key) {
    const Json* json = Get(key);
    if (json == nullptr) return "";
    if (!json->is_string() || json->get_ref<const std::string&>().empty()) {
      Fail(absl::StrCat("a text at \"", key, "\""));
      return "";
    }
    return json->get<std::string>();
  }
  std::vector<BrokerId> Ids(const char* key) {
    std::vector<BrokerId> ids;
    const Json* json = Get(key);
    if (json == nullptr) return ids;
    if (!json->is_array()) Fail(absl::StrCat("a list at \"", key, "\""));
    for (const Json& id : *json) {
      ids.push_back(static_cast<BrokerId>(
          NumberOf(id, key, 1, std::numeric_limits<BrokerId>::max())));
    }
    return ids;
  }
  void Fail(absl::string_view expected) {
    if (status_.ok()) status_ = Damaged(path_, expected, data_);
  }
  const absl::Status& status() const { return status_; }

 private:
  const Json* Get(const char* key) {
    if (!status_.ok()) return nullptr;
    const auto found = json_.find(key);
    if (found != json_.end()) return &*found;
    Fail(absl::StrCat("the key \"", key, "\""));
    return nullptr;
  }
  int64_t NumberOf(const Json& json, const char* key, int64_t low,
                   int64_t high) {
    // An unsigned one may be too large for int64_t.
    const bool fits =
        json.is_number_integer() &&
        (!json.is_number_unsigned() ||
         json.get<uint64_t>() <= uint64_t{std::numeric_limits<int64_t>::max()});
    const int64_t value = fits ? json.get<int64_t>() : 0;
    if (!fits || value < low || value > high) {
      Fail(absl::StrCat("a whole number from ", low, " on at \"", key, "\""));
    }
    return value;
  }

  const absl::string_view path_;
  const absl::string_view data_;
  Json json_;
  absl::Status status_;
};

}  // namespace

std::string BrokerPath(BrokerId id) {
  return absl::StrCat(kBrokersPath, "/", id);
}
std::string TopicPath(absl::string_view topic) {
  return absl::StrCat(kTopicsPath, "/", topic);
}
std::string PartitionPath(absl::string_view topic, int32_t partition) {
  return absl::StrCat(kTopicsPath, "/", topic, "/", partition);
}

absl::Status CheckRootData(absl::string_view data) {
  Reader reader(kRootPath, data, 1);
  const int64_t format = reader.Number("format", 1);
  if (reader.status().ok() && format != 1) {
    reader.Fail("format 1, which is all that this program knows");
  }
  return reader.status();
}

std::string FormatRegistration(const Registration& registration) {
  return Json({{"address", registration.address},
               {"directory", registration.directory}})
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

absl::StatusOr<Registration> ParseRegistration(absl::string_view path,
                                               absl::string_view data) {
  Reader reader(path, data, 2);
  Registration registration;
  registration.address = reader.Text("address");
  registration.directory = reader.Text("directory");
  if (!reader.status().ok()) return reader.status();
  return registration;
}

std::string FormatOffice(const Office& office) {
  return Json({{"broker", office.broker}, {"epoch", office.epoch}}).dump();
}

absl::StatusOr<Office> ParseOffice(absl::string_view data) {
  Reader reader(kControllerPath, data, 2);
  Office office;
  office.broker = reader.Number32("broker", 1);
  office.epoch = reader.Number("epoch", 1);
  if (!reader.status().ok()) return reader.status();
  return office;
}

absl::StatusOr<int64_t> ParseCounter(absl::string_view path,
                                     absl::string_view data) {
  int64_t value = 0;
  // One text for each number: no sign, no space, no leading zeros.
  if (absl::SimpleAtoi(data, &value) && value >= 0 &&
      data == absl::StrCat(value)) {
    return value;
  }
  return Damaged(path, "a decimal number", data);
}

std::string FormatConfig(const TopicConfig& config) {
  return Json({{"replication_factor", config.replication_factor},
               {"min_insync_replicas", config.min_insync_replicas},
               {"retention_bytes", config.retention_bytes},
               {"retention_ms", config.retention_ms},
               {"segment_bytes", config.segment_bytes},
               {"max_batch_bytes", config.max_batch_bytes}})
      .dump();
}

absl::StatusOr<TopicConfig> ParseConfig(absl::string_view path,
                                        absl::string_view data) {
  Reader reader(path, data, 6);
  TopicConfig config;
  config.replication_factor = reader.Number32("replication_factor", 1);
  config.min_insync_replicas = reader.Number32("min_insync_replicas", 1);
  config.retention_bytes = reader.Number("retention_bytes", 0);
  config.retention_ms = reader.Number("retention_ms", 0);
  config.segment_bytes = reader.Number("segment_bytes", 1);
  config.max_batch_bytes = reader.Number32("max_batch_bytes", 1);
  if (reader.status().ok()) {
    const absl::Status sound = CheckConfig(config);
    if (!sound.ok()) reader.Fail(sound.message());
  }
  if (!reader.status().ok()) return reader.status();
  return config;
}

std::string FormatPartition(const PartitionState& state) {
  return Json({{"replicas", state.replicas},
               {"leader", state.leader},
               {"leader_epoch", state.leader_epoch},
               {"isr", state.isr}})
      .dump();
}

absl::StatusOr<PartitionState> ParsePartition(absl::string_view path,
                                              absl::string_view data,
                                              int32_t version) {
  Reader reader(path, data, 4);
  PartitionState state;
  state.replicas = reader.Ids("replicas");
  state.leader = reader.Number32("leader", kNoBroker);
  state.leader_epoch = reader.Number32("leader_epoch", 0);
  state.isr = reader.Ids("isr");
  state.version = version;
  if (reader.status().ok()) {
    const absl::Status sound = CheckPartition(state);
    if (!sound.ok()) reader.Fail(sound.message());
  }
  if (!reader.status().ok()) return reader.status();
  return state;
}

}  // namespace quorate::broker
