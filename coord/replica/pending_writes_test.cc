#include "coord/replica/pending_writes.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "coord/replica/client_message.h"
#include "coord/replica/peer_message.h"
#include "coord/tree/request.h"
#include "coord/tree/session_id.h"
#include "gtest/gtest.h"

namespace quorate::replica {
namespace {

ForwardedRequest RequestOf(int64_t session, int64_t request_id) {
  ForwardedRequest request;
  request.session = tree::SessionId{session};
  request.request_id = request_id;
  request.body = tree::DeleteRequest{"/a"};
  return request;
}

WriteKey Key(int64_t session, int64_t request_id) {
  return {tree::SessionId{session}, request_id, ""};
}

// What is to be sent now: "1/1 1/2".
std::string SendAll(PendingWrites& writes, int64_t now_ms) {
  std::string text;
  while (const PendingWrites::Write* write = writes.NextToSend(now_ms)) {
    absl::StrAppend(&text, text.empty() ? "" : " ",
                    write->request.session.value, "/",
                    write->request.request_id);
  }
  return text;
}

TEST(PendingWrites, AreSentOnceInOrder) {
  PendingWrites writes;
  EXPECT_TRUE(writes.Add(ConnectionId{7}, RequestOf(1, 1)));
  EXPECT_TRUE(writes.Add(ConnectionId{8}, RequestOf(2, 1)));
  EXPECT_TRUE(writes.Add(ConnectionId{7}, RequestOf(1, 2)));
  EXPECT_FALSE(writes.Add(ConnectionId{7}, RequestOf(1, 2)));
  EXPECT_EQ(SendAll(writes, 0), "1/1 2/1 1/2");
  EXPECT_FALSE(writes.HasUnsent());
  EXPECT_EQ(writes.Take(Key(1, 1)), ConnectionId{7});
  EXPECT_TRUE(writes.Take(Key(1, 1)).IsNone());
  EXPECT_EQ(writes.size(), 2u);
}

TEST(PendingWrites, AreSentAgainToANewLeader) {
  PendingWrites writes;
  writes.Add(ConnectionId{7}, RequestOf(1, 1));
  writes.Add(ConnectionId{7}, RequestOf(1, 2));
  SendAll(writes, 0);
  writes.Add(ConnectionId{7}, RequestOf(1, 3));
  writes.Take(Key(1, 1));
  writes.SendAllAgain();
  EXPECT_EQ(SendAll(writes, 10), "1/2 1/3");
}

TEST(PendingWrites, AreSentAgainWhenNothingIsHeardOfThem) {
  PendingWrites writes;
  writes.Add(ConnectionId{7}, RequestOf(1, 1));
  SendAll(writes, 0);
  writes.Add(ConnectionId{7}, RequestOf(1, 2));
  SendAll(writes, 300);
  writes.Tick(499, 500);
  EXPECT_EQ(SendAll(writes, 499), "");
  writes.Tick(500, 500);
  EXPECT_EQ(SendAll(writes, 500), "1/1");
  writes.Tick(799, 500);
  EXPECT_EQ(SendAll(writes, 799), "");
  writes.Tick(800, 500);
  EXPECT_EQ(SendAll(writes, 800), "1/2");
  writes.Tick(1'000, 500);
  EXPECT_EQ(SendAll(writes, 1'000), "1/1");
}

TEST(PendingWrites, ThatAreDeferredWaitForTheNextTick) {
  PendingWrites writes;
  writes.Add(ConnectionId{7}, RequestOf(1, 1));
  writes.Add(ConnectionId{7}, RequestOf(1, 2));
  SendAll(writes, 0);
  writes.Defer(Key(1, 2));
  writes.Defer(Key(1, 9));  // not here
  EXPECT_FALSE(writes.HasUnsent());
  writes.Tick(50, 500);
  EXPECT_EQ(SendAll(writes, 50), "1/2");
  writes.Defer(Key(1, 2));
  writes.Take(Key(1, 2));
  writes.Tick(100, 500);
  EXPECT_EQ(SendAll(writes, 100), "");
}

TEST(PendingWrites, KnowANewSessionByItsPassword) {
  PendingWrites writes;
  ForwardedRequest open;
  open.attachment = 5;
  open.body = tree::CreateSessionRequest{1'000, "0123456789abcdef"};
  EXPECT_TRUE(writes.Add(ConnectionId{7}, open));
  EXPECT_FALSE(writes.Add(ConnectionId{8}, open));
  const WriteKey key{tree::SessionId(), 0, "0123456789abcdef"};
  ASSERT_NE(writes.Find(key), nullptr);
  EXPECT_FALSE(writes.Find(key)->was_sent);
  SendAll(writes, 0);
  EXPECT_TRUE(writes.Find(key)->was_sent);
  EXPECT_EQ(writes.Take(key), ConnectionId{7});
}

}  // namespace
}  // namespace quorate::replica
