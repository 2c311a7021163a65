// StorageWorkload: a member's long random life on a disk that may fail.
//
// Batches of every shape, group commits, truncations, own and incoming
// snapshots, compaction, restarts; the model is kept beside it. The same seed
// gives the same life as long as no call fails. For tests only.

#ifndef QUORATE_COORD_STORAGE_TESTING_STORAGE_WORKLOAD_H_
#define QUORATE_COORD_STORAGE_TESTING_STORAGE_WORKLOAD_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "coord/base/seeded_random.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/log_record.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/testing/fault_file_system.h"
#include "coord/storage/testing/storage_model.h"

namespace quorate::storage {

class StorageWorkload {
 public:
  // `disk` must outlive it.
  StorageWorkload(FaultFileSystem& disk, uint64_t seed);

  // Formats the directory and performs `operations`. A call that finds the disk
  // full is repeated. Stops at any other error and returns it.
  absl::Status Run(int operations);

  // Opens what is there, as a process that starts, and compares it with the
  // model. A directory that was never formatted is, before.
  absl::Status Restart();

  // Appends and syncs so many batches; REQUIRES: IsOpen().
  absl::Status Grow(int batches);

  // Settles the log, so that all of it is acknowledged beyond doubt. From here
  // on the model accepts that records below the newest snapshot are gone.
  absl::Status Finish();

  // Every call that changes something, once; each must give the same error.
  void ExpectPoisoned(const absl::Status& error);

  MemberStorage& storage() { return *storage_; }
  bool IsOpen() const { return storage_ != nullptr; }
  void Close() { storage_.reset(); }
  // How often the disk was full.
  uint64_t refusals() const { return refusals_; }

  static constexpr char kDirectory[] = "member";
  static LogOptions Options();

 private:
  absl::Status Format();
  absl::Status Step();
  absl::Status Append();
  absl::Status Vote();
  absl::Status Truncate();
  absl::Status Snapshot();
  absl::Status WriteSnapshot(consensus::Zxid zxid,
                             const ModelSnapshot& snapshot);
  absl::Status Install();
  absl::Status Compact();
  absl::Status Sync();
  absl::Status Settle();
  absl::Status Write(const Batch& batch);
  void FillWithRecords(Batch* batch);
  HardState NextHardState();
  std::string RandomText(size_t max_bytes);
  absl::Status Repeat(absl::FunctionRef<absl::Status()> call);

  FaultFileSystem& disk_;
  SeededRandom random_;
  StorageModel model_;
  std::unique_ptr<MemberStorage> storage_;
  bool formatted_ = false;
  uint64_t votes_ = 0;
  uint64_t refusals_ = 0;
};

}  // namespace quorate::storage

#endif  // QUORATE_COORD_STORAGE_TESTING_STORAGE_WORKLOAD_H_
