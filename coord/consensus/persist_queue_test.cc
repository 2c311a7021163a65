#include "coord/consensus/persist_queue.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "coord/base/ids.h"
#include "coord/consensus/message.h"
#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"

namespace quorate::consensus {
namespace {

Envelope To(uint64_t member) {
  Envelope envelope;
  envelope.to = {member};
  return envelope;
}

std::vector<uint64_t> Receivers(const std::vector<Envelope>& envelopes) {
  std::vector<uint64_t> receivers;
  for (const Envelope& envelope : envelopes) {
    receivers.push_back(envelope.to.value);
  }
  return receivers;
}

PersistQueue::Item LogItem(uint64_t id, Zxid log_end) {
  PersistQueue::Item item;
  item.id = id;
  item.log_end = log_end;
  return item;
}

PersistQueue::Item PromiseItem(uint64_t id, Zxid log_end, Epoch epoch) {
  PersistQueue::Item item = LogItem(id, log_end);
  item.hard_state = true;
  item.accepted_epoch = epoch;
  return item;
}

using Numbers = std::vector<uint64_t>;

TEST(PersistQueueTest, NothingIsDurableBeforeItsSync) {
  PersistQueue queue(Zxid(1, 5), 1);
  queue.Add(LogItem(1, Zxid(1, 7)));
  queue.Add(LogItem(2, Zxid(1, 9)));
  EXPECT_EQ(queue.durable(), Zxid(1, 5));
  queue.Complete(1);
  EXPECT_EQ(queue.durable(), Zxid(1, 7));
  queue.Complete(2);
  EXPECT_EQ(queue.durable(), Zxid(1, 9));
}

TEST(PersistQueueTest, OneSyncMayCoverSeveralItems) {
  PersistQueue queue(Zxid(), 0);
  queue.Add(PromiseItem(1, Zxid(1, 0), 1));
  queue.Add(LogItem(2, Zxid(1, 4)));
  queue.Add(LogItem(3, Zxid(1, 6)));
  queue.Complete(2);
  EXPECT_EQ(queue.durable(), Zxid(1, 4));
  EXPECT_EQ(queue.durable_epoch(), 1u);
}

TEST(PersistQueueTest, UnknownAndRepeatedIdsAreHarmless) {
  PersistQueue queue(Zxid(1, 5), 1);
  queue.Complete(0);
  queue.Complete(9);
  queue.Add(LogItem(3, Zxid(1, 7)));
  queue.Complete(2);  // before it
  EXPECT_EQ(queue.durable(), Zxid(1, 5));
  queue.Complete(4);  // never handed out
  EXPECT_EQ(queue.durable(), Zxid(1, 5));
  queue.Complete(3);
  queue.Complete(3);
  EXPECT_EQ(queue.durable(), Zxid(1, 7));
}

TEST(PersistQueueTest, MessagesWaitForTheNewestHardState) {
  PersistQueue queue(Zxid(), 0);
  Envelope vote = To(2);
  EXPECT_FALSE(queue.Hold(vote)) << "nothing is under way";
  queue.Add(LogItem(1, Zxid(1, 1)));
  EXPECT_FALSE(queue.Hold(vote)) << "only records are under way";
  PersistQueue::Item promise = PromiseItem(2, Zxid(1, 1), 2);
  promise.held = {To(7)};
  queue.Add(promise);
  queue.Add(PromiseItem(3, Zxid(1, 1), 3));
  queue.Add(LogItem(4, Zxid(1, 2)));
  EXPECT_TRUE(queue.Hold(vote));
  EXPECT_TRUE(Receivers(queue.Complete(1)).empty());
  EXPECT_EQ(Receivers(queue.Complete(2)), Numbers({7}));
  EXPECT_EQ(queue.durable_epoch(), 2u);
  EXPECT_EQ(Receivers(queue.Complete(3)), Numbers({2}));
  EXPECT_EQ(queue.durable_epoch(), 3u);
  Envelope late = To(4);
  EXPECT_FALSE(queue.Hold(late));
  EXPECT_EQ(late.to, MemberId{4}) << "it is the caller's still";
}

TEST(PersistQueueTest, ReleasesInOrder) {
  PersistQueue queue(Zxid(), 0);
  queue.Add(PromiseItem(1, Zxid(), 1));
  for (uint64_t member : {5, 6}) {
    Envelope envelope = To(member);
    ASSERT_TRUE(queue.Hold(envelope));
  }
  queue.Add(PromiseItem(2, Zxid(), 2));
  Envelope envelope = To(4);
  ASSERT_TRUE(queue.Hold(envelope));
  EXPECT_EQ(Receivers(queue.Complete(2)), Numbers({5, 6, 4}));
}

TEST(PersistQueueTest, EpochNeverGoesBack) {
  PersistQueue queue(Zxid(), 4);
  queue.Add(LogItem(1, Zxid(1, 0)));  // names no epoch
  queue.Complete(1);
  EXPECT_EQ(queue.durable_epoch(), 4u);
}

TEST(PersistQueueTest, TruncatedPartIsDurableNoMore) {
  PersistQueue queue(Zxid(1, 5), 1);
  queue.LogTruncated(Zxid(1, 3));
  EXPECT_EQ(queue.durable(), Zxid(1, 3));
  queue.LogTruncated(Zxid(1, 4));  // nothing of that is left
  EXPECT_EQ(queue.durable(), Zxid(1, 3));
}

TEST(PersistQueueTest, SyncOfATruncatedPartPromisesNothing) {
  PersistQueue queue(Zxid(1, 2), 1);
  queue.Add(LogItem(1, Zxid(1, 9)));
  queue.LogTruncated(Zxid(1, 3));
  queue.Add(LogItem(2, Zxid(2, 1)));  // written in its place
  queue.Complete(1);
  EXPECT_EQ(queue.durable(), Zxid(1, 3));
  queue.Complete(2);
  EXPECT_EQ(queue.durable(), Zxid(2, 1));
}

TEST(PersistQueueTest, SnapshotReplacesWhatWasDurable) {
  PersistQueue queue(Zxid(1, 9), 1);
  queue.Add(LogItem(1, Zxid(1, 12)));
  queue.LogReset();
  EXPECT_EQ(queue.durable(), Zxid());
  queue.Add(LogItem(2, Zxid(3, 4)));
  queue.Complete(1);
  EXPECT_EQ(queue.durable(), Zxid());
  queue.Complete(2);
  EXPECT_EQ(queue.durable(), Zxid(3, 4));
}

TEST(PersistQueueTest, TellsHowLongTheDiskHasBeenBusy) {
  PersistQueue queue(Zxid(), 0);
  EXPECT_FALSE(queue.oldest_ms().has_value());
  PersistQueue::Item item = LogItem(1, Zxid(1, 0));
  item.since_ms = 100;
  queue.Add(item);
  item.id = 2;
  item.since_ms = 150;
  queue.Add(item);
  EXPECT_EQ(queue.oldest_ms(), 100);
  queue.Complete(1);
  EXPECT_EQ(queue.oldest_ms(), 150);
  queue.Complete(2);
  EXPECT_FALSE(queue.oldest_ms().has_value());
}

TEST(PersistQueueDeathTest, IdsAscend) {
  PersistQueue queue(Zxid(), 0);
  queue.Add(LogItem(2, Zxid(1, 0)));
  EXPECT_DEATH(queue.Add(LogItem(2, Zxid(1, 1))), "check failed");
}

}  // namespace
}  // namespace quorate::consensus
