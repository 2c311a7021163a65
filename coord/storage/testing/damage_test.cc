// Damages a member's directory in every way that is cheap to enumerate: each
// must be found, with its file, or be provably harmless (the member finds all
// that was acknowledged). Nothing may crash or pass in silence.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "coord/base/seeded_random.h"
#include "coord/storage/file_system.h"
#include "coord/storage/storage_error.h"
#include "coord/storage/testing/fault_file_system.h"
#include "coord/storage/testing/storage_workload.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace quorate::storage {
namespace {

class DamageTest : public testing::Test {
 protected:
  DamageTest() : seed_(TestSeed()), random_(seed_), disk_(seed_) {}

  // A life that leaves several segments and a snapshot.
  void SetUp() override {
    ASSERT_TRUE(life_.Run(160).ok());
    ASSERT_TRUE(life_.Grow(40).ok());
    ASSERT_TRUE(life_.Finish().ok());
    life_.Close();
    Save();
    ASSERT_GE(Segments().size(), 3u);
  }

  void Save() {
    saved_.clear();
    const absl::StatusOr<std::vector<std::string>> names = disk_.List("member");
    ASSERT_TRUE(names.ok());
    for (const std::string& name : *names) {
      const std::string path = JoinPath("member", name);
      saved_[path] = disk_.Content(path);
    }
  }

  void Restore() {
    const absl::StatusOr<std::vector<std::string>> names = disk_.List("member");
    ASSERT_TRUE(names.ok());
    for (const std::string& name : *names) {
      const std::string path = JoinPath("member", name);
      if (!saved_.contains(path)) {
        ASSERT_TRUE(disk_.Remove(path).ok());
      }
    }
    for (const auto& [path, content] : saved_) disk_.SetContent(path, content);
  }

  std::vector<std::string> Segments() const {
    std::vector<std::string> paths;
    for (const auto& [path, content] : saved_) {
      if (absl::StartsWith(path, "member/log-")) paths.push_back(path);
    }
    return paths;
  }

  // Restarts on the damaged disk; true if the damage was found.
  bool Found(const std::string& what) {
    const absl::Status status = life_.Restart();
    life_.Close();
    last_ = StorageErrorOf(status);
    if (status.ok()) return false;
    EXPECT_EQ(last_.kind, StorageErrorKind::kDamaged) << what << ": " << status;
    EXPECT_NE(last_.file, "") << what << ": " << status;
    return true;
  }

