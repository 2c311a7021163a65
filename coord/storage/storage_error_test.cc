#include "coord/storage/storage_error.h"

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace quorate::storage {
namespace {

TEST(StorageErrorTest, NamesOperationFileAndCause) {
  const absl::Status status = SystemError("pwrite", "dir/log 1", EIO);
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(status.message(), "pwrite dir/log 1: Input/output error");
  EXPECT_EQ(StorageErrorOf(status).kind, StorageErrorKind::kIo);
  EXPECT_EQ(StorageErrorOf(status).file, "dir/log 1");
}

TEST(StorageErrorTest, WantOfRoomIsDistinguished) {
  EXPECT_TRUE(IsDiskFull(SystemError("pwrite", "f", ENOSPC)));
  EXPECT_TRUE(IsDiskFull(SystemError("pwrite", "f", EDQUOT)));
  EXPECT_FALSE(IsDiskFull(SystemError("pwrite", "f", EIO)));
  EXPECT_FALSE(IsDiskFull(absl::OkStatus()));
  EXPECT_FALSE(IsDiskFull(absl::ResourceExhaustedError("of another origin")));
}

TEST(StorageErrorTest, ASyncThatFailedIsFinal) {
  const absl::Status full = SystemError("fdatasync", "f", ENOSPC);
  const absl::Status final_error = AsFinal(full);
  EXPECT_EQ(StorageErrorOf(final_error).kind, StorageErrorKind::kIo);
  EXPECT_EQ(StorageErrorOf(final_error).file, "f");
  EXPECT_EQ(final_error.message(), full.message());
  EXPECT_TRUE(AsFinal(absl::OkStatus()).ok());
  const absl::Status other = SystemError("fdatasync", "f", EIO);
  EXPECT_EQ(AsFinal(other), other);
}

TEST(StorageErrorTest, DamageNamesTheByte) {
  const absl::Status status = DamagedError("dir/log-1", 4096, "wrong");
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(status.message(), "dir/log-1 at byte 4096: wrong");
  EXPECT_EQ(StorageErrorOf(status).offset, 4096u);
}

TEST(StorageErrorTest, EveryKindHasACodeAndAName) {
  for (int i = 1; i <= static_cast<int>(StorageErrorKind::kMisuse); ++i) {
    const auto kind = static_cast<StorageErrorKind>(i);
    const absl::Status status = MakeStorageError(kind, "f", 0, "detail");
    EXPECT_FALSE(status.ok());
    EXPECT_EQ(StorageErrorOf(status).kind, kind);
    EXPECT_NE(Name(kind), "unknown");
  }
  EXPECT_EQ(StorageErrorOf(absl::InternalError("x")).kind,
            StorageErrorKind::kNone);
  EXPECT_TRUE(absl::StrContains(Advice(StorageErrorKind::kCopied), "copied"));
}

}  // namespace
}  // namespace quorate::storage
