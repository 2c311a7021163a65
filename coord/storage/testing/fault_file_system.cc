#include "coord/storage/testing/fault_file_system.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "coord/base/check.h"
#include "coord/storage/file_system.h"
#include "coord/storage/storage_error.h"

namespace quorate::storage {
namespace {

std::string DirectoryOf(absl::string_view path) {
  return std::string(path.substr(0, path.rfind('/')));
}

}  // namespace

class FaultFile final : public File {
 public:
  FaultFile(FaultFileSystem& disk, absl::string_view path,
            FaultFileSystem::NodePointer node)
      : disk_(disk),
        path_(path),
        node_(std::move(node)),
        generation_(disk.generation_) {}

  absl::Status Write(uint64_t offset, absl::string_view data) override {
    if (IsDead()) return disk_.Dead("pwrite", path_);
    return disk_.WriteTo(*node_, path_, offset, data);
  }

  absl::StatusOr<size_t> Read(uint64_t offset,
                              absl::Span<char> out) const override {
    if (IsDead()) return disk_.Dead("pread", path_);
    const auto turn = disk_.Take("pread", path_, /*can_be_full=*/false);
    if (turn.fate != FaultFileSystem::Fate::kGoOn) return turn.status;
    if (offset >= node_->cached.size()) return 0;
    return node_->cached.copy(out.data(), out.size(), offset);
  }

  absl::StatusOr<uint64_t> Size() const override {
    if (IsDead()) return disk_.Dead("fstat", path_);
    return node_->cached.size();
  }

  absl::Status Preallocate(uint64_t size_bytes) override {
    if (IsDead()) return disk_.Dead("posix_fallocate", path_);
    const uint64_t size = node_->cached.size();
    if (size >= size_bytes) return absl::OkStatus();
    return disk_.WriteTo(*node_, path_, size,
                         std::string(size_bytes - size, '\0'));
  }

  absl::Status SyncData() override {
    if (IsDead()) return disk_.Dead("fdatasync", path_);
    return disk_.SyncNode(*node_, path_);
  }

  absl::Status WriteOut(uint64_t, uint64_t) override {
    if (IsDead()) return disk_.Dead("sync_file_range", path_);
    return disk_.Take("sync_file_range", path_, /*can_be_full=*/false).status;
  }

  void DropCache() override {}

  absl::StatusOr<FileIdentity> Identity() const override {
    if (IsDead()) return disk_.Dead("statx", path_);
    return node_->identity;
  }

 private:
  bool IsDead() const {
    return disk_.crashed_ || generation_ != disk_.generation_;
  }

  FaultFileSystem& disk_;
  const std::string path_;
  const FaultFileSystem::NodePointer node_;
  const uint64_t generation_;
};

class FaultLock final : public FileLock {
 public:
  explicit FaultLock(FaultFileSystem::NodePointer node)
      : node_(std::move(node)) {
    node_->locked = true;
  }
  ~FaultLock() override { node_->locked = false; }

