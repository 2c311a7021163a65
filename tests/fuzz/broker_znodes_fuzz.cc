// What stands in the broker's znodes, where anybody with rights may write.
//
//   input = which:u8 text

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "broker/image/cluster_image.h"
#include "broker/image/rules.h"
#include "broker/image/znodes.h"
#include "coord/base/check.h"
#include "tests/fuzz/fuzz.h"

namespace quorate::fuzz {
namespace {

constexpr char kPath[] = "/broker/x";

// DataLoss, naming where; short enough to be logged.
void CheckError(const absl::Status& status) {
  QUORATE_CHECK(absl::IsDataLoss(status));
  QUORATE_CHECK(absl::StartsWith(status.message(), "/broker"));
  QUORATE_CHECK(status.message().size() < 4000);
}

void Root(absl::string_view data) {
  const absl::Status status = broker::CheckRootData(data);
  if (!status.ok()) CheckError(status);
}

void Registration(absl::string_view data) {
  const absl::StatusOr<broker::Registration> parsed =
      broker::ParseRegistration(kPath, data);
  if (!parsed.ok()) return CheckError(parsed.status());
  const absl::StatusOr<broker::Registration> again =
      broker::ParseRegistration(kPath, broker::FormatRegistration(*parsed));
  QUORATE_CHECK(again.ok() && *again == *parsed);
}

void Office(absl::string_view data) {
  const absl::StatusOr<broker::Office> parsed = broker::ParseOffice(data);
  if (!parsed.ok()) return CheckError(parsed.status());
  const absl::StatusOr<broker::Office> again =
      broker::ParseOffice(broker::FormatOffice(*parsed));
  QUORATE_CHECK(again.ok() && *again == *parsed);
}

void Counter(absl::string_view data) {
  const absl::StatusOr<int64_t> parsed = broker::ParseCounter(kPath, data);
  if (!parsed.ok()) return CheckError(parsed.status());
  QUORATE_CHECK(*parsed >= 0 && std::to_string(*parsed) == data);
}

void Config(absl::string_view data) {
  const absl::StatusOr<broker::TopicConfig> parsed =
      broker::ParseConfig(kPath, data);
  if (!parsed.ok()) return CheckError(parsed.status());
  QUORATE_CHECK(broker::CheckConfig(*parsed).ok());
  const absl::StatusOr<broker::TopicConfig> again =
      broker::ParseConfig(kPath, broker::FormatConfig(*parsed));
  QUORATE_CHECK(again.ok() && *again == *parsed);
}

void Partition(absl::string_view data) {
  const absl::StatusOr<broker::PartitionState> parsed =
      broker::ParsePartition(kPath, data, 3);
  if (!parsed.ok()) return CheckError(parsed.status());
  QUORATE_CHECK(broker::CheckPartition(*parsed).ok());
  const absl::StatusOr<broker::PartitionState> again =
      broker::ParsePartition(kPath, broker::FormatPartition(*parsed), 3);
  QUORATE_CHECK(again.ok() && *again == *parsed);
}

}  // namespace

std::vector<std::string> Seeds() {
  const broker::TopicConfig config = {.replication_factor = 3,
                                      .min_insync_replicas = 2,
                                      .retention_bytes = 1,
                                      .retention_ms = 1000,
                                      .segment_bytes = broker::kMinSegmentBytes,
                                      .max_batch_bytes = 4096};
  const broker::PartitionState partition = {
      .replicas = {1, 2, 3}, .leader = 2, .leader_epoch = 5, .isr = {2, 3}};
  const std::vector<std::string> texts = {
      broker::kRootData,
      broker::FormatRegistration({"10.0.0.1:9000", "dir"}),
      broker::FormatOffice({4, 5}),
      "9223372036854775807",
      broker::FormatConfig(config),
      broker::FormatPartition(partition)};
  std::vector<std::string> seeds;
  for (size_t which = 0; which < texts.size(); ++which) {
    seeds.push_back(static_cast<char>(which) + texts[which]);
    seeds.push_back(static_cast<char>(which) + std::string("[[[{}]]]"));
  }
  return seeds;
}

}  // namespace quorate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quorate;  // NOLINT
  fuzz::Choices choices(fuzz::Text(data, size));
  constexpr void (*kChecks[])(absl::string_view) = {
      fuzz::Root,    fuzz::Registration, fuzz::Office,
      fuzz::Counter, fuzz::Config,       fuzz::Partition};
  const auto check = kChecks[choices.Byte() % std::size(kChecks)];
  check(choices.rest());
  return 0;
}
