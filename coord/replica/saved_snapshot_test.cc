#include "coord/replica/saved_snapshot.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/replica/stream_hash.h"
#include "coord/storage/storage_error.h"
#include "coord/storage/testing/fault_file_system.h"
#include "gtest/gtest.h"

namespace quorate::replica {
namespace {

using consensus::Zxid;
using storage::FaultFileSystem;
using storage::StorageErrorKind;

constexpr char kPath[] = "backup/saved";

SavedSnapshotInfo Info(uint64_t size_bytes) {
  return {{0x0102030405060708, 9}, Zxid(3, 4), size_bytes, "the meta"};
}

class SavedSnapshotTest : public testing::Test {
 protected:
  SavedSnapshotTest() { EXPECT_TRUE(files_.CreateDirectory("backup").ok()); }

  absl::Status Save(const std::string& content, size_t piece) {
    auto writer =
        SavedSnapshotWriter::Begin(files_, kPath, Info(content.size()));
    if (!writer.ok()) return writer.status();
    for (size_t at = 0; at < content.size(); at += piece) {
      absl::Status s = (*writer)->Append(content.substr(at, piece));
      if (!s.ok()) return s;
    }
    return (*writer)->Finish();
  }

  absl::StatusOr<std::string> Load(size_t piece) {
    const auto reader = SavedSnapshotReader::Open(files_, kPath);
    if (!reader.ok()) return reader.status();
    EXPECT_EQ((*reader)->info(), Info((*reader)->info().size_bytes));
    std::string content;
    for (;;) {
      const absl::StatusOr<std::string> read = (*reader)->Read(piece);
      if (!read.ok()) return read.status();
      if (read->empty()) return content;
      EXPECT_LE(read->size(), piece);
      content += *read;
    }
  }

  FaultFileSystem files_{1};
};

TEST_F(SavedSnapshotTest, RoundTripsHoweverItIsCut) {
  for (const size_t size : {0, 1, 100, 5000}) {
    const std::string content(size, 'c');
    for (const size_t piece : {1, 7, 100'000}) {
      ASSERT_TRUE(Save(content, piece).ok());
      const absl::StatusOr<std::string> loaded = Load(piece);
      ASSERT_TRUE(loaded.ok()) << loaded.status();
      EXPECT_EQ(*loaded, content);
      EXPECT_EQ(files_.List("backup")->size(), 1u);
      ASSERT_TRUE(files_.Remove(kPath).ok());
    }
  }
}

TEST_F(SavedSnapshotTest, BytesAreFixedForEver) {
  ASSERT_TRUE(Save("content", 3).ok());
  const std::string bytes = files_.Content(kPath);
  EXPECT_EQ(bytes.size(), 56u + 8 + 7 + 16);
  EXPECT_EQ(bytes.substr(8, 16),
            std::string("QRTESAVE\x01\0\0\0\x08\0\0\0", 16));
  EXPECT_EQ(bytes.substr(56, 23), "the metacontentQRTEDONE");
  StreamHash header;
  header.Add(bytes.substr(8, 56));
  StreamHash all;
  all.Add(bytes.substr(0, 71));
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(static_cast<uint8_t>(bytes[i]),
              static_cast<uint8_t>(header.Value() >> (8 * i)));
    EXPECT_EQ(static_cast<uint8_t>(bytes[79 + i]),
              static_cast<uint8_t>(all.Value() >> (8 * i)));
  }
}

TEST_F(SavedSnapshotTest, RefusesEveryTruncationEveryFlipAndAnyTail) {
  ASSERT_TRUE(Save("some content", 5).ok());
  const std::string bytes = files_.Content(kPath);
  const auto kind_of = [this](const std::string& content) {
    files_.SetContent(kPath, content);
    const absl::Status status = Load(4).status();
    const storage::StorageError error = storage::StorageErrorOf(status);
    EXPECT_EQ(error.file, status.ok() ? "" : kPath) << status;
    return error.kind;
  };
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(kind_of(bytes.substr(0, size)), StorageErrorKind::kDamaged)
        << size;
  }
  EXPECT_EQ(kind_of(bytes + "x"), StorageErrorKind::kDamaged);
  EXPECT_EQ(kind_of(bytes + bytes), StorageErrorKind::kDamaged);
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      // A flip in the version makes it a newer one's, or none's.
      const StorageErrorKind kind = kind_of(damaged);
      EXPECT_TRUE(kind == StorageErrorKind::kDamaged ||
                  (kind == StorageErrorKind::kVersion && at >= 16 && at < 20))
          << at << ": " << storage::Name(kind);
    }
  }
  EXPECT_EQ(kind_of(bytes), StorageErrorKind::kNone);
}

TEST_F(SavedSnapshotTest, TellsANewerVersion) {
  ASSERT_TRUE(Save("", 1).ok());
  std::string bytes = files_.Content(kPath);
  bytes[16] = 2;
  files_.SetContent(kPath, bytes);
  EXPECT_EQ(Load(1).status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(SavedSnapshotReader::Open(files_, "backup/none").status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(SavedSnapshotTest, KeepsToTheAnnouncedSize) {
  {
    auto writer = SavedSnapshotWriter::Begin(files_, kPath, Info(5));
    ASSERT_TRUE(writer.ok());
    EXPECT_TRUE((*writer)->Append("1234").ok());
    EXPECT_EQ((*writer)->Finish().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ((*writer)->Append("56").code(),
              absl::StatusCode::kInvalidArgument);
  }
  EXPECT_TRUE(files_.List("backup")->empty());
}

TEST_F(SavedSnapshotTest, NeverOverwritesAFile) {
  ASSERT_TRUE(Save("first", 9).ok());
  EXPECT_EQ(Save("second", 9).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(*Load(9), "first");
}

// Whatever fails: the name is there only with the whole file.
TEST_F(SavedSnapshotTest, IsWholeOrNotThere) {
  ASSERT_TRUE(Save("the content", 4).ok());
  const uint64_t calls = files_.calls();
  for (uint64_t call = 1; call <= calls; ++call) {
    for (const bool crash : {false, true}) {
      FaultFileSystem files(call);
      ASSERT_TRUE(files.CreateDirectory("backup").ok());
      if (crash) {
        files.CrashAt(call);
      } else {
        files.FailAt(call, call, EIO);
      }
      bool finished = false;
      {
        auto writer = SavedSnapshotWriter::Begin(files, kPath, Info(7));
        finished = writer.ok() && (*writer)->Append("content").ok() &&
                   (*writer)->Finish().ok();
      }
      files.FailAt(0, 0, 0);
      if (crash) files.Crash(storage::CrashLoss::kAnySectors);
      const auto reader = SavedSnapshotReader::Open(files, kPath);
      if (finished && !crash) {
        EXPECT_TRUE(reader.ok()) << call;
      }
      if (!reader.ok()) {
        EXPECT_EQ(reader.status().code(), absl::StatusCode::kNotFound) << call;
        continue;
      }
      EXPECT_EQ((*reader)->Read(100).value(), "content");
      EXPECT_EQ((*reader)->Read(100).value(), "");
    }
  }
}

}  // namespace
}  // namespace quorate::replica
