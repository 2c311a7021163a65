// Storage torture: what damage_test.cc does not enumerate. Every bit of every
// part of every kind of entry; files of other versions, names and owners; every
// set of missing files; and that inspection from outside tells the same as a
// start does. Each case is found, with its file, or loses nothing.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/bytes.h"
#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/checksum.h"
#include "coord/storage/file_system.h"
#include "coord/storage/hard_state_file.h"
#include "coord/storage/inspect.h"
#include "coord/storage/little_endian.h"
#include "coord/storage/log_format.h"
#include "coord/storage/log_record.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/snapshot_reader.h"
#include "coord/storage/snapshot_writer.h"
#include "coord/storage/storage_error.h"
#include "coord/storage/testing/fault_file_system.h"
#include "coord/storage/testing/whole_steps.h"
#include "gtest/gtest.h"

namespace quorate::storage {
namespace {

using consensus::Zxid;

constexpr MemberKey kMember{.id = {3}, .incarnation = {0xa7}};
constexpr EnsembleId kEnsemble{.high = 1, .low = 2};
constexpr char kDirectory[] = "m";
constexpr char kState[] = "m/state";
constexpr char kFirstSegment[] = "m/log-0000000000000001";
constexpr char kOldSnapshot[] = "m/snapshot-0000000100000002";
constexpr char kSnapshot[] = "m/snapshot-0000000100000006";

LogOptions Options() {
  LogOptions options;
  options.segment_bytes = 4096;
  return options;
}

// A settled directory of `member` with every kind of entry in two segments, and
// two snapshots, whose older one the log does not need.
class TortureTest : public testing::Test {
 protected:
  void SetUp() override { Live(kMember, kEnsemble); }

  void Live(MemberKey member, EnsembleId ensemble) {
    const HardState state{.ensemble = ensemble, .bytes = "vote"};
    ASSERT_TRUE(
        MemberStorage::Format(*disk_, kDirectory, member, state, Options())
            .ok());
    absl::StatusOr<OpenedStorage> opened =
        MemberStorage::Open(*disk_, kDirectory, Options());
    ASSERT_TRUE(opened.ok()) << opened.status();
    MemberStorage& storage = *opened->storage;
    Write(storage, {Record(1, 0), Record(2, 30), Record(3, 600)});
    Snapshot(storage, Zxid(1, 2));
    Batch truncation;
    truncation.truncate_after = Zxid(1, 2);
    truncation.append = {Record(4, 5)};
    ASSERT_TRUE(storage.Write(truncation).ok() && storage.Sync().ok());
    Write(storage, {Record(5, 1500), Record(6, 9)});  // in a second segment
    Snapshot(storage, Zxid(1, 6));
    Write(storage, {Record(7, 40)});
    ASSERT_TRUE(storage.Settle().ok());
    opened->storage.reset();
    Save();
  }

  static LogRecord Record(uint32_t counter, size_t size) {
    return {Zxid(1, counter), 1, MakeBytes(std::string(size, 'r'))};
  }
  static void Write(MemberStorage& storage, std::vector<LogRecord> records) {
    Batch batch;
    batch.append = std::move(records);
    ASSERT_TRUE(storage.Write(batch).ok() && storage.Sync().ok());
  }
  static void Snapshot(MemberStorage& storage, Zxid zxid) {
    auto writer = storage.BeginSnapshot(zxid);
    ASSERT_TRUE(writer.ok() && (*writer)->Append("a tree").ok());
    ASSERT_TRUE((*writer)->Finish("voters").ok());
    ASSERT_TRUE(PublishSnapshot(storage, **writer).ok());
  }

  void Save() {
    files_.clear();
    const auto names = disk_->List(kDirectory);
    for (const std::string& name : *names) {
      if (name == "lock") continue;
      const std::string path = JoinPath(kDirectory, name);
      files_[path] = disk_->Content(path);
    }
  }
  void Restore() {
    const auto names = disk_->List(kDirectory);
    for (const std::string& name : *names) {
      const std::string path = JoinPath(kDirectory, name);
      if (name != "lock" && !files_.contains(path)) {
        ASSERT_TRUE(disk_->Remove(path).ok());
      }
    }
    for (const auto& [path, content] : files_) disk_->SetContent(path, content);
  }

