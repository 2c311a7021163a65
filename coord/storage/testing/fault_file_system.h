// FaultFileSystem: a disk in memory that fails as real ones do.
//
// Writes and names are visible at once and durable only after the sync that
// covers them. Crash() takes the power away: of what was not synced it keeps
// what `CrashLoss` says, in sectors. A call can be made to fail, or to be the
// last before a crash; room can run out; bytes can rot.
//
// Every call of FileSystem and File that reads or changes something counts as
// one, in order, so that a test can visit each. All chance comes from the seed:
// the same calls give the same results. After a crash every call returns kIo
// until Crash() is called; files that were open stay dead.
//
// Not thread-safe. Directories are one level deep and durable at once.

#ifndef QUORATE_COORD_STORAGE_TESTING_FAULT_FILE_SYSTEM_H_
#define QUORATE_COORD_STORAGE_TESTING_FAULT_FILE_SYSTEM_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/base/seeded_random.h"
#include "coord/storage/file_system.h"

namespace quorate::storage {

// What a crash keeps of the writes and names that were not synced.
enum class CrashLoss : uint8_t {
  kNothing,     // only the process died: the next one sees what it wrote, but
                // that is no more durable than before
  kEverything,  // none is kept
  kPrefix,      // of each file and directory a prefix, the last write torn
  kAnySectors,  // any sectors of any write, and any names, in any order
};

class FaultFileSystem final : public FileSystem {
 public:
  explicit FaultFileSystem(uint64_t seed);
  ~FaultFileSystem() override;

  // --- Faults ---------------------------------------------------------------
  // The call with this number (as calls() counts, from 1) crashes; what it does
  // is under way then, or not even begun. 0: never.
  void CrashAt(uint64_t call) { crash_at_ = call; }
  // The calls with numbers from `first` to `last` return `error_number`, such
  // as EIO; ENOSPC only where a disk can be full. A write that fails has
  // written some of its sectors, and what a failed sync covered is lost or
  // kept.
  void FailAt(uint64_t first, uint64_t last, int error_number);
  // Room for all files together.
  void SetCapacity(uint64_t bytes) { capacity_bytes_ = bytes; }
  bool crashed() const { return crashed_; }
  // How many calls failed because of FailAt().
  uint64_t failed() const { return failed_; }

  // Loses power; then everything is as after a restart. Clears the faults.
  void Crash(CrashLoss loss);

  // --- Counters -------------------------------------------------------------
  uint64_t calls() const { return calls_; }
  uint64_t syncs() const { return syncs_; }  // of files

  // --- The disk itself, behind the file layer's back ------------------------
  // Content as a reader sees it. REQUIRES: the file is there.
  std::string Content(absl::string_view path) const;
  // Replaces or makes a file, durably.
  void SetContent(absl::string_view path, absl::string_view content);
  // Durably. REQUIRES: `offset` lies within the file.
  void FlipBit(absl::string_view path, uint64_t offset, int bit);
  // Makes durable copies of all files of one directory in another.
  void CopyDirectory(absl::string_view from, absl::string_view to);

  // --- FileSystem -----------------------------------------------------------
  absl::StatusOr<std::unique_ptr<File>> Open(absl::string_view path,
                                             OpenMode mode) override;
  absl::Status Rename(absl::string_view from, absl::string_view to) override;
  absl::Status Remove(absl::string_view path) override;
  absl::Status CreateDirectory(absl::string_view path) override;
  absl::Status SyncDirectory(absl::string_view path) override;
  absl::StatusOr<std::vector<std::string>> List(
      absl::string_view path) override;
  absl::StatusOr<FileIdentity> DirectoryIdentity(
      absl::string_view path) override;
  absl::StatusOr<uint64_t> FreeBytes(absl::string_view path) override;
  absl::StatusOr<std::unique_ptr<FileLock>> Lock(
      absl::string_view path) override;

 private:
  friend class FaultFile;
  friend class FaultLock;

  struct PendingWrite {
    uint64_t offset = 0;
    std::string data;
  };
  struct Node {
    FileIdentity identity;
    std::string cached;   // what readers see
    std::string durable;  // what a crash leaves for certain
    std::vector<PendingWrite> pending;
    bool locked = false;
  };
  using NodePointer = std::shared_ptr<Node>;
  using Names = std::map<std::string, NodePointer, std::less<>>;
  // A change of names; of a rename, `removed` is the old one.
  struct PendingName {
    std::string removed;
    std::string added;
    NodePointer node;
  };
  enum class Fate : uint8_t { kGoOn, kCrashAfter, kFail };
  struct Turn {
    Fate fate = Fate::kGoOn;
    absl::Status status;  // what the call returns, unless kGoOn
  };

  // Counts a call and decides on it. A crash before the call is kFail with
  // nothing done; `can_be_full` tells whether ENOSPC applies.
  Turn Take(absl::string_view operation, absl::string_view path,
            bool can_be_full);
  static absl::Status Dead(absl::string_view operation, absl::string_view path);
  NodePointer Find(absl::string_view path) const;
  NodePointer MakeNode();
  uint64_t UsedBytes() const;

  absl::Status WriteTo(Node& node, absl::string_view path, uint64_t offset,
                       absl::string_view data);
  absl::Status SyncNode(Node& node, absl::string_view path);
  static void Put(std::string* content, uint64_t offset,
                  absl::string_view data);
  void KeepSome(Node& node, CrashLoss loss);
  void CrashNames(CrashLoss loss);
  void ChangeName(const PendingName& change);
  static void Apply(const PendingName& change, Names* names);

  SeededRandom random_;
  uint64_t calls_ = 0;
  uint64_t syncs_ = 0;
  uint64_t failed_ = 0;
  uint64_t crash_at_ = 0;
  uint64_t fail_first_ = 0;
  uint64_t fail_last_ = 0;
  int fail_errno_ = 0;
  uint64_t capacity_bytes_ = std::numeric_limits<uint64_t>::max();
  bool crashed_ = false;
  uint64_t generation_ = 0;  // of open files
  uint64_t next_inode_ = 1;

  std::map<std::string, FileIdentity, std::less<>> directories_;
  Names names_;          // what a process sees, by path
  Names durable_names_;  // what a crash leaves for certain
  std::vector<PendingName> pending_names_;
};

}  // namespace quorate::storage

#endif  // QUORATE_COORD_STORAGE_TESTING_FAULT_FILE_SYSTEM_H_
