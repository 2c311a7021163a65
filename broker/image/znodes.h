// The broker's znodes: paths, and what stands in them, as BROKER.md lists them.
//
// JSON with stable keys, read strictly: a key that is missing or unknown, or a
// value of another type or out of its range, is an error (DataLoss) that names
// path, what was expected and what was found.

#ifndef QUORATE_BROKER_IMAGE_ZNODES_H_
#define QUORATE_BROKER_IMAGE_ZNODES_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "broker/image/cluster_image.h"

namespace quorate::broker {

inline constexpr char kRootPath[] = "/broker";
inline constexpr char kControllerEpochPath[] = "/broker/controller_epoch";
inline constexpr char kProducerIdsPath[] = "/broker/producer_ids";
inline constexpr char kControllerPath[] = "/broker/controller";
inline constexpr char kBrokersPath[] = "/broker/ids";
inline constexpr char kTopicsPath[] = "/broker/topics";
inline constexpr char kGroupsPath[] = "/broker/groups";

std::string BrokerPath(BrokerId id);
std::string TopicPath(absl::string_view topic);
std::string PartitionPath(absl::string_view topic, int32_t partition);

// Of kRootPath.
inline constexpr char kRootData[] = "{\"format\":1}";
absl::Status CheckRootData(absl::string_view data);

// Of BrokerPath().
struct Registration {
  std::string address = {};    // "host:port"
  std::string directory = {};  // names one formatted data directory

  bool operator==(const Registration&) const = default;
};
std::string FormatRegistration(const Registration& registration);
absl::StatusOr<Registration> ParseRegistration(absl::string_view path,
                                               absl::string_view data);

// Of kControllerPath.
struct Office {
  BrokerId broker = kNoBroker;
  int64_t epoch = 0;

  bool operator==(const Office&) const = default;
};
std::string FormatOffice(const Office& office);
absl::StatusOr<Office> ParseOffice(absl::string_view data);

// Of kControllerEpochPath and kProducerIdsPath: a decimal number, 0 or more.
absl::StatusOr<int64_t> ParseCounter(absl::string_view path,
                                     absl::string_view data);

// Of TopicPath().
std::string FormatConfig(const TopicConfig& config);
absl::StatusOr<TopicConfig> ParseConfig(absl::string_view path,
                                        absl::string_view data);

// Of PartitionPath(); without the version, which is the znode's own.
std::string FormatPartition(const PartitionState& state);
absl::StatusOr<PartitionState> ParsePartition(absl::string_view path,
                                              absl::string_view data,
                                              int32_t version);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_IMAGE_ZNODES_H_