  StorageError Start() {
    return StorageErrorOf(
        MemberStorage::Open(*disk_, kDirectory, Options()).status());
  }
  // What is there now holds all that SetUp() has left.
  void ExpectNothingIsLost(const RecoveredState& state,
                           const std::string& what) {
    EXPECT_EQ(state.member, kMember) << what;
    EXPECT_EQ(state.hard_state.bytes, "vote") << what;
    ASSERT_FALSE(state.log.empty()) << what;
    EXPECT_EQ(state.log.back().zxid, Zxid(1, 7)) << what;
    EXPECT_TRUE(state.log_base.IsNone() ||
                (!state.snapshots.empty() &&
                 state.log_base <= state.snapshots.back().zxid))
        << what;
    for (const uint32_t counter : {1, 2, 4, 5, 6, 7}) {  // 3 was truncated
      const Zxid zxid(1, counter);
      const bool is_there =
          std::any_of(state.log.begin(), state.log.end(),
                      [zxid](const LogRecord& r) { return r.zxid == zxid; });
      EXPECT_TRUE(is_there || zxid <= state.log_base) << what << counter;
    }
  }
  // The first that inspection finds wrong; kNone: nothing.
  StorageError Inspect() {
    const auto report = VerifyDirectory(*disk_, kDirectory);
    EXPECT_TRUE(report.ok());
    std::vector<absl::Status> all = {report->hard_state.status(),
                                     report->log.status};
    for (const SnapshotReport& one : report->snapshots) {
      all.push_back(one.status);
    }
    for (const absl::Status& status : all) {
      if (!status.ok()) {
        EXPECT_FALSE(report->ok());
        return StorageErrorOf(status);
      }
    }
    EXPECT_TRUE(report->ok());
    return {};
  }

  // An empty one in place of the disk.
  void TakeNewDisk() {
    owned_ = std::make_unique<FaultFileSystem>(1);
    disk_ = owned_.get();
  }

