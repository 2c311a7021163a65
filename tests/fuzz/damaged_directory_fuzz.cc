// A member's whole directory, settled, and damaged by a few changes that the
// input names. Whatever is changed, the member either refuses to start, naming
// the file, or finds all that was acknowledged.
//
//   input  = change*
//   change = what:u8 file:u8 at:u16 more:u16

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "coord/base/bytes.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/file_system.h"
#include "coord/storage/hard_state_file.h"
#include "coord/storage/log_record.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/snapshot_reader.h"
#include "coord/storage/snapshot_writer.h"
#include "coord/storage/storage_error.h"
#include "coord/storage/testing/fault_file_system.h"
#include "coord/storage/testing/whole_steps.h"
#include "coord/storage/write_ahead_log.h"
#include "tests/fuzz/fuzz.h"

namespace quorate::fuzz {
namespace {

using consensus::Zxid;
using storage::FaultFileSystem;
using storage::kSectorBytes;
using storage::LogRecord;
using storage::MemberStorage;
using storage::OpenedStorage;
using storage::RecoveredState;
using storage::StorageErrorKind;

constexpr char kDirectory[] = "member";
constexpr size_t kMaxChanges = 8;

storage::LogOptions Options() {
  storage::LogOptions options;
  options.segment_bytes = 4096;
  options.max_frame_bytes = 2048;
  return options;
}

using Files = std::map<std::string, std::string>;

// The directory as it was left, and what was acknowledged in it.
class Member {
 public:
  Member() {
    const MemberKey key{.id = {3}, .incarnation = {0xa7}};
    QUORATE_CHECK(
        MemberStorage::Format(disk_, kDirectory, key, State(0), Options())
            .ok());
    Live();
    const absl::StatusOr<std::vector<std::string>> names =
        disk_.List(kDirectory);
    for (const std::string& name : *names) {
      if (name == "lock") continue;
      const std::string path = storage::JoinPath(kDirectory, name);
      files_[path] = disk_.Content(path);
    }
  }

  const Files& files() const { return files_; }
  const RecoveredState& acknowledged() const { return acknowledged_; }
  FaultFileSystem& disk() { return disk_; }

  // Makes the directory hold `files`. The hard state is always among them: a
  // new file of its name would be a copy.
  void Put(const Files& files) {
    const absl::StatusOr<std::vector<std::string>> names =
        disk_.List(kDirectory);
    for (const std::string& name : *names) {
      const std::string path = storage::JoinPath(kDirectory, name);
      if (!files.contains(path) && name != "lock") {
        QUORATE_CHECK(disk_.Remove(path).ok());
      }
    }
    for (const auto& [path, content] : files) disk_.SetContent(path, content);
  }

 private:
  static storage::HardState State(int i) {
    return {.ensemble = {.high = 1, .low = 2},
            .bytes = "vote " + std::to_string(i)};
  }

  void Live() {
    absl::StatusOr<OpenedStorage> opened =
        MemberStorage::Open(disk_, kDirectory, Options());
    QUORATE_CHECK(opened.ok());
    MemberStorage& storage = *opened->storage;
    uint32_t counter = 0;
    for (int i = 0; i < 14; ++i) {
      storage::Batch batch;
      if (i % 4 == 1) batch.hard_state = State(i);
      if (i % 6 == 3) batch.truncate_after = Zxid(1, counter - 1);
      for (size_t size : {size_t{0}, size_t{70} * (i % 9)}) {
        batch.append.push_back(
            {Zxid(1, ++counter), 1, MakeBytes(std::string(size, 'r'))});
      }
      QUORATE_CHECK(storage.Write(batch).ok() && storage.Sync().ok());
      if (i == 4 || i == 9) Snapshot(storage, Zxid(1, counter));
    }
    QUORATE_CHECK(storage.Settle().ok());
    opened->storage.reset();
    opened = MemberStorage::Open(disk_, kDirectory, Options());
    QUORATE_CHECK(opened.ok());
    acknowledged_ = opened->state;
  }

  void Snapshot(MemberStorage& storage, Zxid zxid) {
    const absl::StatusOr<std::unique_ptr<storage::SnapshotWriter>> writer =
        storage.BeginSnapshot(zxid);
    QUORATE_CHECK(writer.ok());
    QUORATE_CHECK((*writer)->Append(std::string(400, 's')).ok());
    QUORATE_CHECK((*writer)->Finish("meta").ok());
    QUORATE_CHECK(storage::PublishSnapshot(storage, **writer).ok());
  }

  FaultFileSystem disk_{1};
  Files files_;
  RecoveredState acknowledged_;
};

// Applies the changes of an input. What would be a whole older state, which no
// format could tell (FORMAT.md, "The limit"), it leaves out: bytes that become
// zeros one after another at the end of the log.
class Damage {
 public:
  Damage(const Files& before, Files& files) : before_(before), files_(files) {
    for (const auto& [path, content] : before) paths_.push_back(path);
  }

