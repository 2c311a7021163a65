// Names of files in a member's directory: one name for each number.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "coord/base/check.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/file_names.h"
#include "tests/fuzz/fuzz.h"

namespace quorate::fuzz {

std::vector<std::string> Seeds() {
  using consensus::Zxid;
  return {storage::SegmentName(1),
          storage::SegmentName(UINT64_MAX),
          storage::SnapshotName(Zxid(1, 2)),
          storage::ReceivedName(Zxid(0xffffffff, 0xffffffff)),
          "log-000000000000000g",
          "log-1",
          "spare.tmp"};
}

}  // namespace quorate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quorate;  // NOLINT
  const absl::string_view name = fuzz::Text(data, size);
  int kinds = storage::IsTemporaryName(name) ? 1 : 0;
  if (const auto number = storage::ParseSegmentName(name)) {
    QUORATE_CHECK(storage::SegmentName(*number) == name);
    ++kinds;
  }
  if (const auto zxid = storage::ParseSnapshotName(name)) {
    QUORATE_CHECK(storage::SnapshotName(*zxid) == name);
    ++kinds;
  }
  if (const auto zxid = storage::ParseReceivedName(name)) {
    QUORATE_CHECK(storage::ReceivedName(*zxid) == name);
    ++kinds;
  }
  QUORATE_CHECK(kinds <= 1);
  return 0;
}
