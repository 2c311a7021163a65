// How a group stands in znodes; see BROKER.md.

#ifndef QUORATE_BROKER_GROUP_GROUP_RECORD_H_
#define QUORATE_BROKER_GROUP_GROUP_RECORD_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "broker/group/group_types.h"

namespace quorate::broker {

// What is durable of a group, with the versions of its znodes.
struct StoredTopic {
  TopicOffsets offsets = {};
  int32_t version = 0;
};
struct StoredGroup {
  int32_t generation = 0;
  int32_t version = 0;
  std::map<std::string, StoredTopic> topics = {};
};

std::string GroupPath(absl::string_view group);
std::string GroupTopicPath(absl::string_view group, absl::string_view topic);

std::string EncodeGeneration(int32_t generation);
std::string EncodeOffsets(const TopicOffsets& offsets);
// DataLoss: it is not such a text; the message says why.
absl::StatusOr<int32_t> ParseGeneration(absl::string_view text);
absl::StatusOr<TopicOffsets> ParseOffsets(absl::string_view text);

// OK: 1 to 200 of letters, digits, '.', '_', '-'; not "." or "..". Else
// BadRequest.
absl::Status CheckGroupName(absl::string_view name);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_GROUP_GROUP_RECORD_H_
