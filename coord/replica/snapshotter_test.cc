#include "coord/replica/snapshotter.h"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/configuration_history.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/output.h"
#include "coord/replica/record_codec.h"
#include "coord/tree/acl.h"
#include "coord/tree/snapshot.h"
#include "coord/tree/state_machine.h"
#include "coord/tree/txn.h"
#include "gtest/gtest.h"

namespace quorate::replica {
namespace {

using consensus::Zxid;

consensus::ConfigurationHistory::Entry ConfigurationOf() {
  consensus::Member member;
  member.id = MemberId{1};
  member.incarnation = Incarnation{2};
  member.address = "here";
  member.voter = true;
  return {Zxid(0, 1),
          std::make_shared<const consensus::Configuration>(
              consensus::Configuration::Found({3, 4}, {member}, {}))};
}

void Fill(tree::StateMachine& state, uint32_t first, uint32_t count) {
  for (uint32_t i = first; i < first + count; ++i) {
    tree::Txn txn;
    txn.body = tree::CreateTxn{absl::StrCat("/n", i), std::string(100, 'x'),
                               tree::OpenAcl(), 0};
    ASSERT_TRUE(state.Apply(Zxid(1, i), txn).ok());
  }
}

TEST(Snapshotter, MakesTheStateAsItWasInBoundedPieces) {
  tree::StateMachine state;
  Fill(state, 1, 100);
  const tree::Digest digest = state.digest();
  Snapshotter snapshotter(1'000);
  std::vector<Job> jobs;
  snapshotter.Begin(state, ConfigurationOf(), jobs);
  EXPECT_FALSE(snapshotter.IsIdle());
  for (int i = 0; i < 10; ++i) snapshotter.MakePiece(jobs);
  EXPECT_EQ(jobs.size(), 1 + Snapshotter::kMaxInFlight);
  Fill(state, 101, 50);  // the state goes on
  EXPECT_FALSE(snapshotter.Published(Zxid(1, 100), 5).has_value());  // not yet

  tree::SnapshotLoader loader;
  bool finished = false;
  size_t next = 0;
  while (!finished) {
    ASSERT_LT(next, jobs.size());
    const Job job = std::move(jobs[next++]);
    if (const auto* piece = std::get_if<SnapshotPiece>(&job)) {
      EXPECT_EQ(piece->zxid, Zxid(1, 100));
      EXPECT_LE(piece->data.size(), 1'400u);
      ASSERT_TRUE(loader.Append(piece->data).ok());
      snapshotter.PieceWritten();
      snapshotter.MakePiece(jobs);
    } else if (const auto* finish = std::get_if<SnapshotFinish>(&job)) {
      const auto meta = DecodeSnapshotMeta(Zxid(1, 100), 5, finish->meta);
      ASSERT_TRUE(meta.ok());
      EXPECT_EQ(meta->configuration_zxid, Zxid(0, 1));
      finished = true;
    }
  }
  auto loaded = loader.Finish();
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ((*loaded)->digest(), digest);

  EXPECT_FALSE(snapshotter.Published(Zxid(1, 99), 5).has_value());
  const auto meta = snapshotter.Published(Zxid(1, 100), 5);
  ASSERT_TRUE(meta.has_value());
  EXPECT_EQ(meta->size_bytes, 5u);
  EXPECT_TRUE(snapshotter.IsIdle());
}

TEST(Snapshotter, IsGivenUp) {
  tree::StateMachine state;
  Fill(state, 1, 100);
  Snapshotter snapshotter(1'000);
  std::vector<Job> jobs;
  snapshotter.Abandon(jobs);
  EXPECT_TRUE(jobs.empty());
  EXPECT_FALSE(snapshotter.Failed());
  snapshotter.Begin(state, ConfigurationOf(), jobs);
  snapshotter.Abandon(jobs);
  EXPECT_TRUE(std::holds_alternative<SnapshotAbandon>(jobs.back()));
  EXPECT_TRUE(snapshotter.IsIdle());
  snapshotter.PieceWritten();  // late
  snapshotter.Begin(state, ConfigurationOf(), jobs);
  EXPECT_TRUE(snapshotter.Failed());
  EXPECT_TRUE(snapshotter.IsIdle());
}

}  // namespace
}  // namespace quorate::replica
