#include "coord/consensus/read_queue.h"

#include <cstdint>
#include <vector>

#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"

namespace quorate::consensus {
namespace {

std::vector<uint64_t> Tokens(const std::vector<ReadQueue::Read>& reads) {
  std::vector<uint64_t> tokens;
  for (const ReadQueue::Read& read : reads) tokens.push_back(read.token);
  return tokens;
}

using Numbers = std::vector<uint64_t>;

TEST(ReadQueueTest, ManyReadsShareARound) {
  ReadQueue queue;
  EXPECT_FALSE(queue.WantsRound());
  queue.Add(MemberId(), 1, Zxid(1, 5));
  queue.Add({2}, 7, Zxid(1, 6));
  EXPECT_TRUE(queue.WantsRound());
  EXPECT_EQ(queue.StartRound(), 1u);
  EXPECT_FALSE(queue.WantsRound());
  const std::vector<ReadQueue::Read> confirmed = queue.Confirm(1);
  EXPECT_EQ(Tokens(confirmed), Numbers({1, 7}));
  EXPECT_TRUE(confirmed[0].from.IsNone());
  EXPECT_EQ(confirmed[0].zxid, Zxid(1, 5));
  EXPECT_EQ(confirmed[1].from, MemberId{2});
  EXPECT_EQ(queue.size(), 0u);
}

TEST(ReadQueueTest, RoundThatBeganBeforeTheReadDoesNotConfirmIt) {
  ReadQueue queue;
  queue.Add(MemberId(), 1, Zxid(1, 5));
  queue.StartRound();
  queue.Add(MemberId(), 2, Zxid(1, 6));
  EXPECT_TRUE(queue.WantsRound());
  EXPECT_EQ(Tokens(queue.Confirm(1)), Numbers({1}));
  EXPECT_EQ(queue.size(), 1u);
  EXPECT_EQ(queue.StartRound(), 2u);
  EXPECT_EQ(Tokens(queue.Confirm(2)), Numbers({2}));
}

TEST(ReadQueueTest, LaterRoundConfirmsEarlierReads) {
  ReadQueue queue;
  for (uint64_t token = 1; token <= 3; ++token) {
    queue.Add(MemberId(), token, Zxid(1, 5));
    queue.StartRound();
  }
  EXPECT_EQ(Tokens(queue.Confirm(2)), Numbers({1, 2}));
  EXPECT_TRUE(queue.Confirm(2).empty());
  EXPECT_EQ(Tokens(queue.Confirm(3)), Numbers({3}));
}

TEST(ReadQueueTest, RoundThatNeverBeganConfirmsNothing) {
  ReadQueue queue;
  queue.Add(MemberId(), 1, Zxid(1, 5));
  EXPECT_TRUE(queue.Confirm(1).empty());
  EXPECT_TRUE(queue.Confirm(UINT64_MAX).empty());
  queue.StartRound();
  queue.Add(MemberId(), 2, Zxid(1, 5));
  EXPECT_EQ(Tokens(queue.Confirm(9)), Numbers({1}));
}

TEST(ReadQueueTest, EndOfLeadershipTakesAll) {
  ReadQueue queue;
  queue.Add(MemberId(), 1, Zxid(1, 5));
  queue.StartRound();
  queue.Add(MemberId(), 2, Zxid(1, 5));
  EXPECT_EQ(Tokens(queue.TakeAll()), Numbers({1, 2}));
  EXPECT_EQ(queue.size(), 0u);
  EXPECT_FALSE(queue.WantsRound());
}

}  // namespace
}  // namespace quorate::consensus
