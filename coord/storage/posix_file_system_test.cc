#include "coord/storage/posix_file_system.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "coord/base/bytes.h"
#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/file_system.h"
#include "coord/storage/hard_state_file.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/storage_error.h"
#include "coord/storage/write_ahead_log.h"
#include "gtest/gtest.h"

namespace quorate::storage {
namespace {

using consensus::Zxid;

class PosixFileSystemTest : public testing::Test {
 protected:
  PosixFileSystemTest() {
    std::string pattern = testing::TempDir() + "/posix_XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~PosixFileSystemTest() override { std::filesystem::remove_all(directory_); }

  std::string Path(const std::string& name) const {
    return JoinPath(directory_, name);
  }
  std::string ReadAll(const File& file) {
    return *ReadExactly(file, "file", 0, *file.Size());
  }

  std::string directory_;
  std::unique_ptr<FileSystem> files_ = MakePosixFileSystem();
};

TEST_F(PosixFileSystemTest, WritesReadsAndGrows) {
  auto file = files_->Open(Path("a"), OpenMode::kCreate);
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE((*file)->Write(3, "abc").ok());
  ASSERT_TRUE((*file)->SyncData().ok());
  (*file)->DropCache();
  EXPECT_EQ(ReadAll(**file), std::string("\0\0\0abc", 6));
  ASSERT_TRUE((*file)->Preallocate(8).ok());
  EXPECT_EQ(ReadAll(**file), std::string("\0\0\0abc\0\0", 8));
  std::string buffer(20, 'x');
  EXPECT_EQ(*(*file)->Read(5, absl::MakeSpan(buffer.data(), 20)), 3u);
  EXPECT_EQ(*(*file)->Read(50, absl::MakeSpan(buffer.data(), 20)), 0u);
  const auto beyond = ReadExactly(**file, "a", 5, 20);
  EXPECT_EQ(StorageErrorOf(beyond.status()).offset, 8u);
}

// Freed in pieces behind its name, which is gone first and at once.
TEST_F(PosixFileSystemTest, ALargeFileIsRemovedLikeAnyOther) {
  for (const char* name : {"large", "linked"}) {
    auto file = files_->Open(Path(name), OpenMode::kCreate);
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE((*file)->Preallocate((9 << 20) + 1).ok());
  }
  const auto reader = files_->Open(Path("large"), OpenMode::kRead);
  ASSERT_TRUE(reader.ok()) << reader.status();
  ASSERT_TRUE(files_->Remove(Path("large")).ok());
  EXPECT_EQ(*files_->List(directory_), std::vector<std::string>{"linked"});
  EXPECT_LE(*(*reader)->Size(), uint64_t{4} << 20) << "most is free already";

  // Under another name it is somebody else's.
  std::filesystem::create_hard_link(Path("linked"), Path("other"));
  ASSERT_TRUE(files_->Remove(Path("linked")).ok());
  const auto other = files_->Open(Path("other"), OpenMode::kRead);
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_EQ(*(*other)->Size(), (uint64_t{9} << 20) + 1);
}

TEST_F(PosixFileSystemTest, ErrorsNameOperationAndFile) {
  const auto missing = files_->Open(Path("none"), OpenMode::kRead);
  EXPECT_TRUE(absl::IsNotFound(missing.status()));
  EXPECT_EQ(missing.status().message(),
            "open " + Path("none") + ": No such file or directory");
  ASSERT_TRUE(files_->Open(Path("a"), OpenMode::kCreate).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(
      files_->Open(Path("a"), OpenMode::kCreate).status()));
  EXPECT_TRUE(absl::IsNotFound(files_->Remove(Path("none"))));
  EXPECT_TRUE(absl::IsNotFound(files_->Rename(Path("none"), Path("b"))));
  EXPECT_TRUE(absl::IsNotFound(files_->List(Path("none")).status()));
  EXPECT_TRUE(absl::IsNotFound(files_->SyncDirectory(Path("none"))));
  auto file = files_->Open(Path("a"), OpenMode::kRead);
  EXPECT_EQ(StorageErrorOf((*file)->Write(0, "x")).kind, StorageErrorKind::kIo);
}

TEST_F(PosixFileSystemTest, NamesAndDirectories) {
  ASSERT_TRUE(files_->CreateDirectory(Path("d")).ok());
  ASSERT_TRUE(files_->CreateDirectory(Path("d")).ok());
  ASSERT_TRUE(files_->Open(Path("b"), OpenMode::kCreate).ok());
  ASSERT_TRUE(files_->Open(Path("a"), OpenMode::kCreate).ok());
  EXPECT_EQ(*files_->List(directory_), (std::vector<std::string>{"a", "b"}));
  ASSERT_TRUE(files_->Rename(Path("b"), Path("a")).ok());
  ASSERT_TRUE(files_->SyncDirectory(directory_).ok());
  EXPECT_EQ(*files_->List(directory_), (std::vector<std::string>{"a"}));
  ASSERT_TRUE(files_->Remove(Path("a")).ok());
  EXPECT_GT(*files_->FreeBytes(directory_), 0u);
}

TEST_F(PosixFileSystemTest, IdentitySurvivesARenameButNotACopy) {
  auto file = files_->Open(Path("a"), OpenMode::kCreate);
  const FileIdentity identity = *(*file)->Identity();
  ASSERT_TRUE(files_->Rename(Path("a"), Path("b")).ok());
  auto renamed = files_->Open(Path("b"), OpenMode::kRead);
  EXPECT_EQ(*(*renamed)->Identity(), identity);
  std::filesystem::copy_file(Path("b"), Path("c"));
  auto copied = files_->Open(Path("c"), OpenMode::kRead);
  EXPECT_NE(*(*copied)->Identity(), identity);
  EXPECT_NE(files_->DirectoryIdentity(directory_)->inode, 0u);
}

TEST_F(PosixFileSystemTest, OneHolderOfALock) {
  auto lock = files_->Lock(Path("lock"));
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(StorageErrorOf(files_->Lock(Path("lock")).status()).kind,
            StorageErrorKind::kLocked);
  lock->reset();
  EXPECT_TRUE(files_->Lock(Path("lock")).ok());
}

// A limit on file size makes the system write less than it was asked to.
TEST_F(PosixFileSystemTest, AShortWriteIsAnError) {
  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit limited = before;
  limited.rlim_cur = 6;
  auto file = files_->Open(Path("a"), OpenMode::kCreate);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limited), 0);
  const absl::Status status = (*file)->Write(0, "0123456789");
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(StorageErrorOf(status).kind, StorageErrorKind::kIo) << status;
  EXPECT_EQ(ReadAll(**file), "012345");
}

TEST_F(PosixFileSystemTest, AMemberLivesOnIt) {
  const std::string directory = Path("member");
  LogOptions options;
  options.segment_bytes = 8192;
  const MemberKey member{.id = {1}, .incarnation = {2}};
  const HardState initial{.ensemble = {}, .bytes = "x"};
  ASSERT_TRUE(
      MemberStorage::Format(*files_, directory, member, initial, options).ok());
  for (uint32_t round = 0; round < 5; ++round) {
    auto opened = MemberStorage::Open(*files_, directory, options);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(opened->state.log.size(), round * 20u);
    EXPECT_EQ(StorageErrorOf(
                  MemberStorage::Open(*files_, directory, options).status())
                  .kind,
              StorageErrorKind::kLocked);
    for (uint32_t i = 1; i <= 20; ++i) {
      Batch batch;
      batch.append.push_back({.zxid = Zxid(1, round * 20 + i),
                              .kind = 1,
                              .payload = MakeBytes(std::string(200, 'p'))});
      ASSERT_TRUE(opened->storage->Write(batch).ok());
      ASSERT_TRUE(opened->storage->Sync().ok());
    }
  }
  std::filesystem::copy(directory, Path("copy"));
  const auto copy = MemberStorage::Open(*files_, Path("copy"), options);
  EXPECT_EQ(StorageErrorOf(copy.status()).kind, StorageErrorKind::kCopied)
      << copy.status();
}

}  // namespace
}  // namespace quorate::storage