  void Apply(Choices& choices) {
    const uint8_t what = choices.Byte();
    const std::string& path = paths_[choices.Byte() % paths_.size()];
    const uint32_t at = choices.Word();
    const uint32_t more = choices.Word();
    if (!files_.contains(path)) return;
    std::string& content = files_[path];
    switch (what % 8) {
      case 0:
        Flip(content, at, more);
        break;
      case 1:
        Overwrite(content, at, more);
        break;
      case 2:
        CopySector(content, at, more);
        break;
      case 3:
        if (resized_.insert(path).second) content.resize(at % 9000);
        break;
      case 4:
        content.insert(at % (content.size() + 1), more % 600, 'i');
        break;
      case 5:
        content = before_.at(paths_[more % paths_.size()]);
        break;
      case 6:
        if (path != "member/state") files_.erase(path);
        break;
      default:
        Duplicate(content, at);
        break;
    }
  }

 private:
  static void Flip(std::string& content, uint32_t at, uint32_t bit) {
    if (content.empty()) return;
    char& byte = content[at % content.size()];
    byte = static_cast<char>(byte ^ (1 << (bit % 8)));
  }

  static void Overwrite(std::string& content, uint32_t at, uint32_t more) {
    if (content.empty()) return;
    const size_t begin = at % content.size();
    const size_t end = std::min(content.size(), begin + more % 64);
    const auto value = static_cast<char>(1 + more % 255);
    std::fill(content.begin() + static_cast<std::ptrdiff_t>(begin),
              content.begin() + static_cast<std::ptrdiff_t>(end), value);
  }

  // Over another place of the same file; one sector of zeros at most.
  void CopySector(std::string& content, uint32_t at, uint32_t more) {
    const size_t count = content.size() / kSectorBytes;
    if (count == 0) return;
    const std::string sector =
        content.substr(more % count * kSectorBytes, kSectorBytes);
    const bool is_zero = sector.find_first_not_of('\0') == std::string::npos;
    if (is_zero && zeroed_) return;
    zeroed_ = zeroed_ || is_zero;
    content.replace(at % count * kSectorBytes, kSectorBytes, sector);
  }

  // The file again, as one that may follow it.
  void Duplicate(const std::string& content, uint32_t number) {
    std::string name = "member/log-0000000000000000";
    name.back() = "0123456789abcdef"[number % 16];
    if (!files_.contains(name)) files_[name] = content;
  }

  const Files& before_;
  Files& files_;
  std::vector<std::string> paths_;
  std::set<std::string> resized_;
  bool zeroed_ = false;
};

bool Holds(const std::vector<LogRecord>& log, const LogRecord& record) {
  for (const LogRecord& other : log) {
    if (other.zxid != record.zxid) continue;
    const std::string none;
    return other.kind == record.kind &&
           (other.payload ? *other.payload : none) ==
               (record.payload ? *record.payload : none);
  }
  return false;
}

// Everything acknowledged is there, in the log or below a snapshot that can be
// read. A snapshot that is damaged within, or missing while the log still holds
// all, is found when it is needed.
void CheckAllIsThere(const OpenedStorage& opened,
                     const RecoveredState& expected) {
  const RecoveredState& state = opened.state;
  QUORATE_CHECK(state.member == expected.member);
  QUORATE_CHECK(state.hard_state == expected.hard_state);
  QUORATE_CHECK(state.snapshots.empty()
                    ? state.log_base.IsNone()
                    : state.log_base <= state.snapshots.back().zxid);
  for (const LogRecord& record : expected.log) {
    QUORATE_CHECK(record.zxid <= state.log_base || Holds(state.log, record));
  }
  for (const LogRecord& record : state.log) {
    QUORATE_CHECK(record.zxid <= expected.log_base ||
                  Holds(expected.log, record));
  }
  for (const storage::SnapshotInfo& snapshot : state.snapshots) {
    const auto reader = opened.storage->ReadSnapshot(snapshot.zxid);
    QUORATE_CHECK(reader.ok());
    const absl::StatusOr<std::string> content = (*reader)->Read(0, 1000);
    if (content.ok()) {
      QUORATE_CHECK(*content == std::string(400, 's'));
    } else {
      QUORATE_CHECK(storage::StorageErrorOf(content.status()).kind ==
                    StorageErrorKind::kDamaged);
    }
  }
}

void CheckRefusal(const absl::Status& status) {
  const storage::StorageError error = storage::StorageErrorOf(status);
  // A file of one kind under the name of another is damage, too.
  QUORATE_CHECK(error.kind == StorageErrorKind::kDamaged);
  QUORATE_CHECK(absl::StartsWith(error.file, kDirectory));
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds = {""};
  for (char what = 0; what < 8; ++what) {
    for (char file = 0; file < 8; ++file) {
      seeds.push_back({what, file, 2, 10, 0, 7});
      seeds.push_back({what, file, 2, 10, 1, 7, what, file, 0, 0, 0, 3});
    }
  }
  return seeds;
}

}  // namespace quorate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quorate;  // NOLINT
  static fuzz::Member* const member = new fuzz::Member();
  fuzz::Files files = member->files();
  fuzz::Damage damage(member->files(), files);
  fuzz::Choices choices(fuzz::Text(data, size));
  for (size_t i = 0; i < fuzz::kMaxChanges && !choices.rest().empty(); ++i) {
    damage.Apply(choices);
  }
  member->Put(files);
  const absl::StatusOr<storage::OpenedStorage> opened =
      storage::MemberStorage::Open(member->disk(), fuzz::kDirectory,
                                   fuzz::Options());
  if (opened.ok()) {
    fuzz::CheckAllIsThere(*opened, member->acknowledged());
  } else {
    fuzz::CheckRefusal(opened.status());
  }
  return 0;
}
