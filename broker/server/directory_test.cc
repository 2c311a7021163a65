#include "broker/server/directory.h"

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "coord/storage/testing/fault_file_system.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace quorate::broker {
namespace {

using storage::CrashLoss;
using storage::FaultFileSystem;

const std::string kOne(16, 'a');
const std::string kTwo(16, 'b');

class DirectoryTest : public testing::Test {
 protected:
  DirectoryTest() : files_(TestSeed()) {}

  absl::Status Opened(const std::string& path = "d") {
    return Directory::Open(files_, path).status();
  }

  FaultFileSystem files_;
};

TEST_F(DirectoryTest, FormatsOnce) {
  const absl::Status unused = Opened();
  EXPECT_TRUE(absl::IsNotFound(unused));
  EXPECT_TRUE(absl::StrContains(unused.message(), "brokerd --format"));
  ASSERT_TRUE(FormatDirectory(files_, "d", 3, kOne).ok());
  Owner owner;
  {
    const auto directory = Directory::Open(files_, "d");
    ASSERT_TRUE(directory.ok()) << directory.status();
    owner = (*directory)->owner();
    EXPECT_EQ(owner.id, 3);
    EXPECT_EQ(owner.ensemble_id, kOne);
    EXPECT_EQ(owner.directory_id.size(), 32);
    EXPECT_EQ((*directory)->pin().ensemble_id, kOne);
    // It is held.
    EXPECT_TRUE(absl::IsUnavailable(Opened()));
    EXPECT_TRUE(absl::IsUnavailable(FormatDirectory(files_, "d", 3, kOne)));
  }
  EXPECT_TRUE(FormatDirectory(files_, "d", 3, kOne).ok());
  EXPECT_EQ((*Directory::Open(files_, "d"))->owner(), owner);
  for (const absl::Status& refused : {FormatDirectory(files_, "d", 4, kOne),
                                      FormatDirectory(files_, "d", 3, kTwo)}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(refused));
    EXPECT_TRUE(absl::StrContains(refused.message(), "broker 3")) << refused;
  }
}

TEST_F(DirectoryTest, RefusesForeignFilesAndCopies) {
  ASSERT_TRUE(files_.CreateDirectory("f").ok());
  files_.SetContent("f/letter", "dear");
  const absl::Status foreign = FormatDirectory(files_, "f", 1, kOne);
  EXPECT_TRUE(absl::IsFailedPrecondition(foreign));
  EXPECT_TRUE(absl::StrContains(foreign.message(), "letter")) << foreign;
  ASSERT_TRUE(FormatDirectory(files_, "d", 1, kOne).ok());
  ASSERT_TRUE(files_.CreateDirectory("copy").ok());
  files_.CopyDirectory("d", "copy");
  const absl::Status copied = Opened("copy");
  EXPECT_TRUE(absl::IsFailedPrecondition(copied));
  EXPECT_TRUE(absl::StrContains(copied.message(), "copy")) << copied;
}

TEST_F(DirectoryTest, KeepsThePin) {
  ASSERT_TRUE(FormatDirectory(files_, "d", 1, kOne).ok());
  {
    auto directory = Directory::Open(files_, "d");
    ASSERT_TRUE(directory.ok());
    EXPECT_TRUE((*directory)->SavePin({kOne, 77}).ok());
  }
  files_.Crash(CrashLoss::kEverything);
  EXPECT_EQ((*Directory::Open(files_, "d"))->pin().highest_zxid, 77);
  files_.SetContent("d/pin", "quorate-pin 1");
  EXPECT_TRUE(absl::IsDataLoss(Opened()));
}

TEST_F(DirectoryTest, DamageIsAnError) {
  ASSERT_TRUE(FormatDirectory(files_, "d", 1, kOne).ok());
  const std::string good = files_.Content("d/broker.json");
  for (const std::string& bad : {std::string(), std::string("{}"),
                                 good.substr(0, good.size() / 2), good + " "}) {
    files_.SetContent("d/broker.json", bad);
    EXPECT_TRUE(absl::IsDataLoss(Opened())) << bad;
    EXPECT_TRUE(absl::IsDataLoss(FormatDirectory(files_, "d", 1, kOne)));
  }
}

// Formatting is whole or can be begun again.
TEST_F(DirectoryTest, PowerGoesWhileItIsFormatted) {
  ASSERT_TRUE(files_.CreateDirectory("d").ok());
  for (uint64_t call = 1; call < 40; ++call) {
    files_.CrashAt(files_.calls() + call);
    const bool done = FormatDirectory(files_, "d", 1, kOne).ok();
    files_.Crash(CrashLoss::kAnySectors);
    if (done) {
      EXPECT_TRUE(Opened().ok()) << call;
    }
    EXPECT_TRUE(FormatDirectory(files_, "d", 1, kOne).ok()) << call;
    EXPECT_TRUE(Opened().ok()) << call;
    ASSERT_TRUE(files_.Remove("d/broker.json").ok());
    ASSERT_TRUE(files_.SyncDirectory("d").ok());
  }
}

}  // namespace
}  // namespace quorate::broker
