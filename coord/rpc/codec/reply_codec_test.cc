#include "coord/rpc/codec/reply_codec.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/client_message.h"
#include "coord/replica/error.h"
#include "coord/tree/error.h"
#include "coord/tree/event.h"
#include "coord/tree/reads.h"
#include "coord/tree/stat.h"
#include "coord/tree/txn_result.h"
#include "coord/tree/watches.h"
#include "gtest/gtest.h"
#include "proto/coord/v1/coord.pb.h"
#include "proto/coord/v1/tree.pb.h"

namespace quorate::rpc {
namespace {

namespace v1 = coord::v1;

using consensus::Zxid;

tree::Stat AnyStat() {
  return {.czxid = Zxid(1, 1),
          .mzxid = Zxid(1, 2),
          .pzxid = Zxid(1, 3),
          .ctime_ms = 4,
          .mtime_ms = 5,
          .version = 6,
          .cversion = 7,
          .aversion = 8,
          .ephemeral_owner = 9,
          .data_length = 10,
          .num_children = 11};
}

void ExpectAnyStat(const v1::Stat& stat) {
  EXPECT_EQ(stat.czxid(), Zxid(1, 1).value());
  EXPECT_EQ(stat.mzxid(), Zxid(1, 2).value());
  EXPECT_EQ(stat.pzxid(), Zxid(1, 3).value());
  EXPECT_EQ(stat.ctime_ms(), 4);
  EXPECT_EQ(stat.mtime_ms(), 5);
  EXPECT_EQ(stat.version(), 6);
  EXPECT_EQ(stat.cversion(), 7);
  EXPECT_EQ(stat.aversion(), 8);
  EXPECT_EQ(stat.ephemeral_owner(), 9);
  EXPECT_EQ(stat.data_length(), 10);
  EXPECT_EQ(stat.num_children(), 11);
}

v1::Reply Encode(replica::Result result) {
  replica::Reply reply;
  reply.tag = 5;
  reply.zxid = Zxid(2, 3);
  reply.result = std::move(result);
  v1::Reply proto;
  PutReply(std::move(reply), proto);
  EXPECT_EQ(proto.tag(), 5);
  EXPECT_EQ(proto.zxid(), Zxid(2, 3).value());
  EXPECT_FALSE(proto.has_error());
  EXPECT_FALSE(proto.not_taken());
  return proto;
}

TEST(ReplyCodecTest, EveryResult) {
  EXPECT_EQ(Encode({}).result_case(), v1::Reply::RESULT_NOT_SET);

  tree::TxnResult op;
  op.path = "/a";
  op.stat = AnyStat();
  tree::TxnResult txn;
  txn.multi = {op, op};
  const v1::Reply write = Encode(txn);
  ASSERT_EQ(write.write().ops_size(), 2);
  EXPECT_EQ(write.write().ops(1).path(), "/a");
  ExpectAnyStat(write.write().ops(1).stat());
  EXPECT_FALSE(write.write().has_stat());

  const v1::Reply data =
      Encode(tree::DataAnswer{.data = "x", .stat = AnyStat()});
  EXPECT_EQ(data.data().data(), "x");
  ExpectAnyStat(data.data().stat());
  ExpectAnyStat(Encode(AnyStat()).stat());
  const v1::Reply children =
      Encode(tree::ChildrenAnswer{.names = {"a", "b"}, .stat = AnyStat()});
  ASSERT_EQ(children.children().names_size(), 2);
  EXPECT_EQ(children.children().names(1), "b");
  const v1::Reply acl = Encode(tree::AclAnswer{
      .acl = {{.permissions = 5, .identity = {.scheme = "s", .id = "i"}}},
      .stat = AnyStat()});
  ASSERT_EQ(acl.acl().acl().entries_size(), 1);
  EXPECT_EQ(acl.acl().acl().entries(0).permissions(), 5u);
  EXPECT_EQ(acl.acl().acl().entries(0).scheme(), "s");
  EXPECT_EQ(acl.acl().acl().entries(0).id(), "i");
  EXPECT_EQ(Encode(uint32_t{7}).count(), 7u);
  EXPECT_EQ(Encode(std::vector<std::string>{"/p"}).paths().paths(0), "/p");
}

TEST(ReplyCodecTest, AMultiReadHasItsOwnErrors) {
  const v1::Reply reply = Encode(std::vector<tree::ReadAnswer>{
      tree::DataAnswer{.data = "x", .stat = {}},
      tree::Error(tree::ErrorCode::kNoNode, "/b"),
      tree::ChildrenAnswer{.names = {"c"}, .stat = {}}});
  ASSERT_EQ(reply.multi_read().answers_size(), 3);
  EXPECT_EQ(reply.multi_read().answers(0).data().data(), "x");
  EXPECT_EQ(reply.multi_read().answers(1).error().kind(), "NoNode");
  EXPECT_EQ(reply.multi_read().answers(2).children().names(0), "c");
}

TEST(ReplyCodecTest, FailedMultisTellOfEachOp) {
  replica::Reply reply;
  reply.status = tree::Error(tree::ErrorCode::kNoNode, "/b");
  reply.not_taken = true;
  tree::TxnResult result;
  result.error = tree::ErrorCode::kNoNode;
  result.multi.resize(3);
  result.multi[1].error = tree::ErrorCode::kNoNode;
  result.multi[2].error = tree::ErrorCode::kRuntimeInconsistency;
  reply.result = result;
  v1::Reply proto;
  PutReply(reply, proto);
  EXPECT_EQ(proto.error().path(), "/b");
  EXPECT_TRUE(proto.not_taken());
  EXPECT_EQ(proto.write().zookeeper_code(), -101);
  ASSERT_EQ(proto.write().ops_size(), 3);
  EXPECT_EQ(proto.write().ops(0).zookeeper_code(), 0);
  EXPECT_EQ(proto.write().ops(1).zookeeper_code(), -101);
  EXPECT_EQ(proto.write().ops(2).zookeeper_code(), -2);
}

TEST(ReplyCodecTest, OtherMessages) {
  v1::ServerMessage proto;
  PutServerMessage(replica::Welcome{.ensemble = {.high = 1, .low = 2},
                                    .member = MemberId{3},
                                    .session = {4},
                                    .timeout_ms = 5,
                                    .zxid = Zxid(6, 7),
                                    .last_request_id = 8,
                                    .max_outstanding = 9,
                                    .max_outstanding_bytes = 10},
                   proto);
  EXPECT_EQ(proto.welcome().ensemble_id().size(), 16u);
  EXPECT_EQ(proto.welcome().member_id(), 3u);
  EXPECT_EQ(proto.welcome().session_id(), 4);
  EXPECT_EQ(proto.welcome().timeout_ms(), 5);
  EXPECT_EQ(proto.welcome().zxid(), Zxid(6, 7).value());
  EXPECT_EQ(proto.welcome().last_request_id(), 8);
  EXPECT_EQ(proto.welcome().max_outstanding(), 9u);
  EXPECT_EQ(proto.welcome().max_outstanding_bytes(), 10u);

  replica::WatchEvent event;
  event.type = tree::EventType::kChildrenChanged;
  event.path = "/a";
  event.zxid = Zxid(1, 2);
  proto.Clear();
  PutServerMessage(event, proto);
  EXPECT_EQ(proto.event().type(), v1::EVENT_TYPE_CHILDREN_CHANGED);
  EXPECT_EQ(proto.event().path(), "/a");
  EXPECT_EQ(proto.event().zxid(), Zxid(1, 2).value());
  EXPECT_EQ(proto.event().kind(), v1::WATCH_KIND_UNSPECIFIED);
  event.gap = true;
  event.kind = tree::WatchKind::kRecursive;
  proto.Clear();
  PutServerMessage(event, proto);
  EXPECT_TRUE(proto.event().gap());
  EXPECT_EQ(proto.event().type(), v1::EVENT_TYPE_UNSPECIFIED);
  EXPECT_EQ(proto.event().kind(), v1::WATCH_KIND_RECURSIVE);

  proto.Clear();
  PutServerMessage(replica::Goodbye{}, proto);
  EXPECT_TRUE(proto.has_goodbye());
  EXPECT_FALSE(proto.goodbye().has_error());
  PutServerMessage(replica::Goodbye{.status = replica::Error(
                                        replica::ErrorKind::kStopped, "x")},
                   proto);
  EXPECT_EQ(proto.goodbye().error().kind(), "Stopped");
}

TEST(ReplyCodecTest, TheSizeFollowsTheBytes) {
  replica::Reply reply;
  const size_t small = SizeOf(replica::ServerMessage(reply));
  reply.result = tree::DataAnswer{.data = std::string(1000, 'x'), .stat = {}};
  EXPECT_GE(SizeOf(replica::ServerMessage(reply)), small + 1000);
  reply.result = std::vector<tree::ReadAnswer>{
      tree::DataAnswer{.data = std::string(500, 'x'), .stat = {}},
      tree::ChildrenAnswer{.names = {std::string(500, 'x')}, .stat = {}}};
  EXPECT_GE(SizeOf(replica::ServerMessage(reply)), small + 1000);
  reply.result = std::vector<std::string>{std::string(1000, 'x')};
  EXPECT_GE(SizeOf(replica::ServerMessage(reply)), small + 1000);
  tree::TxnResult multi;
  multi.multi.resize(10);
  multi.multi[9].path = std::string(1000, 'x');
  reply.result = multi;
  EXPECT_GE(SizeOf(replica::ServerMessage(reply)), small + 1000);
  replica::WatchEvent event;
  event.path = std::string(1000, 'x');
  EXPECT_GE(SizeOf(replica::ServerMessage(event)), 1000u);
}

}  // namespace
}  // namespace quorate::rpc
