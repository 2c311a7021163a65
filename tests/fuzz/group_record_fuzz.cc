// What stands in the znodes of consumer groups.
//
//   input = which:u8 text

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "broker/group/group_record.h"
#include "broker/group/group_types.h"
#include "coord/base/check.h"
#include "tests/fuzz/fuzz.h"

namespace quorate::fuzz {
namespace {

void Generation(absl::string_view text) {
  const absl::StatusOr<int32_t> generation = broker::ParseGeneration(text);
  if (!generation.ok()) {
    QUORATE_CHECK(absl::IsDataLoss(generation.status()));
    return;
  }
  QUORATE_CHECK(*generation >= 0);
  const absl::StatusOr<int32_t> again =
      broker::ParseGeneration(broker::EncodeGeneration(*generation));
  QUORATE_CHECK(again.ok() && *again == *generation);
}

void Offsets(absl::string_view text) {
  const absl::StatusOr<broker::TopicOffsets> offsets =
      broker::ParseOffsets(text);
  if (!offsets.ok()) {
    QUORATE_CHECK(absl::IsDataLoss(offsets.status()));
    return;
  }
  for (const auto& [partition, offset] : offsets->offsets) {
    QUORATE_CHECK(partition >= 0 && offset >= 0);
  }
  const absl::StatusOr<broker::TopicOffsets> again =
      broker::ParseOffsets(broker::EncodeOffsets(*offsets));
  QUORATE_CHECK(again.ok() && *again == *offsets);
}

}  // namespace

std::vector<std::string> Seeds() {
  const std::vector<std::string> offsets = {
      broker::EncodeOffsets({}),
      broker::EncodeOffsets({.topic_id = 1ull << 63,
                             .offsets = {{0, 5}, {10, 0}, {2, 1ll << 60}}})};
  return {'\0' + broker::EncodeGeneration(0),
          '\0' + broker::EncodeGeneration(0x7fffffff), '\1' + offsets[0],
          '\1' + offsets[1],
          std::string("\1{\"topic_id\":1e3,\"offsets\":{\"+1\":2}}")};
}

}  // namespace quorate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quorate;  // NOLINT
  fuzz::Choices choices(fuzz::Text(data, size));
  if (choices.Byte() % 2 == 0) {
    fuzz::Generation(choices.rest());
  } else {
    fuzz::Offsets(choices.rest());
  }
  return 0;
}