  std::unique_ptr<FaultFileSystem> owned_ =
      std::make_unique<FaultFileSystem>(1);
  FaultFileSystem* disk_ = owned_.get();
  std::map<std::string, std::string> files_;
};

// A part of a log segment that means one thing.
struct Part {
  std::string name;
  uint64_t offset = 0;
  uint64_t size = 0;
};

// The parts of all frames of a segment in order, sector checksums apart.
std::vector<Part> PartsOf(const std::string& segment) {
  std::vector<Part> parts = {{"header checksum", 0, 8},
                             {"header", 8, kSectorBytes - 8}};
  uint64_t sector = 1;
  while (sector < segment.size() / kSectorBytes) {
    const absl::string_view frame =
        absl::string_view(segment).substr(sector * kSectorBytes);
    const FrameHeader header = DecodeFrameHeader(frame);
    if (header.body_bytes == 0) break;
    const uint64_t sectors = header.SectorCount();
    uint64_t at = 0;  // in the body
    const auto place = [&](uint64_t in_body) {
      return (sector + in_body / kSectorPayloadBytes) * kSectorBytes +
             kChecksumBytes + in_body % kSectorPayloadBytes;
    };
    const auto add = [&](absl::string_view name, uint64_t size) {
      for (; size > 0; --size)
        parts.push_back({std::string(name), place(at++), 1});
    };
    for (uint64_t i = 0; i < sectors; ++i) {
      parts.push_back({"sector checksum", (sector + i) * kSectorBytes, 8});
    }
    for (const char* name : {"body_bytes", "entries"}) add(name, 4);
    add("previous_chain", 8);
    const auto entries =
        DecodeFrame(frame.substr(0, sectors * kSectorBytes), "segment", 0);
    EXPECT_TRUE(entries.ok()) << entries.status();
    for (const LogEntry& entry : *entries) {
      const std::string kind =
          absl::StrCat("of entry type ", static_cast<int>(entry.type));
      for (const char* name : {"type ", "kind "}) add(name + kind, 1);
      add("reserved " + kind, 2);
      add("payload_bytes " + kind, 4);
      add("zxid " + kind, 8);
      add("payload " + kind, SizeOf(entry.record.payload));
    }
    add("padding", sectors * kSectorPayloadBytes - at);
    sector += sectors;
  }
  return parts;
}

TEST_F(TortureTest, EveryBitOfEveryPartOfTheLog) {
  std::map<std::string, int> flips;
  for (const auto& [path, content] : files_) {
    if (!absl::StartsWith(path, "m/log-")) continue;
    for (const Part& part : PartsOf(content)) {
      for (uint64_t bit = 0; bit < 8 * part.size; ++bit) {
        const uint64_t at = part.offset + bit / 8;
        disk_->FlipBit(path, at, static_cast<int>(bit % 8));
        const StorageError found =
            StorageErrorOf(VerifyLog(*disk_, kDirectory)->status);
        ASSERT_EQ(found.kind, StorageErrorKind::kDamaged)
            << part.name << " at " << at << ", bit " << bit % 8;
        ASSERT_EQ(found.file, path) << part.name;
        ASSERT_EQ(found.offset / kSectorBytes, at / kSectorBytes) << part.name;
        disk_->FlipBit(path, at, static_cast<int>(bit % 8));
        ++flips[part.name];
      }
    }
  }
  EXPECT_EQ(Start().kind, StorageErrorKind::kNone) << "all was put back";
  // Every kind of entry was there: records, truncations and seals; for resets
  // see AResetAndItsSnapshot.
  for (const char* type : {"1", "2", "4"}) {
    EXPECT_GT(flips[absl::StrCat("zxid of entry type ", type)], 0) << type;
  }
  EXPECT_GT(flips["padding"], 0);
}

TEST_F(TortureTest, InspectionTellsWhatAStartTells) {
  for (const auto& [path, content] : files_) {
    for (uint64_t at = 0; at < content.size(); at += 5) {
      disk_->FlipBit(path, at, static_cast<int>(at % 8));
      const StorageError inspected = Inspect();
      const StorageError started = Start();
      // A start leaves the content of snapshots to whoever reads it, and an
      // inspection goes on to the next file.
      if (started.kind != StorageErrorKind::kNone) {
        EXPECT_EQ(inspected.kind, started.kind) << path << " byte " << at;
        EXPECT_EQ(inspected.file, path) << "byte " << at;
        EXPECT_EQ(inspected.offset, started.offset) << path << " byte " << at;
      }
      Restore();
    }
  }
}

// --- Versions ----------------------------------------------------------------

struct VersionCase {
  const char* path;
  size_t checksum_at;
  size_t checked_bytes;  // from behind the checksum
  uint64_t seed;         // of the checksum
};

// The version stands behind checksum and magic in each.
constexpr size_t kVersionOffset = 16;
constexpr VersionCase kVersionCases[] = {
    {kFirstSegment, 0, kSectorBytes - 8, 0x514c6f6748656164},
    {kState, 0, kSectorBytes - 8, 0x5153746174653031},
    {kState, 4096, kSectorBytes - 8, 0x5153746174653032},
    {kSnapshot, 0, 120, 0x51536e6170486561},
    {kOldSnapshot, 0, 120, 0x51536e6170486561},
};

TEST_F(TortureTest, OtherVersionsAreNotGuessedAt) {
  for (const VersionCase& test : kVersionCases) {
    for (const uint16_t version : {0, 3, 255, 256, 0xffff}) {
      std::string content = files_[test.path];
      const auto sum = [&] {
        return Checksum(absl::string_view(content).substr(test.checksum_at + 8,
                                                          test.checked_bytes),
                        test.seed);
      };
      ASSERT_EQ(LoadNumber<uint64_t>(&content[test.checksum_at]), sum());
      StoreNumber(&content[test.checksum_at + kVersionOffset], version);
      StoreNumber(&content[test.checksum_at], sum());
      disk_->SetContent(test.path, content);
      for (const StorageError& found : {Start(), Inspect()}) {
        EXPECT_EQ(found.kind, StorageErrorKind::kVersion)
            << test.path << " version " << version;
        EXPECT_EQ(found.file, test.path);
      }
      const auto status =
          MemberStorage::Open(*disk_, kDirectory, Options()).status();
      EXPECT_TRUE(
          absl::StrContains(status.message(), absl::StrCat("found ", version)))
          << status;
      Restore();
    }
  }
}

// --- Names and owners --------------------------------------------------------

TEST_F(TortureTest, AFileUnderTheNameOfAnother) {
  for (const auto& [to, old] : files_) {
    for (const auto& [from, content] : files_) {
      if (content == old) continue;
      disk_->SetContent(to, content);
      const StorageError found = Start();
      EXPECT_EQ(found.kind, StorageErrorKind::kDamaged) << from << " as " << to;
      EXPECT_EQ(found.file, to) << from << " as " << to;
      Restore();
    }
  }
  // Under a name of its kind that is free.
  for (const char* name :
       {"m/snapshot-0000000100000003", "m/snapshot-0000000100000007",
        "m/log-0000000000000003"}) {
    ASSERT_FALSE(files_.contains(name));
    const bool is_log = absl::StartsWith(name, "m/log-");
    disk_->SetContent(name, files_[is_log ? kFirstSegment : kSnapshot]);
    EXPECT_EQ(Start().kind, StorageErrorKind::kDamaged) << name;
    EXPECT_EQ(Start().file, name);
    Restore();
  }
}

TEST_F(TortureTest, FilesOfAnotherMemberOrEnsemble) {
  const std::map<std::string, std::string> own = files_;
  const std::pair<MemberKey, EnsembleId> others[] = {
      {{.id = {4}, .incarnation = {0xa7}}, kEnsemble},
      {{.id = {3}, .incarnation = {0xa8}}, kEnsemble},
      {kMember, {.high = 1, .low = 3}}};
  for (const auto& [member, ensemble] : others) {
    const std::unique_ptr<FaultFileSystem> ours = std::move(owned_);
    TakeNewDisk();
    Live(member, ensemble);
    const std::map<std::string, std::string> foreign = files_;
    disk_ = ours.get();
    files_ = own;
    for (const auto& [path, content] : foreign) {
      if (path == kState) continue;
      disk_->SetContent(path, content);
      const StorageError found = Start();
      // One segment among others does not continue them, either.
      EXPECT_TRUE(found.kind == StorageErrorKind::kForeign ||
                  found.kind == StorageErrorKind::kDamaged)
          << path;
      EXPECT_TRUE(absl::StartsWith(found.file, "m/")) << path;
      Restore();
    }
    TakeNewDisk();
    Live(kMember, kEnsemble);
  }
}

// --- Missing files -----------------------------------------------------------

// Either the start is refused, or nothing that was acknowledged is missing: it
// is in the log, or below a snapshot that is there.
TEST_F(TortureTest, EverySetOfMissingFiles) {
  std::vector<std::string> paths;
  for (const auto& [path, content] : files_) paths.push_back(path);
  int started = 0;
  for (uint32_t missing = 1; missing < 1u << paths.size(); ++missing) {
    // A new file of the state's name would be a copy: begin anew.
    TakeNewDisk();
    Live(kMember, kEnsemble);
    std::string what;
    for (size_t i = 0; i < paths.size(); ++i) {
      if ((missing >> i & 1) == 0) continue;
      absl::StrAppend(&what, paths[i], " ");
      ASSERT_TRUE(disk_->Remove(paths[i]).ok());
    }
    const bool is_all_gone = missing + 1 == 1u << paths.size();
    {
      const absl::StatusOr<OpenedStorage> opened =
          MemberStorage::Open(*disk_, kDirectory, Options());
      if (opened.ok()) {
        ExpectNothingIsLost(opened->state, what);
        ++started;
      } else {
        EXPECT_EQ(StorageErrorOf(opened.status()).kind,
                  is_all_gone ? StorageErrorKind::kUnused
                              : StorageErrorKind::kDamaged)
            << what;
      }
    }
    // And nobody makes a new member of what is left.
    const absl::Status formatted = MemberStorage::Format(
        *disk_, kDirectory, kMember, HardState(), Options());
    EXPECT_EQ(formatted.ok(), is_all_gone) << what;
  }
  EXPECT_GT(started, 0) << "snapshots that the log can do without";
}

// --- A leader's snapshot -----------------------------------------------------

class ReceivedTest : public TortureTest {
 protected:
  static constexpr char kInstalled[] = "m/snapshot-0000000200000001";
  static constexpr char kReceived[] = "m/received-0000000200000001";

