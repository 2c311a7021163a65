#include "coord/storage/inspect.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "coord/base/bytes.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/hard_state_file.h"
#include "coord/storage/log_format.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/snapshot_writer.h"
#include "coord/storage/storage_error.h"
#include "coord/storage/testing/fault_file_system.h"
#include "coord/storage/testing/whole_steps.h"
#include "gtest/gtest.h"

namespace quorate::storage {
namespace {

using consensus::Zxid;

constexpr char kSegment[] = "d/log-0000000000000001";

class InspectTest : public testing::Test {
 protected:
  void SetUp() override {
    LogOptions options;
    options.segment_bytes = 8192;
    ASSERT_TRUE(MemberStorage::Format(disk_, "d",
                                      {.id = {1}, .incarnation = {2}},
                                      {.ensemble = {}, .bytes = "v"}, options)
                    .ok());
    auto opened = MemberStorage::Open(disk_, "d", options);
    ASSERT_TRUE(opened.ok());
    MemberStorage& storage = *opened->storage;
    Batch batch;
    for (uint32_t i = 1; i <= 5; ++i) {
      batch.append = {{.zxid = Zxid(1, i),
                       .kind = 1,
                       .payload = MakeBytes(std::string(i, 'p'))}};
      ASSERT_TRUE(storage.Write(batch).ok());
      ASSERT_TRUE(storage.Sync().ok());
    }
    batch = Batch();
    batch.truncate_after = Zxid(1, 3);
    ASSERT_TRUE(storage.Write(batch).ok());
    ASSERT_TRUE(storage.Sync().ok());
    auto writer = storage.BeginSnapshot(Zxid(1, 2));
    ASSERT_TRUE((*writer)->Append("content").ok());
    ASSERT_TRUE((*writer)->Finish("meta").ok());
    ASSERT_TRUE(PublishSnapshot(storage, **writer).ok());
  }

  FaultFileSystem disk_{1};
};

TEST_F(InspectTest, TellsWhatIsThereAndChangesNothing) {
  const std::string before = disk_.Content(kSegment);
  const absl::StatusOr<DirectoryReport> report = VerifyDirectory(disk_, "d");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->ok());
  EXPECT_EQ(report->hard_state->state.bytes, "v");
  ASSERT_EQ(report->log.segments.size(), 1u);
  EXPECT_EQ(report->log.segments[0].records, 5u);
  EXPECT_EQ(report->log.segments[0].frames, 6u);
  EXPECT_EQ(report->log.records, 3u);
  EXPECT_EQ(report->log.last, Zxid(1, 3));
  ASSERT_EQ(report->snapshots.size(), 1u);
  EXPECT_EQ(report->snapshots[0].info.meta, "meta");
  EXPECT_EQ(report->snapshots[0].info.size_bytes, 7u);
  EXPECT_TRUE(report->other_files.empty());
  EXPECT_EQ(disk_.Content(kSegment), before);
}

TEST_F(InspectTest, DumpsEntriesWithTheirPlace) {
  std::vector<std::string> lines;
  uint64_t last_offset = 0;
  const SegmentReport report =
      ReadSegment(disk_, kSegment, [&](uint64_t offset, const LogEntry& entry) {
        EXPECT_GT(offset, last_offset);
        last_offset = offset;
        lines.push_back(Describe(entry));
      });
  EXPECT_TRUE(report.status.ok());
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_EQ(lines[2], "record 1:3 kind 1, 3 bytes");
  EXPECT_EQ(lines[5], "truncate after 1:3");
}

TEST_F(InspectTest, GoesAsFarAsTheDamageAndNamesIt) {
  disk_.FlipBit(kSegment, 3 * kSectorBytes + 40, 0);
  uint64_t entries = 0;
  const SegmentReport segment = ReadSegment(
      disk_, kSegment, [&](uint64_t, const LogEntry&) { ++entries; });
  EXPECT_EQ(entries, 2u);
  EXPECT_EQ(StorageErrorOf(segment.status).offset, 3 * kSectorBytes);
  disk_.FlipBit("d/snapshot-0000000100000002", 130, 0);
  disk_.SetContent("d/left.tmp", "x");
  const absl::StatusOr<DirectoryReport> report = VerifyDirectory(disk_, "d");
  ASSERT_TRUE(report.ok());
  EXPECT_FALSE(report->ok());
  EXPECT_FALSE(report->log.status.ok());
  EXPECT_FALSE(report->snapshots[0].status.ok());
  EXPECT_EQ(report->snapshots[0].info.meta, "meta") << "what can be read is";
  EXPECT_EQ(report->other_files, std::vector<std::string>{"left.tmp"});
}

TEST_F(InspectTest, NoSuchFileOrDirectory) {
  EXPECT_FALSE(VerifyDirectory(disk_, "none").ok());
  EXPECT_FALSE(VerifySnapshot(disk_, "d/none").status.ok());
  EXPECT_FALSE(ReadSegment(disk_, "d/none", [](uint64_t, const LogEntry&) {
               }).status.ok());
}

}  // namespace
}  // namespace quorate::storage
