// TopicPartition: names one partition.

#ifndef QUORATE_BROKER_CLIENT_TOPIC_PARTITION_H_
#define QUORATE_BROKER_CLIENT_TOPIC_PARTITION_H_

#include <compare>
#include <cstdint>
#include <string>

namespace quorate::broker {

struct TopicPartition {
  std::string topic = {};
  int32_t partition = 0;

  auto operator<=>(const TopicPartition&) const = default;
};

// "topic/0"; topics' names have no slash.
inline std::string ToString(const TopicPartition& partition) {
  return partition.topic + "/" + std::to_string(partition.partition);
}

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CLIENT_TOPIC_PARTITION_H_
