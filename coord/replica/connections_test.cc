#include "coord/replica/connections.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "coord/replica/client_message.h"
#include "coord/tree/session_id.h"
#include "gtest/gtest.h"

namespace quorate::replica {
namespace {

using Ids = std::vector<ConnectionId>;

QueuedRequest RequestOf(size_t bytes) {
  QueuedRequest queued;
  queued.bytes = bytes;
  queued.request.body = Ping();
  return queued;
}

TEST(Connections, AreFoundByIdSessionAndAttachment) {
  Connections connections;
  Connection& first = connections.Add(ConnectionId{1});
  first.session = tree::SessionId{10};
  connections.SetAttachment(first, 77);
  EXPECT_EQ(connections.Find(ConnectionId{1}), &first);
  EXPECT_EQ(connections.FindAttachment(77), &first);
  EXPECT_EQ(connections.FindServing(tree::SessionId{10}), nullptr);
  EXPECT_EQ(connections.Connecting(), Ids{ConnectionId{1}});
  connections.StartServing(first);
  EXPECT_EQ(connections.FindServing(tree::SessionId{10}), &first);
  EXPECT_FALSE(connections.HasConnecting());
  connections.Remove(ConnectionId{1});
  EXPECT_EQ(connections.Find(ConnectionId{1}), nullptr);
  EXPECT_EQ(connections.FindAttachment(77), nullptr);
  EXPECT_EQ(connections.FindServing(tree::SessionId{10}), nullptr);
  EXPECT_EQ(connections.size(), 0u);
  connections.Remove(ConnectionId{1});  // gone already
}

// One that waits for the session must not end the one that serves it.
TEST(Connections, TheNextForASessionDoesNotDisplaceTheOneThatServes) {
  Connections connections;
  Connection& first = connections.Add(ConnectionId{1});
  first.session = tree::SessionId{10};
  connections.StartServing(first);
  connections.Add(ConnectionId{2}).session = tree::SessionId{10};
  connections.Remove(ConnectionId{2});
  EXPECT_EQ(connections.FindServing(tree::SessionId{10}), &first);
}

TEST(Connections, AddUpWhatWaits) {
  Connections connections;
  Connection& first = connections.Add(ConnectionId{1});
  Connection& second = connections.Add(ConnectionId{2});
  connections.Push(first, RequestOf(100));
  connections.Push(first, RequestOf(20));
  connections.Push(second, RequestOf(3));
  first.taken_in = 2;
  EXPECT_EQ(connections.queued(), 3u);
  EXPECT_EQ(connections.queued_bytes(), 123u);
  EXPECT_EQ(connections.Busy(), (Ids{ConnectionId{1}, ConnectionId{2}}));
  connections.Pop(first);
  EXPECT_EQ(first.taken_in, 1u);
  EXPECT_EQ(first.queued_bytes, 20u);
  connections.Remove(ConnectionId{2});
  EXPECT_EQ(connections.queued_bytes(), 20u);
  connections.Pop(first);
  EXPECT_EQ(connections.Busy(), Ids());
  EXPECT_EQ(connections.queued(), 0u);
}

}  // namespace
}  // namespace quorate::replica
