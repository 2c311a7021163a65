// Holds the example of FORMAT.md to what is written.

#include <cstddef>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_format.h"
#include "broker/log/partition_log.h"
#include "broker/record/record_batch.h"
#include "coord/storage/testing/fault_file_system.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quorate::broker {
namespace {

using ::testing::HasSubstr;

std::string Dump(const std::string& bytes) {
  std::string text;
  for (size_t at = 0; at < bytes.size(); at += 16) {
    text += absl::StrFormat("%04x ", at);
    for (size_t i = at; i < at + 16 && i < bytes.size(); ++i) {
      text += absl::StrFormat(" %02x", static_cast<unsigned char>(bytes[i]));
    }
    text += "\n";
  }
  return text;
}

TEST(PartitionLogFormatTest, ExampleIsAsWritten) {
  storage::FaultFileSystem disk(1);
  ASSERT_TRUE(disk.CreateDirectory("data").ok());
  const auto log = PartitionLog::Create(disk, "data", "t-0", 7);
  ASSERT_TRUE(log.ok());
  std::string batch = *EncodeBatch({}, {{.timestamp_ms = 1'000, .value = "a"},
                                        {.timestamp_ms = 1'001, .value = "b"}});
  ASSERT_TRUE((*log)->AppendAsLeader(&batch, 1).ok());
  const auto point = (*log)->BeginSync();
  (*log)->FinishSync(*point, point->file->SyncData());
  (*log)->SetHighWatermark(2);
  (*log)->FinishCheckpoint((*log)->BeginCheckpoint()->SyncData());

  std::ifstream file("broker/log/FORMAT.md");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_THAT(
      text.str(),
      HasSubstr("```\n" +
                Dump(disk.Content("data/t-0.checkpoint").substr(0, 48)) +
                "```\n"));
  EXPECT_THAT(
      text.str(),
      HasSubstr("```\n" +
                Dump(disk.Content("data/t-0/00000000000000000000.log")) +
                "```\n"));
}

}  // namespace
}  // namespace quorate::broker
