// A partition's log on a disk in memory: a checkpoint and segments, whose
// batches can be made to follow each other and to have right checksums.
//
//   input   = flags:u8 durable_end:u16 segment*
//   segment = base_offset:u8 size:u16 bytes
//   flags   = 1: put checksums right  2: also the offsets

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "broker/log/checkpoint_file.h"
#include "broker/log/partition_log.h"
#include "broker/log/segment.h"
#include "broker/record/record_batch.h"
#include "coord/base/check.h"
#include "coord/storage/checksum.h"
#include "coord/storage/file_system.h"
#include "coord/storage/little_endian.h"
#include "coord/storage/storage_error.h"
#include "coord/storage/testing/fault_file_system.h"
#include "tests/fuzz/fuzz.h"

namespace quorate::fuzz {
namespace {

using broker::BatchHeader;
using broker::PartitionLog;
using storage::FaultFileSystem;
using storage::StorageErrorKind;

constexpr char kDirectory[] = "data";
constexpr char kName[] = "t-0";
constexpr size_t kMaxSegments = 4;
constexpr uint8_t kRepairSums = 1;
constexpr uint8_t kRepairOffsets = 2;

// Batches as they follow each other in `segment`, as far as there are any.
int64_t Repair(std::string& segment, uint8_t flags, int64_t offset) {
  for (size_t at = 0; at + broker::kBatchHeaderBytes <= segment.size();) {
    char* const batch = &segment[at];
    const uint64_t size =
        uint64_t{storage::LoadNumber<uint32_t>(batch + 8)} + 12;
    if (size <= broker::kBatchHeaderBytes || size > segment.size() - at) break;
    if ((flags & kRepairOffsets) != 0) {
      storage::StoreNumber(batch, static_cast<uint64_t>(offset));
      offset += storage::LoadNumber<uint16_t>(batch + 56);
    }
    const absl::string_view covered =
        absl::string_view(segment).substr(at + 24, size - 24);
    storage::StoreNumber(batch + 16, storage::Checksum(covered, 0));
    at += size;
  }
  return offset;
}

void Fill(FaultFileSystem& disk, Choices& choices) {
  const uint8_t flags = choices.Byte();
  const auto durable_end = static_cast<int64_t>(choices.Word());
  QUORATE_CHECK(disk.CreateDirectory(kDirectory).ok());
  QUORATE_CHECK(disk.CreateDirectory("data/t-0").ok());
  QUORATE_CHECK(
      broker::CheckpointFile::Create(
          disk, kDirectory, "t-0.checkpoint",
          {.topic_id = 7, .high_watermark = 1, .durable_end = durable_end})
          .ok());
  int64_t offset = -1;
  for (size_t i = 0; i < kMaxSegments && !choices.rest().empty(); ++i) {
    const int64_t base = choices.Byte();
    std::string segment(choices.Bytes(choices.Word()));
    if (offset < 0 || (flags & kRepairOffsets) == 0) offset = base;
    const std::string path =
        storage::JoinPath("data/t-0", broker::SegmentName(offset));
    if ((flags & kRepairSums) != 0) offset = Repair(segment, flags, offset);
    disk.SetContent(path, segment);
  }
}

struct Opened {
  std::unique_ptr<PartitionLog> log;
  std::vector<BatchHeader> batches = {};
};

absl::StatusOr<Opened> Open(FaultFileSystem& disk) {
  Opened opened;
  absl::StatusOr<std::unique_ptr<PartitionLog>> log = PartitionLog::Open(
      disk, kDirectory, kName, [&opened](const BatchHeader& header) {
        opened.batches.push_back(header);
      });
  if (!log.ok()) return log.status();
  opened.log = *std::move(log);
  return opened;
}

void CheckError(const absl::Status& status) {
  const storage::StorageError error = storage::StorageErrorOf(status);
  QUORATE_CHECK(error.kind == StorageErrorKind::kDamaged);
  QUORATE_CHECK(absl::StartsWith(error.file, "data/t-0"));
}

void CheckBatches(const Opened& opened) {
  int64_t offset = opened.log->start_offset();
  int32_t epoch = 0;
  for (const BatchHeader& batch : opened.batches) {
    QUORATE_CHECK(batch.base_offset == offset);
    QUORATE_CHECK(batch.leader_epoch >= epoch);
    offset = batch.next_offset();
    epoch = batch.leader_epoch;
  }
  QUORATE_CHECK(opened.log->end_offset() == offset);
  QUORATE_CHECK(opened.log->durable_end() == offset);
  QUORATE_CHECK(opened.log->high_watermark() >= opened.log->start_offset());
  QUORATE_CHECK(opened.log->high_watermark() <= offset);
}

std::string Batch(int records) {
  absl::StatusOr<std::string> batch = broker::EncodeBatch(
      {}, std::vector<broker::Record>(static_cast<size_t>(records),
                                      {.timestamp_ms = 5, .value = "v"}));
  QUORATE_CHECK(batch.ok());
  return *batch;
}

// Appends, and finds all again.
void GoOn(FaultFileSystem& disk, Opened& opened) {
  PartitionLog& log = *opened.log;
  std::string batch = Batch(2);
  const int32_t epoch = std::max(log.epochs().last_epoch(), 0);
  QUORATE_CHECK(log.AppendAsLeader(&batch, epoch).ok());
  const auto point = log.BeginSync();
  QUORATE_CHECK(point.has_value());
  log.FinishSync(*point, point->file->SyncData());
  QUORATE_CHECK(log.failed().ok() && log.durable_end() == log.end_offset());
  const absl::StatusOr<Opened> again = Open(disk);
  QUORATE_CHECK(again.ok() && again->log->cut_at_opening() == 0);
  QUORATE_CHECK(again->batches.size() == opened.batches.size() + 1);
  QUORATE_CHECK(std::equal(opened.batches.begin(), opened.batches.end(),
                           again->batches.begin()));
  QUORATE_CHECK(again->log->end_offset() == log.end_offset());
}

void PutWord(std::string* out, size_t word) {
  out->push_back(static_cast<char>(word >> 8));
  out->push_back(static_cast<char>(word));
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  for (const uint8_t flags : {0, 1, 3}) {
    for (const size_t segments : {0, 1, 3}) {
      std::string input(1, static_cast<char>(flags));
      PutWord(&input, segments > 0 ? 3 : 0);
      int64_t offset = 0;
      for (size_t i = 0; i < segments; ++i) {
        std::string bytes;
        input.push_back(static_cast<char>(offset));
        for (int records = 1; records <= 3; ++records) {
          std::string batch = Batch(records);
          broker::StampBatch(&batch, offset, static_cast<int32_t>(i));
          offset += records;
          bytes += batch;
        }
        PutWord(&input, bytes.size());
        input += bytes;
      }
      seeds.push_back(input);
    }
  }
  return seeds;
}

}  // namespace quorate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quorate;  // NOLINT
  fuzz::Choices choices(fuzz::Text(data, size));
  storage::FaultFileSystem disk(1);
  fuzz::Fill(disk, choices);
  absl::StatusOr<fuzz::Opened> opened = fuzz::Open(disk);
  if (!opened.ok()) {
    fuzz::CheckError(opened.status());
    return 0;
  }
  fuzz::CheckBatches(*opened);
  fuzz::GoOn(disk, *opened);
  return 0;
}