  // The member has installed a snapshot at 2:1, and gone on.
  void SetUp() override {
    TortureTest::SetUp();
    absl::StatusOr<OpenedStorage> opened =
        MemberStorage::Open(*disk_, kDirectory, Options());
    ASSERT_TRUE(opened.ok());
    Batch batch;
    batch.snapshot_pieces = {{Zxid(2, 1), 0, MakeBytes("a tree of another")}};
    ASSERT_TRUE(opened->storage->Write(batch).ok());
    Batch install;
    install.install_snapshot = SnapshotInfo{Zxid(2, 1), "voters", 17};
    install.append = {{Zxid(2, 2), 1, MakeBytes("next")}};
    ASSERT_TRUE(opened->storage->Write(install).ok());
    ASSERT_TRUE(opened->storage->Sync().ok());
    ASSERT_TRUE(opened->storage->Settle().ok());
    opened->storage.reset();
    Save();
    ASSERT_TRUE(files_.contains(kInstalled));
  }

  // As a crash leaves it between the log's reset and the new name.
  void UnderItsFirstName(const std::string& content) {
    ASSERT_TRUE(disk_->Remove(kInstalled).ok());
    disk_->SetContent(kReceived, content);
  }
};

TEST_F(ReceivedTest, AResetAndItsSnapshot) {
  const std::string content = files_[kInstalled];
  UnderItsFirstName(content);
  EXPECT_EQ(Start().kind, StorageErrorKind::kNone);
  EXPECT_EQ(disk_->Content(kInstalled), content);
  // Without it, what the reset has removed is not there again.
  ASSERT_TRUE(disk_->Remove(kInstalled).ok());
  EXPECT_EQ(Start().kind, StorageErrorKind::kDamaged);
  Restore();
  // Damaged: header, meta and footer at once, the content when it is read.
  for (size_t at = 0; at < content.size(); ++at) {
    std::string damaged = content;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    UnderItsFirstName(damaged);
    if (Start().kind != StorageErrorKind::kDamaged) {
      EXPECT_EQ(Inspect().kind, StorageErrorKind::kDamaged) << at;
      EXPECT_EQ(Inspect().file, kInstalled) << at;
    }
    Restore();
  }
}

TEST_F(ReceivedTest, WhatTheLogDoesNotNameIsRemoved) {
  for (const char* path : {"m/received-0000000200000002", "m/incoming.tmp",
                           "m/spare.tmp", "m/snapshot-0000000200000002.tmp"}) {
    for (const std::string& content : {files_[kInstalled], std::string("x")}) {
      disk_->SetContent(path, content);
      EXPECT_EQ(Start().kind, StorageErrorKind::kNone) << path;
      const auto names = disk_->List(kDirectory);
      const std::string name = std::string(path).substr(2);
      EXPECT_EQ(std::count(names->begin(), names->end(), name), 0) << path;
      Restore();
    }
  }
}

}  // namespace
}  // namespace quorate::storage
