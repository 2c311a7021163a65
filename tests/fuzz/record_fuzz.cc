// What storage keeps for consensus: configurations, hard states, the meta data
// of snapshots, records of the log. Each codec is canonical.
//
//   input = which:u8 bytes

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/base/bytes.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/base/seeded_random.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/record_codec.h"
#include "coord/rpc/codec/test_values.h"
#include "coord/storage/hard_state_file.h"
#include "coord/storage/log_record.h"
#include "tests/fuzz/fuzz.h"

namespace quorate::fuzz {
namespace {

using consensus::Zxid;

constexpr EnsembleId kEnsemble{.high = 7, .low = 9};
constexpr uint8_t kRecordKinds = 8;

void CheckError(const absl::Status& status) {
  QUORATE_CHECK(absl::IsInvalidArgument(status) ||
                absl::IsUnimplemented(status));
  QUORATE_CHECK(!status.message().empty());
}

void Configuration(absl::string_view bytes) {
  const absl::StatusOr<consensus::ConfigurationPtr> decoded =
      replica::DecodeConfiguration(bytes);
  if (!decoded.ok()) return CheckError(decoded.status());
  QUORATE_CHECK(replica::EncodeConfiguration(**decoded) == bytes);
  QUORATE_CHECK(!(*decoded)->Describe().empty());
}

void HardState(absl::string_view bytes) {
  const absl::StatusOr<consensus::HardState> decoded =
      replica::DecodeHardState(kEnsemble, bytes);
  if (!decoded.ok()) return CheckError(decoded.status());
  QUORATE_CHECK(replica::EncodeHardState(*decoded) == bytes);
  QUORATE_CHECK(bytes.size() <= storage::kMaxHardStateBytes);
  QUORATE_CHECK(decoded->ensemble == kEnsemble);
}

void SnapshotMeta(absl::string_view bytes) {
  const absl::StatusOr<consensus::SnapshotMeta> decoded =
      replica::DecodeSnapshotMeta(Zxid(5, 5), 100, bytes);
  if (!decoded.ok()) return CheckError(decoded.status());
  QUORATE_CHECK(replica::EncodeSnapshotMeta(*decoded) == bytes);
}

void LogRecord(uint8_t kind, absl::string_view bytes) {
  storage::LogRecord record;
  record.zxid = Zxid(2, kind);
  record.kind = kind;
  record.payload = MakeBytes(std::string(bytes));
  const absl::StatusOr<consensus::Record> decoded =
      replica::FromLogRecord(record);
  if (!decoded.ok()) return CheckError(decoded.status());
  const storage::LogRecord again = replica::ToLogRecord(*decoded);
  QUORATE_CHECK(again.zxid == record.zxid && again.kind == record.kind);
  QUORATE_CHECK((again.payload ? *again.payload : "") == *record.payload);
}

}  // namespace

std::vector<std::string> Seeds() {
  SeededRandom random(1);
  std::vector<std::string> seeds;
  const auto add = [&seeds](uint8_t which, const std::string& bytes) {
    seeds.push_back(static_cast<char>(which) + bytes);
  };
  for (int i = 0; i < 4; ++i) {
    const consensus::ConfigurationPtr configuration =
        rpc::RandomConfiguration(random);
    const std::string bytes = replica::EncodeConfiguration(*configuration);
    add(0, bytes);
    consensus::SnapshotMeta meta;
    meta.configuration = configuration;
    meta.configuration_zxid = Zxid(1, 2);
    add(2, replica::EncodeSnapshotMeta(meta));
    for (uint8_t kind = 0; kind < kRecordKinds; ++kind) {
      add(static_cast<uint8_t>(3 + kind), bytes);
    }
  }
  consensus::HardState state;
  add(1, replica::EncodeHardState(state));
  state.member = MemberId{3};
  state.accepted_epoch = 9;
  state.removed = true;
  add(1, replica::EncodeHardState(state));
  add(4, "");
  return seeds;
}

}  // namespace quorate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quorate;  // NOLINT
  fuzz::Choices choices(fuzz::Text(data, size));
  const auto which =
      static_cast<uint8_t>(choices.Byte() % (3 + fuzz::kRecordKinds));
  switch (which) {
    case 0:
      fuzz::Configuration(choices.rest());
      break;
    case 1:
      fuzz::HardState(choices.rest());
      break;
    case 2:
      fuzz::SnapshotMeta(choices.rest());
      break;
    default:
      fuzz::LogRecord(static_cast<uint8_t>(which - 3), choices.rest());
      break;
  }
  return 0;
}