 private:
  const FaultFileSystem::NodePointer node_;
};

FaultFileSystem::FaultFileSystem(uint64_t seed) : random_(seed) {}
FaultFileSystem::~FaultFileSystem() = default;

void FaultFileSystem::FailAt(uint64_t first, uint64_t last, int error_number) {
  fail_first_ = first;
  fail_last_ = last;
  fail_errno_ = error_number;
}

absl::Status FaultFileSystem::Dead(absl::string_view operation,
                                   absl::string_view path) {
  return SystemError(operation, path, EIO);
}

FaultFileSystem::Turn FaultFileSystem::Take(absl::string_view operation,
                                            absl::string_view path,
                                            bool can_be_full) {
  if (crashed_) return {Fate::kFail, Dead(operation, path)};
  ++calls_;
  if (calls_ == crash_at_) {
    crashed_ = true;
    const bool is_begun = random_.Below(2) == 0;
    return {is_begun ? Fate::kCrashAfter : Fate::kFail, Dead(operation, path)};
  }
  const bool fails = calls_ >= fail_first_ && calls_ <= fail_last_;
  if (fails && (fail_errno_ != ENOSPC || can_be_full)) {
    ++failed_;
    return {Fate::kFail, SystemError(operation, path, fail_errno_)};
  }
  return {};
}

FaultFileSystem::NodePointer FaultFileSystem::Find(
    absl::string_view path) const {
  const auto found = names_.find(std::string(path));
  return found == names_.end() ? nullptr : found->second;
}

FaultFileSystem::NodePointer FaultFileSystem::MakeNode() {
  auto node = std::make_shared<Node>();
  node->identity = {next_inode_, static_cast<int64_t>(next_inode_)};
  ++next_inode_;
  return node;
}

uint64_t FaultFileSystem::UsedBytes() const {
  uint64_t used = 0;
  for (const auto& [path, node] : names_) used += node->cached.size();
  return used;
}

void FaultFileSystem::Put(std::string* content, uint64_t offset,
                          absl::string_view data) {
  content->resize(std::max<size_t>(content->size(), offset + data.size()));
  content->replace(offset, data.size(), data.data(), data.size());
}

absl::Status FaultFileSystem::WriteTo(Node& node, absl::string_view path,
                                      uint64_t offset, absl::string_view data) {
  Turn turn = Take("pwrite", path, /*can_be_full=*/true);
  if (turn.fate == Fate::kGoOn) {
    const uint64_t end = offset + data.size();
    const uint64_t grows =
        end > node.cached.size() ? end - node.cached.size() : 0;
    if (grows > 0 && UsedBytes() + grows > capacity_bytes_) {
      turn = {Fate::kFail, SystemError("pwrite", path, ENOSPC)};
    }
  }
  if (turn.fate == Fate::kFail) {
    const uint64_t sectors = data.size() / kSectorBytes;
    data = data.substr(0, random_.Below(sectors + 1) * kSectorBytes);
  }
  if (!data.empty()) {
    Put(&node.cached, offset, data);
    node.pending.push_back({offset, std::string(data)});
  }
  return turn.status;
}

absl::Status FaultFileSystem::SyncNode(Node& node, absl::string_view path) {
  ++syncs_;
  const Turn turn = Take("fdatasync", path, /*can_be_full=*/true);
  if (turn.fate == Fate::kFail) {
    // A failed one may have written anything, and the rest is forgotten
    // although readers still see it. One that a crash hit decides then.
    if (!crashed_) KeepSome(node, CrashLoss::kAnySectors);
    return turn.status;
  }
  KeepSome(node, CrashLoss::kNothing);
  return turn.status;
}

// Moves what survives of the pending writes to the durable content.
void FaultFileSystem::KeepSome(Node& node, CrashLoss loss) {
  std::vector<PendingWrite> pending = std::move(node.pending);
  node.pending.clear();
  size_t whole = pending.size();
  if (loss == CrashLoss::kEverything) whole = 0;
  if (loss == CrashLoss::kPrefix) whole = random_.Below(pending.size() + 1);
  for (size_t i = 0; i < pending.size(); ++i) {
    const absl::string_view data = pending[i].data;
    if (loss == CrashLoss::kAnySectors) {
      for (size_t at = 0; at < data.size(); at += kSectorBytes) {
        if (random_.Below(2) == 0) continue;
        Put(&node.durable, pending[i].offset + at,
            data.substr(at, kSectorBytes));
      }
    } else if (i < whole) {
      Put(&node.durable, pending[i].offset, data);
    } else if (i == whole && loss == CrashLoss::kPrefix) {
      const uint64_t sectors = random_.Below(data.size() / kSectorBytes + 1);
      Put(&node.durable, pending[i].offset,
          data.substr(0, sectors * kSectorBytes));
    }
  }
}

void FaultFileSystem::Apply(const PendingName& change, Names* names) {
  if (!change.removed.empty()) names->erase(change.removed);
  if (!change.added.empty()) (*names)[change.added] = change.node;
}

void FaultFileSystem::ChangeName(const PendingName& change) {
  Apply(change, &names_);
  pending_names_.push_back(change);
}

void FaultFileSystem::CrashNames(CrashLoss loss) {
  size_t kept = pending_names_.size();
  if (loss == CrashLoss::kEverything) kept = 0;
  if (loss == CrashLoss::kPrefix) kept = random_.Below(kept + 1);
  for (size_t i = 0; i < kept; ++i) {
    if (loss == CrashLoss::kAnySectors && random_.Below(2) == 0) continue;
    Apply(pending_names_[i], &durable_names_);
  }
  pending_names_.clear();
}

void FaultFileSystem::Crash(CrashLoss loss) {
  if (loss != CrashLoss::kNothing) {
    CrashNames(loss);
    names_ = durable_names_;
  }
  for (const auto& [path, node] : names_) {
    node->locked = false;
    if (loss == CrashLoss::kNothing) continue;
    KeepSome(*node, loss);
    node->cached = node->durable;
  }
  crashed_ = false;
  crash_at_ = 0;
  fail_first_ = fail_last_ = 0;
  ++generation_;
}

std::string FaultFileSystem::Content(absl::string_view path) const {
  const NodePointer node = Find(path);
  QUORATE_CHECK(node != nullptr);
  return node->cached;
}

void FaultFileSystem::SetContent(absl::string_view path,
                                 absl::string_view content) {
  NodePointer node = Find(path);
  if (node == nullptr) node = MakeNode();
  names_[std::string(path)] = durable_names_[std::string(path)] = node;
  node->pending.clear();
  node->cached = node->durable = std::string(content);
}

void FaultFileSystem::FlipBit(absl::string_view path, uint64_t offset,
                              int bit) {
  std::string content = Content(path);
  QUORATE_CHECK(offset < content.size());
  content[offset] = static_cast<char>(content[offset] ^ (1 << bit));
  SetContent(path, content);
}

void FaultFileSystem::CopyDirectory(absl::string_view from,
                                    absl::string_view to) {
  const Names names = names_;
  directories_[std::string(to)] = MakeNode()->identity;
  for (const auto& [path, node] : names) {
    if (DirectoryOf(path) != from) continue;
    SetContent(absl::StrCat(to, path.substr(from.size())), node->cached);
  }
}

absl::StatusOr<std::unique_ptr<File>> FaultFileSystem::Open(
    absl::string_view path, OpenMode mode) {
  const Turn turn = Take("open", path, mode == OpenMode::kCreate);
  if (turn.fate == Fate::kFail) return turn.status;
  NodePointer node = Find(path);
  if (mode == OpenMode::kCreate) {
    if (node != nullptr) return SystemError("open", path, EEXIST);
    node = MakeNode();
    ChangeName({"", std::string(path), node});
  }
  if (turn.fate == Fate::kCrashAfter) return turn.status;
  if (node == nullptr) return SystemError("open", path, ENOENT);
  return std::make_unique<FaultFile>(*this, path, std::move(node));
}

absl::Status FaultFileSystem::Rename(absl::string_view from,
                                     absl::string_view to) {
  const Turn turn = Take("rename", from, /*can_be_full=*/true);
  if (turn.fate == Fate::kFail) return turn.status;
  const NodePointer node = Find(from);
  if (node == nullptr) return SystemError("rename", from, ENOENT);
  ChangeName({std::string(from), std::string(to), node});
  return turn.status;
}

absl::Status FaultFileSystem::Remove(absl::string_view path) {
  const Turn turn = Take("unlink", path, /*can_be_full=*/false);
  if (turn.fate == Fate::kFail) return turn.status;
  if (Find(path) == nullptr) return SystemError("unlink", path, ENOENT);
  ChangeName({std::string(path), "", nullptr});
  return turn.status;
}

absl::Status FaultFileSystem::CreateDirectory(absl::string_view path) {
  const Turn turn = Take("mkdir", path, /*can_be_full=*/true);
  if (turn.fate == Fate::kFail) return turn.status;
  if (!directories_.contains(path)) {
    directories_[std::string(path)] = MakeNode()->identity;
  }
  return turn.status;
}

absl::Status FaultFileSystem::SyncDirectory(absl::string_view path) {
  const Turn turn = Take("fsync", path, /*can_be_full=*/true);
  if (turn.fate == Fate::kFail) return turn.status;
  const auto is_here = [&](const PendingName& change) {
    const std::string& name =
        change.added.empty() ? change.removed : change.added;
    return DirectoryOf(name) == path;
  };
  for (const PendingName& change : pending_names_) {
    if (is_here(change)) Apply(change, &durable_names_);
  }
  std::erase_if(pending_names_, is_here);
  return turn.status;
}

absl::StatusOr<std::vector<std::string>> FaultFileSystem::List(
    absl::string_view path) {
  const Turn turn = Take("readdir", path, /*can_be_full=*/false);
  if (turn.fate != Fate::kGoOn) return turn.status;
  if (!directories_.contains(path)) return SystemError("opendir", path, ENOENT);
  std::vector<std::string> names;
  for (const auto& [name, node] : names_) {
    if (DirectoryOf(name) == path)
      names.push_back(name.substr(path.size() + 1));
  }
  return names;
}

absl::StatusOr<FileIdentity> FaultFileSystem::DirectoryIdentity(
    absl::string_view path) {
  const Turn turn = Take("statx", path, /*can_be_full=*/false);
  if (turn.fate != Fate::kGoOn) return turn.status;
  const auto found = directories_.find(path);
  if (found == directories_.end()) return SystemError("statx", path, ENOENT);
  return found->second;
}

absl::StatusOr<uint64_t> FaultFileSystem::FreeBytes(absl::string_view path) {
  const Turn turn = Take("statvfs", path, /*can_be_full=*/false);
  if (turn.fate != Fate::kGoOn) return turn.status;
  const uint64_t used = UsedBytes();
  return used < capacity_bytes_ ? capacity_bytes_ - used : 0;
}

absl::StatusOr<std::unique_ptr<FileLock>> FaultFileSystem::Lock(
    absl::string_view path) {
  const Turn turn = Take("flock", path, /*can_be_full=*/true);
  if (turn.fate == Fate::kFail) return turn.status;
  if (!directories_.contains(DirectoryOf(path))) {
    return SystemError("open", path, ENOENT);
  }
  NodePointer node = Find(path);
  if (node == nullptr) {
    node = MakeNode();
    ChangeName({"", std::string(path), node});
  }
  if (turn.fate == Fate::kCrashAfter) return turn.status;
  if (node->locked) {
    return MakeStorageError(StorageErrorKind::kLocked, path, 0,
                            "another process has this directory open");
  }
  return std::make_unique<FaultLock>(std::move(node));
}

}  // namespace quorate::storage
