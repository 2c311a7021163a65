#include "broker/client/partitioner.h"

#include <cstdint>

#include "absl/strings/string_view.h"
#include "broker/image/cluster_image.h"
#include "coord/base/check.h"
#include "xxhash.h"

namespace quorate::broker {

int32_t PartitionOfKey(absl::string_view key, int32_t partitions) {
  QUORATE_CHECK(partitions > 0);
  return static_cast<int32_t>(XXH3_64bits(key.data(), key.size()) %
                              static_cast<uint64_t>(partitions));
}

int32_t NextPartition(const TopicState& topic, int32_t last) {
  const auto count = static_cast<int32_t>(topic.partitions.size());
  QUORATE_CHECK(count > 0);
  for (int32_t i = 1; i <= count; ++i) {
    const int32_t partition = (last + i) % count;
    if (topic.partitions[static_cast<size_t>(partition)].leader != kNoBroker) {
      return partition;
    }
  }
  return (last + 1) % count;
}

}  // namespace quorate::broker
