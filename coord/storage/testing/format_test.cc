// Keeps the worked example in FORMAT.md true: it is what this program writes.

#include <cstddef>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "coord/base/bytes.h"
#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/hard_state_file.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/snapshot_writer.h"
#include "coord/storage/testing/fault_file_system.h"
#include "coord/storage/testing/whole_steps.h"
#include "gtest/gtest.h"

namespace quorate::storage {
namespace {

using consensus::Zxid;

// As `hexdump -C`; a row of zeros is left out.
std::string Dump(const std::string& bytes) {
  std::string text;
  for (size_t at = 0; at < bytes.size(); at += 16) {
    const std::string row = bytes.substr(at, 16);
    if (row == std::string(16, '\0')) continue;
    std::string hex, letters;
    for (const char byte : row) {
      const auto value = static_cast<unsigned char>(byte);
      absl::StrAppendFormat(&hex, " %02x", value);
      letters += value >= 32 && value < 127 ? byte : '.';
    }
    absl::StrAppendFormat(&text, "%04x %s |%s|\n", at, hex, letters);
  }
  return text;
}

std::string FormatPage() {
  std::ifstream file("coord/storage/FORMAT.md");
  return std::string(std::istreambuf_iterator<char>(file), {});
}

class FormatTest : public testing::Test {
 protected:
  void SetUp() override {
    const MemberKey member{.id = {3}, .incarnation = {0xa7}};
    const EnsembleId ensemble{.high = 0x1111, .low = 0x2222};
    LogOptions options;
    options.segment_bytes = 8192;
    ASSERT_TRUE(MemberStorage::Format(disk_, "d", member,
                                      {.ensemble = ensemble, .bytes = "vote"},
                                      options)
                    .ok());
    auto opened = MemberStorage::Open(disk_, "d", options);
    ASSERT_TRUE(opened.ok());
    Batch batch;
    batch.append = {
        {.zxid = Zxid(1, 0), .kind = 2, .payload = nullptr},
        {.zxid = Zxid(1, 1), .kind = 1, .payload = MakeBytes("hello")}};
    ASSERT_TRUE(opened->storage->Write(batch).ok());
    ASSERT_TRUE(opened->storage->Sync().ok());
    batch.append.clear();
    batch.truncate_after = Zxid(1, 0);
    ASSERT_TRUE(opened->storage->Write(batch).ok());
    ASSERT_TRUE(opened->storage->Sync().ok());
    auto writer = opened->storage->BeginSnapshot(Zxid(1, 0));
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE((*writer)->Append("a tree").ok());
    ASSERT_TRUE((*writer)->Finish("voters").ok());
    ASSERT_TRUE(PublishSnapshot(*opened->storage, **writer).ok());
  }

  void ExpectShown(const std::string& path) {
    const std::string dump = Dump(disk_.Content(path));
    EXPECT_TRUE(absl::StrContains(FormatPage(), "```\n" + dump + "```\n"))
        << "FORMAT.md must show " << path << " as\n"
        << dump;
  }

  FaultFileSystem disk_{1};
};

TEST_F(FormatTest, ShowsTheLogSegment) {
  ExpectShown("d/log-0000000000000001");
}

TEST_F(FormatTest, ShowsTheHardState) {
  // Its identities are those of the disk double: the same in every run.
  ExpectShown("d/state");
}

TEST_F(FormatTest, ShowsTheSnapshot) {
  ExpectShown("d/snapshot-0000000100000000");
}

}  // namespace
}  // namespace quorate::storage
