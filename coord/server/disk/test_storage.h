// TestStorage: a member's storage on a disk in memory, and a LogReport that
// notes what it is told, for the tests of this folder.

#ifndef QUORATE_COORD_SERVER_DISK_TEST_STORAGE_H_
#define QUORATE_COORD_SERVER_DISK_TEST_STORAGE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coord/base/bytes.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/output.h"
#include "coord/server/disk/log_worker.h"
#include "coord/storage/hard_state_file.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/testing/fault_file_system.h"
#include "coord/storage/write_ahead_log.h"

namespace quorate::server {

class TestStorage {
 public:
  TestStorage() {
    options_.segment_bytes = 4 << 20;
    QUORATE_CHECK(storage::MemberStorage::Format(
                      disk, "d", MemberKey{MemberId{1}, Incarnation{2}},
                      storage::HardState{.ensemble = {}, .bytes = "0"},
                      options_)
                      .ok());
    Reopen();
  }

  // Returns what is found.
  storage::RecoveredState Reopen() {
    storage.reset();
    auto opened = storage::MemberStorage::Open(disk, "d", options_);
    QUORATE_CHECK(opened.ok());
    storage = std::move(opened->storage);
    return std::move(opened->state);
  }

  storage::FaultFileSystem disk{1};
  std::unique_ptr<storage::MemberStorage> storage;

 private:
  storage::LogOptions options_;
};

// A batch of `records` records of `bytes` each, from 1:`first` on.
inline replica::WriteBatch MakeBatch(uint64_t id, uint32_t first,
                                     uint32_t records = 1, size_t bytes = 10) {
  replica::WriteBatch write{.id = id, .batch = {}};
  for (uint32_t i = 0; i < records; ++i) {
    write.batch.append.push_back(
        {.zxid = consensus::Zxid(1, first + i),
         .kind = 1,
         .payload = MakeBytes(std::string(bytes, 'r'))});
  }
  return write;
}

class NotedReport final : public LogReport {
 public:
  void Written(uint64_t id) override {
    lines.push_back(absl::StrCat("written ", id));
  }
  void StorageFailed(const absl::Status& status) override {
    lines.push_back("failed");
    failure = status;
  }
  void DiskFull(bool full) override { lines.push_back(full ? "full" : "room"); }
  void Fsync(int64_t slowest_ms) override {
    lines.push_back(absl::StrCat("fsync ", slowest_ms));
  }
  void SegmentWanted() override { ++segments_wanted; }

  // What was told since the last call.
  std::vector<std::string> Take() { return std::exchange(lines, {}); }

  std::vector<std::string> lines;
  absl::Status failure;
  int segments_wanted = 0;
};

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_DISK_TEST_STORAGE_H_
