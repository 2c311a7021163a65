// The reader's judgement of a segment's end, sector by sector. LogWriter, which
// leaves such segments, is tested here too.

#include "coord/storage/log_reader.h"

#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/base/bytes.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/file_system.h"
#include "coord/storage/log_format.h"
#include "coord/storage/log_writer.h"
#include "coord/storage/storage_error.h"
#include "coord/storage/testing/fault_file_system.h"
#include "gtest/gtest.h"

namespace quorate::storage {
namespace {

using consensus::Zxid;

constexpr uint64_t kSegmentBytes = 32 * kSectorBytes;
constexpr uint64_t kSecond = 2;  // sector of the frame of five sectors
constexpr uint64_t kEnd = 7;

class LogReaderTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(disk_.CreateDirectory("d").ok());
    disk_.SetContent("d/s", std::string(kSegmentBytes, '\0'));
    SegmentHeader header;
    header.segment_bytes = kSegmentBytes;
    header.number = 1;
    auto file = disk_.Open("d/s", OpenMode::kReadWrite);
    ASSERT_TRUE(file.ok());
    auto writer = LogWriter::Start(*std::move(file), header);
    ASSERT_TRUE(writer.ok());
    writer_.emplace(*std::move(writer));
    ASSERT_TRUE(Append(10).ok());
    ASSERT_TRUE(Append(2200).ok());
    whole_ = disk_.Content("d/s");
  }

  absl::Status Append(size_t payload_bytes) {
    FrameBuilder frame;
    frame.Add(EntryType::kRecord,
              {.zxid = Zxid(1, ++counter_),
               .kind = 1,
               .payload = MakeBytes(std::string(payload_bytes, 'r'))});
    return writer_->AppendFrame(frame);
  }

  struct Outcome {
    uint64_t frames = 0;
    SegmentEnd end;
    absl::Status status;
  };
  Outcome Read(const std::string& content) {
    disk_.SetContent("d/s", content);
    Outcome outcome;
    absl::StatusOr<LogReader> reader = LogReader::Open(disk_, "d/s");
    outcome.status = reader.status();
    while (reader.ok()) {
      const absl::StatusOr<std::optional<Frame>> frame = reader->Next();
      outcome.status = frame.status();
      outcome.end = reader->end();
      if (!frame.ok() || !frame->has_value()) break;
      ++outcome.frames;
    }
    return outcome;
  }
  // The segment with only those sectors of the second frame whose bit is set.
  std::string With(uint64_t bits) const {
    std::string content = whole_;
    for (uint64_t i = 0; i < kEnd - kSecond; ++i) {
      if ((bits >> i & 1) == 0) {
        content.replace((kSecond + i) * kSectorBytes, kSectorBytes,
                        kSectorBytes, '\0');
      }
    }
    return content;
  }

  FaultFileSystem disk_{1};
  std::optional<LogWriter> writer_;
  uint32_t counter_ = 0;
  std::string whole_;
};

TEST_F(LogReaderTest, ReadsWhatWasWritten) {
  const Outcome outcome = Read(whole_);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.frames, 2u);
  EXPECT_EQ(outcome.end.sector, kEnd);
  EXPECT_EQ(outcome.end.chain, writer_->chain());
  EXPECT_EQ(outcome.end.torn_sectors, 0u);
  EXPECT_FALSE(outcome.end.sealed);
}

TEST_F(LogReaderTest, AnyPartOfTheLastFrameIsATornWrite) {
  for (uint64_t bits = 0; bits < 31; ++bits) {
    const Outcome outcome = Read(With(bits));
    ASSERT_TRUE(outcome.status.ok()) << bits << ": " << outcome.status;
    EXPECT_EQ(outcome.frames, 1u);
    EXPECT_EQ(outcome.end.sector, kSecond);
    EXPECT_EQ(outcome.end.torn_sectors > 0, bits > 0);
  }
}

TEST_F(LogReaderTest, WhatIsNeitherValidNorZeroIsNoTornWrite) {
  for (uint64_t bits = 0; bits < 31; ++bits) {
    for (uint64_t sector = kSecond; sector < kEnd + 3; ++sector) {
      std::string content = With(bits);
      content[sector * kSectorBytes + 100] ^= 4;
      const Outcome outcome = Read(content);
      EXPECT_EQ(StorageErrorOf(outcome.status).offset, sector * kSectorBytes);
      EXPECT_EQ(StorageErrorOf(outcome.status).kind,
                StorageErrorKind::kDamaged);
    }
  }
}

TEST_F(LogReaderTest, AFrameBehindALostOneIsDamage) {
  ASSERT_TRUE(Append(10).ok());
  whole_ = disk_.Content("d/s");
  for (uint64_t bits = 0; bits < 31; ++bits) {
    const Outcome outcome = Read(With(bits));
    EXPECT_EQ(StorageErrorOf(outcome.status).offset, kEnd * kSectorBytes);
  }
}

TEST_F(LogReaderTest, ARefusedWriteLeavesNothingForTheNextOne) {
  for (uint32_t i = 0; i < 20; ++i) {
    disk_.FailAt(disk_.calls() + 1, disk_.calls() + 1, ENOSPC);
    EXPECT_TRUE(IsDiskFull(Append(600 + 100 * i % 5)));
    disk_.FailAt(0, 0, 0);
    const Outcome torn = Read(disk_.Content("d/s"));
    EXPECT_TRUE(torn.status.ok()) << torn.status;
    if (writer_->FreeSectors() < 5) break;
    ASSERT_TRUE(Append(10).ok());
    const Outcome outcome = Read(disk_.Content("d/s"));
    ASSERT_TRUE(outcome.status.ok()) << outcome.status;
    EXPECT_EQ(outcome.frames, 3 + i);
    EXPECT_EQ(outcome.end.torn_sectors, 0u);
  }
}

}  // namespace
}  // namespace quorate::storage
