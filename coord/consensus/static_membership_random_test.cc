// Members with lists drawn at random, restarted, wiped, cut off and written to
// at random: whatever static membership does to the data, no member fails a
// check of its own, and with one list at all of them they come together.

#include <cstdint>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "coord/base/bytes.h"
#include "coord/base/seeded_random.h"
#include "coord/consensus/core.h"
#include "coord/consensus/test_static_ensemble.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace quorate::consensus {
namespace {

constexpr uint64_t kMembers = 7;
constexpr int kRuns = 60;
constexpr int kSteps = 120;

class Chaos {
 public:
  // `wipes`: disks are lost, too, and with them the promise that an epoch has
  // one leader.
  Chaos(uint64_t seed, bool wipes)
      : random_(seed), wipes_(wipes), ensemble_(seed) {
    for (uint64_t id = 1; id <= kMembers; ++id) StartAtRandom(id);
  }

  void Step() {
    const uint64_t id = 1 + random_.Below(kMembers);
    const uint64_t other = 1 + random_.Below(kMembers);
    switch (random_.Below(10)) {
      case 0:
        StartAtRandom(id);
        break;
      case 1:
        ensemble_.Kill(id);
        break;
      case 2:
        if (id != other) ensemble_.Cut(id, other, random_.Below(2) == 0);
        break;
      case 3:
        if (wipes_ && random_.Below(3) == 0) ensemble_.Wipe(id);
        break;
      case 4:
        SnapshotAt(id);
        break;
      default:
        WriteEverywhere();
    }
    ensemble_.Run(random_.Between(0, 1500));
  }

  // One list, and no more faults.
  void ExpectTheyComeTogether() {
    ensemble_.HealAll();
    for (uint64_t id = 1; id <= kMembers; ++id) {
      ensemble_.Start(id, StaticList(all_));
    }
    const uint64_t leader = ensemble_.AwaitLeader(all_);
    ASSERT_NE(leader, 0u);
    if (wipes_) return;
    ensemble_.Run(20'000);
    const uint64_t last = ensemble_.AwaitLeader(all_);
    ASSERT_NE(last, 0u);
    ASSERT_TRUE(ensemble_.Write(last, "together"));
    ensemble_.Run(2000);
    for (uint64_t id : all_) {
      ASSERT_EQ(ensemble_.StateOf(id), ensemble_.StateOf(last)) << id;
    }
  }

 private:
  void StartAtRandom(uint64_t id) {
    std::set<uint64_t> list = {id};
    for (uint64_t other = 1; other <= kMembers; ++other) {
      if (random_.Below(3) > 0) list.insert(other);
    }
    ensemble_.Start(id, StaticList(list));
  }

  void SnapshotAt(uint64_t id) {
    if (!ensemble_.Runs(id)) return;
    const Core& core = ensemble_.At(id);
    const bool news =
        !core.snapshot().has_value() || core.snapshot()->zxid < core.applied();
    if (news && !core.applied().IsNone()) ensemble_.TakeSnapshot(id);
  }

  void WriteEverywhere() {
    for (uint64_t id = 1; id <= kMembers; ++id) {
      if (!ensemble_.Runs(id) || !ensemble_.At(id).IsLeader()) continue;
      ensemble_.At(id)
          .Propose(MakeBytes(absl::StrCat(++writes_)))
          .status()
          .IgnoreError();
    }
  }

  SeededRandom random_;
  const bool wipes_;
  StaticEnsemble ensemble_;
  uint64_t writes_ = 0;
  const std::set<uint64_t> all_ = {1, 2, 3, 4, 5, 6, 7};
};

void RunAll(bool wipes) {
  SeededRandom seeds(TestSeed());
  for (int run = 0; run < kRuns; ++run) {
    const uint64_t seed = seeds.Next();
    SCOPED_TRACE(absl::StrCat("run ", run, ", seed ", seed));
    Chaos chaos(seed, wipes);
    for (int step = 0; step < kSteps; ++step) chaos.Step();
    chaos.ExpectTheyComeTogether();
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(StaticMembershipRandomTest, ListsAndFaults) { RunAll(false); }

TEST(StaticMembershipRandomTest, LostDisksToo) { RunAll(true); }

}  // namespace
}  // namespace quorate::consensus
