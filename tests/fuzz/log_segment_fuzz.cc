// The write-ahead log, as segments on a disk in memory. Checksums, which no
// mutant would meet, can be put right, so that also the readers behind them
// see every kind of bytes.
//
//   input = flags:u8 segment*     each of kSegmentBytes, the last one padded
//   flags = 1: put checksums right  2: also the chains that they are seeded by

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/bytes.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/checksum.h"
#include "coord/storage/file_names.h"
#include "coord/storage/file_system.h"
#include "coord/storage/inspect.h"
#include "coord/storage/little_endian.h"
#include "coord/storage/log_format.h"
#include "coord/storage/log_record.h"
#include "coord/storage/log_replay.h"
#include "coord/storage/owner.h"
#include "coord/storage/storage_error.h"
#include "coord/storage/testing/fault_file_system.h"
#include "coord/storage/write_ahead_log.h"
#include "tests/fuzz/fuzz.h"

namespace quorate::fuzz {
namespace {

using consensus::Zxid;
using storage::FaultFileSystem;
using storage::kSectorBytes;
using storage::LogRecord;
using storage::ReplayedLog;
using storage::StorageErrorKind;

constexpr char kDirectory[] = "d";
constexpr size_t kSegmentBytes = storage::kMinSegmentBytes;
constexpr size_t kMaxSegments = 4;
constexpr uint8_t kRepairSums = 1;
constexpr uint8_t kRepairChains = 2;
constexpr size_t kPreviousChainInHeader = 8 + 64;
constexpr size_t kPreviousChainInFrame = 8 + 8;
// As FORMAT.md and log_format.cc have them; Seeds() checks that they are so.
constexpr uint64_t kHeaderSeed = 0x514c6f6748656164;
constexpr uint64_t kIndexFactor = 0x9e3779b97f4a7c15;

std::string PathOf(uint64_t number) {
  return storage::JoinPath(kDirectory, storage::SegmentName(number));
}

void PutSum(std::string& segment, size_t at, uint64_t seed) {
  const absl::string_view payload =
      absl::string_view(segment).substr(at + 8, kSectorBytes - 8);
  storage::StoreNumber(&segment[at], storage::Checksum(payload, seed));
}

// Puts the checksums of a segment right up to its first sector of zeros;
// returns the chain behind what it holds, without a seal.
uint64_t Repair(std::string& segment, uint8_t flags, uint64_t chain_before) {
  if ((flags & kRepairChains) != 0) {
    storage::StoreNumber(&segment[kPreviousChainInHeader], chain_before);
  }
  PutSum(segment, 0, kHeaderSeed);
  uint64_t chain = storage::FirstChain(segment);
  uint64_t unsealed = chain;
  const size_t sectors = segment.size() / kSectorBytes;
  for (size_t at = 1; at < sectors;) {
    const absl::string_view first =
        absl::string_view(segment).substr(at * kSectorBytes, kSectorBytes);
    if (first.find_first_not_of('\0') == absl::string_view::npos) break;
    if ((flags & kRepairChains) != 0) {
      storage::StoreNumber(&segment[at * kSectorBytes + kPreviousChainInFrame],
                           chain);
    }
    const size_t count = std::clamp<size_t>(
        storage::DecodeFrameHeader(first).SectorCount(), 1, sectors - at);
    for (size_t i = at; i < at + count; ++i) {
      PutSum(segment, i * kSectorBytes, chain ^ (i * kIndexFactor));
    }
    const absl::string_view frame = absl::string_view(segment).substr(
        at * kSectorBytes, count * kSectorBytes);
    unsealed = chain;
    chain = storage::ChainOver(frame, chain);
    at += count;
  }
  return unsealed;
}

size_t Fill(FaultFileSystem& disk, absl::string_view input, uint8_t flags) {
  size_t count = 0;
  uint64_t chain = 0;
  while (!input.empty() && count < kMaxSegments) {
    std::string segment(input.substr(0, kSegmentBytes));
    input.remove_prefix(segment.size());
    if ((flags & kRepairSums) != 0) {
      segment.resize(kSegmentBytes, '\0');
      chain = Repair(segment, flags, chain);
    }
    disk.SetContent(PathOf(++count), segment);
  }
  return count;
}

void CheckError(const FaultFileSystem& disk, size_t segments,
                const absl::Status& status) {
  const storage::StorageError error = storage::StorageErrorOf(status);
  QUORATE_CHECK(error.kind == StorageErrorKind::kDamaged ||
                error.kind == StorageErrorKind::kForeign ||
                error.kind == StorageErrorKind::kVersion);
  bool is_one_of_them = false;
  for (size_t number = 1; number <= segments + 1; ++number) {
    if (error.file != PathOf(number)) continue;
    is_one_of_them = true;
    const size_t size =
        number <= segments ? disk.Content(error.file).size() : 0;
    QUORATE_CHECK(error.offset <= size);
  }
  QUORATE_CHECK(is_one_of_them);
}

bool AreSame(const std::vector<LogRecord>& a, const std::vector<LogRecord>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const LogRecord& x, const LogRecord& y) {
                      const std::string none;
                      return x.zxid == y.zxid && x.kind == y.kind &&
                             (x.payload ? *x.payload : none) ==
                                 (y.payload ? *y.payload : none);
                    });
}

