#include "coord/replica/read_batches.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "coord/consensus/zxid.h"
#include "coord/replica/client_message.h"
#include "gtest/gtest.h"

namespace quorate::replica {
namespace {

using consensus::Zxid;
using Ids = std::vector<ConnectionId>;

TEST(ReadBatches, ShareOneQuestion) {
  ReadBatches reads;
  const uint64_t first = reads.Join(ConnectionId{1});
  EXPECT_EQ(reads.Join(ConnectionId{2}), first);
  EXPECT_TRUE(reads.HasNew());
  EXPECT_EQ(reads.TakeNew(), first);
  EXPECT_FALSE(reads.HasNew());
  EXPECT_EQ(reads.TakeNew(), std::nullopt);
  EXPECT_GT(reads.Join(ConnectionId{1}), first);
}

TEST(ReadBatches, AreReadyOnceTheirZxidIsApplied) {
  ReadBatches reads;
  const uint64_t token = reads.Join(ConnectionId{1});
  reads.TakeNew();
  EXPECT_EQ(reads.TakeReady(Zxid(9, 9)), Ids());
  reads.Answer({token, true, Zxid(1, 5)});
  EXPECT_EQ(reads.TakeReady(Zxid(1, 4)), Ids());
  EXPECT_FALSE(reads.IsReady(token));
  EXPECT_EQ(reads.TakeReady(Zxid(1, 5)), Ids{ConnectionId{1}});
  EXPECT_TRUE(reads.IsReady(token));
  EXPECT_EQ(reads.size(), 0u);
}

TEST(ReadBatches, ALaterAnswerServesEarlierReads) {
  ReadBatches reads;
  const uint64_t first = reads.Join(ConnectionId{1});
  reads.TakeNew();
  const uint64_t second = reads.Join(ConnectionId{2});
  reads.TakeNew();
  const uint64_t third = reads.Join(ConnectionId{3});
  reads.TakeNew();
  reads.Answer({second, true, Zxid(1, 5)});
  EXPECT_EQ(reads.TakeReady(Zxid(1, 5)),
            (Ids{ConnectionId{1}, ConnectionId{2}}));
  EXPECT_TRUE(reads.IsReady(first));
  EXPECT_FALSE(reads.IsReady(third));
  reads.Answer({first, true, Zxid(1, 9)});  // late: nothing happens
  EXPECT_EQ(reads.size(), 1u);
}

TEST(ReadBatches, ThatFailJoinTheNext) {
  ReadBatches reads;
  const uint64_t first = reads.Join(ConnectionId{1});
  reads.TakeNew();
  reads.Answer({first, false, Zxid()});
  EXPECT_EQ(reads.TakeReady(Zxid(9, 9)), Ids());
  EXPECT_FALSE(reads.HasNew());
  reads.Retry();
  const auto second = reads.TakeNew();
  ASSERT_TRUE(second.has_value());
  reads.Answer({*second, true, Zxid(1, 5)});
  EXPECT_EQ(reads.TakeReady(Zxid(1, 5)), Ids{ConnectionId{1}});
  EXPECT_TRUE(reads.IsReady(first));
}

}  // namespace
}  // namespace quorate::replica