  const uint64_t seed_;
  SeededRandom random_;
  FaultFileSystem disk_;
  StorageWorkload life_{disk_, seed_};
  std::map<std::string, std::string> saved_;
  StorageError last_;
};

TEST_F(DamageTest, AFlippedBitInEachByte) {
  std::map<std::string, uint64_t> harmless;
  for (const auto& [path, content] : saved_) {
    for (uint64_t at = 0; at < content.size(); ++at) {
      disk_.FlipBit(path, at, static_cast<int>(random_.Below(8)));
      if (Found(absl::StrCat(path, " byte ", at))) {
        EXPECT_EQ(last_.file, path);
        if (absl::StartsWith(path, "member/log-")) {
          EXPECT_EQ(last_.offset / kSectorBytes, at / kSectorBytes);
        }
      } else {
        ++harmless[path];
      }
      Restore();
    }
  }
  // Only what is never read: the space between the slots of the hard state.
  EXPECT_EQ(harmless.size(), 1u);
  EXPECT_EQ(harmless["member/state"], 8192u - 2 * kSectorBytes);
}

TEST_F(DamageTest, AFileThatEndsAtEachOffset) {
  for (const auto& [path, content] : saved_) {
    for (uint64_t size = 0; size < content.size(); ++size) {
      disk_.SetContent(path, content.substr(0, size));
      const bool found = Found(absl::StrCat(path, " ends at ", size));
      const bool cut_padding =
          path == "member/state" && size >= 4096 + kSectorBytes;
      EXPECT_EQ(found, !cut_padding) << path << " ends at " << size;
      Restore();
    }
  }
}

TEST_F(DamageTest, AFileThatHasGrown) {
  for (const auto& [path, content] : saved_) {
    if (path == "member/lock" || path == "member/state") continue;
    disk_.SetContent(path, content + std::string(512, '\0'));
    EXPECT_TRUE(Found(path));
    Restore();
  }
}

TEST_F(DamageTest, AnySectorZeroedOrReplacedByAnother) {
  const std::vector<std::string> segments = Segments();
  for (const std::string& path : segments) {
    const std::string& content = saved_[path];
    for (uint64_t at = 0; at < content.size(); at += kSectorBytes) {
      const std::string sector = content.substr(at, kSectorBytes);
      std::string other(kSectorBytes, '\0');
      for (int i = 0; i < 8; ++i) {
        std::string changed = content;
        changed.replace(at, kSectorBytes, other);
        disk_.SetContent(path, changed);
        // The frame of Settle() is the only one that may go: it is empty.
        const bool found = Found(absl::StrCat(path, " sector at ", at));
        const bool is_last_frame =
            path == segments.back() &&
            content.find_first_not_of('\0', at + kSectorBytes) ==
                std::string::npos;
        if (other != sector && !is_last_frame) {
          EXPECT_TRUE(found) << path << " sector at " << at;
        }
        Restore();
        const std::string& from =
            saved_[segments[random_.Below(segments.size())]];
        other = from.substr(
            random_.Below(from.size() / kSectorBytes) * kSectorBytes,
            kSectorBytes);
      }
    }
  }
}

TEST_F(DamageTest, SegmentsRemoved) {
  const std::vector<std::string> segments = Segments();
  for (size_t i = 0; i < segments.size(); ++i) {
    ASSERT_TRUE(disk_.Remove(segments[i]).ok());
    // Without the first the snapshot may cover what it held.
    EXPECT_TRUE(Found(segments[i]) || i == 0);
    Restore();
    for (size_t j = 0; j <= i; ++j) ASSERT_TRUE(disk_.Remove(segments[j]).ok());
    EXPECT_TRUE(Found(segments[i]) || i + 1 < segments.size());
    Restore();
  }
}

TEST_F(DamageTest, SegmentsSwappedCopiedAndRenamed) {
  const std::vector<std::string> segments = Segments();
  for (const std::string& a : segments) {
    for (const std::string& b : segments) {
      if (a == b) continue;
      disk_.SetContent(a, saved_[b]);
      EXPECT_TRUE(Found("copied")) << b << " over " << a;
      disk_.SetContent(b, saved_[a]);
      EXPECT_TRUE(Found("swapped")) << b << " and " << a;
      Restore();
    }
    // As one more than there are.
    std::string next = segments.back();
    next.back() = static_cast<char>(next.back() == '9' ? 'a' : next.back() + 1);
    disk_.SetContent(next, saved_[a]);
    EXPECT_TRUE(Found("duplicated")) << a << " as " << next;
    Restore();
  }
}

// Of a snapshot see MemberStorageTest.ASnapshotThatTheLogNeedsIsMissed.
TEST_F(DamageTest, TheHardStateRemoved) {
  ASSERT_TRUE(disk_.Remove("member/state").ok());
  EXPECT_TRUE(Found("member/state"));
}

TEST_F(DamageTest, GarbageOfAnySizeInAnyFile) {
  for (const auto& [path, content] : saved_) {
    if (path == "member/lock") continue;
    for (int i = 0; i < 50; ++i) {
      std::string garbage(random_.Below(2 * content.size() + 1), '\0');
      for (char& byte : garbage) byte = static_cast<char>(random_.Next());
      disk_.SetContent(path, garbage);
      EXPECT_TRUE(Found(path));
      Restore();
    }
  }
}

}  // namespace
}  // namespace quorate::storage
