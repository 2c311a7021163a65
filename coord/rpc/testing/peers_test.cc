// Members that talk to each other over real gRPC.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/message.h"
#include "coord/replica/options.h"
#include "coord/replica/replica.h"
#include "coord/rpc/server_options.h"
#include "coord/rpc/testing/test_client.h"
#include "coord/rpc/testing/test_member.h"
#include "gtest/gtest.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::rpc {
namespace {

namespace v1 = coord::v1;

class PeersTest : public testing::Test {
 protected:
  // Members 1 to `count`, which have founded an ensemble.
  void Found(uint64_t count, const replica::Options& options = {}) {
    std::map<uint64_t, std::string> founders;
    for (uint64_t id = 1; id <= count; ++id) {
      members_.push_back(std::make_unique<TestMember>(id));
      founders[id] = members_.back()->address();
    }
    for (const auto& member : members_) member->Found(founders, options);
    for (const auto& member : members_) member->AwaitServing();
  }

  TestMember& Leader() {
    for (;;) {
      for (const auto& member : members_) {
        if (member->Ask<bool>([](replica::Replica& replica) {
              return replica.core().IsLeader();
            })) {
          return *member;
        }
      }
    }
  }
  TestMember& Follower() {
    const uint64_t leader = Leader().id();
    return *members_[leader == 1 ? 1 : 0];
  }

  std::vector<std::unique_ptr<TestMember>> members_;
};

TEST_F(PeersTest, AFollowerServesReadsAndWrites) {
  Found(3);
  TestMember& follower = Follower();
  TestStream stream(follower.address());
  EXPECT_EQ(stream.Open().member_id(), follower.id());
  for (int i = 1; i <= 20; ++i) {
    const v1::Reply reply =
        stream.Do(CreateRequest(i, i, absl::StrCat("/n", i), "x"));
    ASSERT_FALSE(reply.has_error()) << reply.error().message();
  }
  const v1::Reply again = stream.Do(CreateRequest(21, 21, "/n1", "x"));
  EXPECT_EQ(again.error().kind(), "NodeExists");
  EXPECT_EQ(again.error().path(), "/n1");
  TestStream other(Leader().address());
  other.Open();
  EXPECT_EQ(other.Do(GetDataRequest(1, "/n20")).data().data(), "x");
  EXPECT_EQ(follower.server().stats().malformed, 0u);
  EXPECT_EQ(Leader().server().stats().malformed, 0u);
  EXPECT_GT(follower.server().stats().peer_batches_in, 0u);
  EXPECT_GT(follower.server().stats().peer_batches_out, 0u);
}

TEST_F(PeersTest, TheOthersGoOnWhenOneIsGone) {
  Found(3);
  const uint64_t gone = Leader().id();
  members_[gone - 1] = nullptr;
  members_.erase(members_.begin() + static_cast<int64_t>(gone - 1));
  TestMember& leader = Leader();
  EXPECT_NE(leader.id(), gone);
  leader.AwaitServing();
  TestStream stream(leader.address());
  stream.Open();
  EXPECT_FALSE(stream.Do(CreateRequest(1, 1, "/a", "x")).has_error());
}

TEST_F(PeersTest, AJoinerGetsASnapshotInPieces) {
  replica::Options options;
  options.core.snapshot_chunk_bytes = 64 << 10;
  options.core.retained_log_bytes = 1;
  Found(1, options);
  TestMember& leader = Leader();
  TestStream stream(leader.address());
  stream.Open();
  for (int i = 1; i <= 4; ++i) {
    const std::string data(300 << 10, static_cast<char>('a' + i));
    const v1::Reply reply =
        stream.Do(CreateRequest(i, i, absl::StrCat("/n", i), data));
    ASSERT_FALSE(reply.has_error()) << reply.error().message();
  }
  ASSERT_TRUE(leader.Ask<bool>(
      [](replica::Replica& replica) { return replica.TakeSnapshot().ok(); }));
  leader.Await([](replica::Replica& replica) {
    return !replica.core().log().base().IsNone();
  });

  members_.push_back(std::make_unique<TestMember>(2));
  TestMember& joiner = *members_.back();
  joiner.Join(leader.address(), options);
  joiner.Await([](replica::Replica& replica) {
    return replica.counters().snapshots_installed == 1 && replica.IsServing();
  });
  EXPECT_EQ(joiner.server().stats().malformed, 0u);
  TestStream reader(joiner.address());
  reader.Open();
  EXPECT_EQ(reader.Do(GetDataRequest(1, "/n4")).data().data(),
            std::string(300 << 10, 'e'));
}

TEST_F(PeersTest, WhatCannotBeSentIsCountedAndDropped) {
  TestMember alone(9);
  const auto send = [&](const std::string& address) {
    consensus::Envelope envelope;
    envelope.ensemble = {.high = 1, .low = 2};
    envelope.from = {.id = MemberId{9}, .incarnation = Incarnation{1}};
    envelope.from_address = alone.address();
    envelope.to = MemberId{1};
    envelope.to_address = address;
    envelope.message = consensus::TransferNow{.epoch = 1};
    std::vector<consensus::Envelope> messages;
    messages.push_back(std::move(envelope));
    alone.server().peers().Send(std::move(messages));
  };
  send("");
  EXPECT_EQ(alone.server().stats().peer_dropped, 1u);
  std::string free_address;
  {
    TestMember other(8);
    free_address = other.address();
  }
  // Nobody listens there.
  send(free_address);
  while (alone.server().stats().peer_dropped < 2) std::this_thread::yield();
  // Once somebody does, it gets through.
  ServerOptions options;
  options.listen_address = free_address;
  TestMember late(8, options);
  while (late.server().stats().peer_batches_in == 0) {
    send(free_address);
    std::this_thread::yield();
  }
  EXPECT_EQ(late.server().stats().malformed, 0u);
}

}  // namespace
}  // namespace quorate::rpc