void CheckRecords(const ReplayedLog& log) {
  Zxid before = log.base;
  for (const LogRecord& record : log.records) {
    QUORATE_CHECK(before < record.zxid);
    before = record.zxid;
  }
}

storage::LogOptions Options() {
  storage::LogOptions options;
  options.segment_bytes = kSegmentBytes;
  return options;
}

// Goes on with the log, as a member would, and finds all of it again.
void GoOn(FaultFileSystem& disk, ReplayedLog log) {
  storage::Owner owner = log.segments.back().header.owner;
  owner.rescued = true;
  const absl::StatusOr<std::unique_ptr<storage::WriteAheadLog>> opened =
      storage::WriteAheadLog::Open(disk, kDirectory, owner, Options(), log);
  QUORATE_CHECK(opened.ok());
  const absl::StatusOr<ReplayedLog> reread =
      storage::ReplayLog(disk, kDirectory);
  QUORATE_CHECK(reread.ok() && AreSame(reread->records, log.records));
  QUORATE_CHECK(reread->base == log.base && reread->reset == log.reset);
  QUORATE_CHECK(reread->segments.back().end.torn_sectors == 0);

  const std::vector<LogRecord> more = {
      {Zxid::FromValue(log.last().value() + 1), 1, MakeBytes("more")}};
  absl::Status status = (*opened)->Stage({{}, {}, more});
  if (log.last().value() == UINT64_MAX) {
    QUORATE_CHECK(!status.ok());
    return;
  }
  if (status.ok()) status = (*opened)->Sync();
  // The number of the last segment may be as high as it can be.
  if (!status.ok()) return;
  log.records.push_back(more[0]);
  const absl::StatusOr<ReplayedLog> found =
      storage::ReplayLog(disk, kDirectory);
  QUORATE_CHECK(found.ok() && AreSame(found->records, log.records));
}

void Write(storage::WriteAheadLog& log, const storage::LogChange& change) {
  QUORATE_CHECK(log.Stage(change).ok());
  QUORATE_CHECK(log.Sync().ok());
}

// All that a log can hold, in several segments.
std::string Life(int batches) {
  FaultFileSystem disk(1);
  QUORATE_CHECK(disk.CreateDirectory(kDirectory).ok());
  const storage::Owner owner{{.high = 1, .low = 2}, {{3}, {0xa7}}};
  QUORATE_CHECK(
      storage::WriteAheadLog::Create(disk, kDirectory, owner, Options()).ok());
  const absl::StatusOr<ReplayedLog> empty =
      storage::ReplayLog(disk, kDirectory);
  const absl::StatusOr<std::unique_ptr<storage::WriteAheadLog>> log =
      storage::WriteAheadLog::Open(disk, kDirectory, owner, Options(), *empty);
  QUORATE_CHECK(log.ok());
  uint32_t counter = 0;
  for (int i = 0; i < batches; ++i) {
    std::vector<LogRecord> records;
    for (size_t size : {size_t{0}, size_t{5}, size_t{40} * (i % 20)}) {
      records.push_back({Zxid(1, ++counter), static_cast<uint8_t>(1 + i % 5),
                         MakeBytes(std::string(size, 'r'))});
    }
    Write(**log, {{}, {}, records});
    if (i % 5 == 4) Write(**log, {{}, Zxid(1, counter - 1), {}});
    if (i % 7 == 6) Write(**log, {Zxid(1, counter), {}, {}});
  }
  QUORATE_CHECK((*log)->Settle().ok());
  std::string bytes;
  for (uint64_t number = 1; number <= kMaxSegments; ++number) {
    const absl::StatusOr<std::vector<std::string>> names =
        disk.List(kDirectory);
    const bool is_there =
        std::find(names->begin(), names->end(), storage::SegmentName(number)) !=
        names->end();
    if (is_there) bytes += disk.Content(PathOf(number));
  }
  return bytes;
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  for (const int batches : {0, 1, 3, 8, 16}) {
    const std::string life = Life(batches);
    // What is right stays as it is when it is put right.
    for (const uint8_t flags : {0, 1, 3}) {
      FaultFileSystem disk(1);
      const size_t count = Fill(disk, life, flags);
      std::string repaired;
      for (size_t i = 1; i <= count; ++i) repaired += disk.Content(PathOf(i));
      QUORATE_CHECK(repaired == life);
      seeds.push_back(
          absl::StrCat(std::string(1, static_cast<char>(flags)), life));
    }
  }
  return seeds;
}

}  // namespace quorate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quorate;  // NOLINT
  fuzz::Choices choices(fuzz::Text(data, size));
  const uint8_t flags = choices.Byte();
  storage::FaultFileSystem disk(1);
  QUORATE_CHECK(disk.CreateDirectory(fuzz::kDirectory).ok());
  const size_t segments = fuzz::Fill(disk, choices.rest(), flags);
  if (segments == 0) return 0;
  const absl::StatusOr<storage::LogReport> report =
      storage::VerifyLog(disk, fuzz::kDirectory);
  QUORATE_CHECK(report.ok() && report->segments.size() == segments);
  const absl::StatusOr<storage::ReplayedLog> log =
      storage::ReplayLog(disk, fuzz::kDirectory);
  QUORATE_CHECK(log.status() == report->status);
  if (!log.ok()) {
    fuzz::CheckError(disk, segments, log.status());
    return 0;
  }
  fuzz::CheckRecords(*log);
  fuzz::GoOn(disk, *log);
  return 0;
}
