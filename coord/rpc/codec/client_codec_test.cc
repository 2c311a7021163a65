#include "coord/rpc/codec/client_codec.h"

#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/text_format.h>

#include <optional>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "coord/base/seeded_random.h"
#include "coord/replica/client_message.h"
#include "coord/rpc/codec/error.h"
#include "coord/tree/acl.h"
#include "coord/tree/reads.h"
#include "coord/tree/request.h"
#include "coord/tree/watches.h"
#include "gtest/gtest.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::rpc {
namespace {

namespace v1 = coord::v1;

template <typename Proto>
Proto Parse(const std::string& text) {
  Proto proto;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &proto))
      << text;
  return proto;
}

absl::StatusOr<replica::ClientRequest> Request(const std::string& text) {
  auto proto = Parse<v1::Request>(text);
  return TakeRequest(proto);
}

template <typename T>
T Write(const std::string& op) {
  const auto request =
      Request("tag: 5 write { request_id: 9 acked_through: 3 " + op + " }");
  EXPECT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->tag, 5);
  const auto& write = std::get<replica::WriteRequest>(request->body);
  EXPECT_EQ(write.request_id, 9);
  EXPECT_EQ(write.acked_through, 3);
  return std::get<T>(write.body);
}

template <typename T>
T Read(const std::string& query) {
  const auto request = Request("read { local: true " + query + " }");
  EXPECT_TRUE(request.ok()) << request.status();
  const auto& read = std::get<replica::ReadRequest>(request->body);
  EXPECT_TRUE(read.local);
  return std::get<T>(read.query);
}

TEST(ClientCodecTest, EveryWrite) {
  const auto create = Write<tree::CreateRequest>(
      "create { path: '/a' data: 'x' mode: CREATE_MODE_PERSISTENT_WITH_TTL "
      "ttl_ms: 77 acl { entries { permissions: 3 scheme: 'ip' id: '1.2.3.4' } "
      "} }");
  EXPECT_EQ(create.path, "/a");
  EXPECT_EQ(create.data, "x");
  EXPECT_EQ(create.mode, tree::CreateMode::kPersistentWithTtl);
  EXPECT_EQ(create.ttl_ms, 77);
  ASSERT_EQ(create.acl.size(), 1u);
  EXPECT_EQ(create.acl[0].permissions, 3u);
  EXPECT_EQ(create.acl[0].identity.id, "1.2.3.4");
  const auto plain = Write<tree::CreateRequest>("create { path: '/a' }");
  EXPECT_EQ(plain.acl, tree::OpenAcl());
  EXPECT_EQ(plain.ttl_ms, -1);
  EXPECT_TRUE(Write<tree::CreateRequest>("create { acl {} }").acl.empty())
      << "an empty ACL is for the tree to refuse";

  EXPECT_EQ(
      Write<tree::DeleteRequest>("delete { path: '/a' version: 4 }").version,
      4);
  EXPECT_EQ(Write<tree::DeleteRequest>("delete { path: '/a' }").version,
            tree::kAnyVersion);
  EXPECT_EQ(Write<tree::DeleteRequest>("delete { version: 0 }").version, 0);
  EXPECT_EQ(
      Write<tree::DeleteRecursiveRequest>("delete_recursive { path: '/a' }")
          .path,
      "/a");
  const auto set = Write<tree::SetDataRequest>(
      "set_data { path: '/a' data: 'y' version: -1 }");
  EXPECT_EQ(set.data, "y");
  EXPECT_EQ(set.version, tree::kAnyVersion);
  EXPECT_EQ(
      Write<tree::SetAclRequest>("set_acl { path: '/a' version: 2 }").version,
      2);
  EXPECT_EQ(Write<tree::CheckRequest>("check { path: '/c' }").path, "/c");
  EXPECT_EQ(Write<tree::MultiRequest>(
                "multi { ops { create {} } ops { delete {} } "
                "ops { set_data {} } ops { check { path: '/d' } } }")
                .ops.size(),
            4u);
  Write<tree::CloseSessionRequest>("close_session {}");
}

TEST(ClientCodecTest, EveryRead) {
  const auto data = Read<replica::GetData>("get_data { path: '/a' }");
  EXPECT_EQ(data.path, "/a");
  EXPECT_FALSE(data.watch);
  EXPECT_TRUE(Read<replica::Exists>("exists { path: '/a' watch: true }").watch);
  EXPECT_TRUE(Read<replica::GetChildren>("get_children { watch: true }").watch);
  EXPECT_EQ(Read<replica::GetAcl>("get_acl { path: '/a' }").path, "/a");
  EXPECT_EQ(
      Read<replica::CountDescendants>("count_descendants { path: '/' }").path,
      "/");
  EXPECT_EQ(
      Read<replica::GetEphemerals>("get_ephemerals { prefix: '/x' }").prefix,
      "/x");
  const auto multi = Read<replica::MultiRead>(
      "multi_read { ops { get_data { path: '/a' } } "
      "ops { get_children { path: '/b' } } }");
  ASSERT_EQ(multi.ops.size(), 2u);
  EXPECT_EQ(multi.ops[0].kind, tree::ReadOp::Kind::kGetData);
  EXPECT_EQ(multi.ops[1].kind, tree::ReadOp::Kind::kGetChildren);
  EXPECT_EQ(multi.ops[1].path, "/b");
  Read<replica::Sync>("sync {}");
}

TEST(ClientCodecTest, WatchesIdentitiesPings) {
  const auto add = Request(
      "add_watch { path: '/a' kind: WATCH_KIND_RECURSIVE resume_after: 7 }");
  const auto& watch = std::get<replica::AddWatch>(add->body);
  EXPECT_EQ(watch.kind, tree::WatchKind::kRecursive);
  EXPECT_EQ(watch.resume_after->value(), 7u);
  const auto fresh = Request("add_watch { kind: WATCH_KIND_DATA }");
  EXPECT_FALSE(std::get<replica::AddWatch>(fresh->body).resume_after);
  const auto all = Request("remove_watch { path: '/a' }");
  EXPECT_FALSE(std::get<replica::RemoveWatch>(all->body).kind);
  const auto one = Request("remove_watch { kind: WATCH_KIND_CHILD }");
  EXPECT_EQ(std::get<replica::RemoveWatch>(one->body).kind,
            tree::WatchKind::kChild);
  const auto proof =
      Request("add_credential { scheme: 'digest' secret: 'super:test' }");
  EXPECT_EQ(std::get<replica::AddIdentity>(proof->body).identity.id,
            "super:D/InIHSb7yEEbrWz8b9l71RjZJU=");
  const auto ping = Request("ping {}");
  EXPECT_TRUE(std::holds_alternative<replica::Ping>(ping->body));
}

TEST(ClientCodecTest, WhatIsNoRequestIsRefusedAndSaysWhy) {
  const struct {
    const char* text;
    const char* why;
  } kCases[] = {
      {"tag: 3", "request with tag 3: a request is one of"},
      {"write { request_id: 1 }", "a write is one of"},
      {"write { request_id: -1 check {} }", "request_id is not negative"},
      {"write { request_id: 1 acked_through: -2 check {} }",
       "acked_through is not negative; found -2"},
      {"write { check {} }", "numbered from 1"},
      {"write { request_id: 4 acked_through: 4 check {} }",
       "acked_through is below request_id 4"},
      {"write { request_id: 1 delete { version: -2 } }", "found -2"},
      {"write { request_id: 1 set_data { version: -9 } }", "found -9"},
      {"write { request_id: 1 set_acl { version: -9 } }", "found -9"},
      {"write { request_id: 1 check { version: -9 } }", "found -9"},
      {"write { request_id: 1 create { mode: 7 } }", "0 to 6; found 7"},
      {"write { request_id: 1 multi { ops { check {} } ops {} } }",
       "op 1 of a multi: an op of a multi is one of"},
      {"write { request_id: 1 multi { ops { create { mode: 99 } } } }",
       "op 0 of a multi: a create mode"},
      {"read {}", "a read is one of"},
      {"read { multi_read { ops {} } }", "found none of them"},
      {"read { multi_read { ops { get_data { watch: true } } } }",
       "without a watch"},
      {"add_watch { path: '/a' }", "found 0"},
      {"add_watch { kind: 3 }", "found 3"},
      {"remove_watch { kind: 16 }", "found 16"},
      {"add_credential {}", "found \"\""},
      {"add_credential { scheme: 'digest' secret: 'x' }", "user:password"},
  };
  for (const auto& test : kCases) {
    const absl::Status status = Request(test.text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << test.text;
    EXPECT_TRUE(absl::StrContains(status.message(), test.why)) << status;
  }
}

TEST(ClientCodecTest, TooManyOps) {
  v1::Request request;
  request.mutable_write()->set_request_id(1);
  for (int i = 0; i < 4097; ++i) {
    request.mutable_write()->mutable_multi()->add_ops()->mutable_check();
  }
  EXPECT_TRUE(absl::StrContains(TakeRequest(request).status().message(),
                                "at most 4096 ops; found 4097"));
  request.Clear();
  for (int i = 0; i < 4097; ++i) {
    request.mutable_read()->mutable_multi_read()->add_ops()->mutable_get_data();
  }
  EXPECT_FALSE(TakeRequest(request).ok());
}

constexpr char kHello[] = "api_version: 1 password: '0123456789abcdef' ";

absl::StatusOr<replica::Hello> Hello(const std::string& text) {
  auto proto = Parse<v1::Hello>(text);
  return TakeHello(proto, tree::Identity{.scheme = "ip", .id = "10.0.0.7"});
}

TEST(ClientCodecTest, Hello) {
  const auto hello = Hello(
      std::string(kHello) +
      "pin { ensemble_id: '\\0\\0\\0\\0\\0\\0\\0\\1\\0\\0\\0\\0\\0\\0\\0\\2' "
      "highest_zxid: 99 } session_id: 5 timeout_ms: 3000 "
      "credentials { scheme: 'digest' secret: 'super:test' }");
  ASSERT_TRUE(hello.ok()) << hello.status();
  EXPECT_EQ(hello->pin.ensemble, (EnsembleId{.high = 1, .low = 2}));
  EXPECT_EQ(hello->pin.highest_seen.value(), 99u);
  EXPECT_EQ(hello->session.value, 5);
  EXPECT_EQ(hello->password, "0123456789abcdef");
  EXPECT_EQ(hello->timeout_ms, 3000);
  ASSERT_EQ(hello->identities.size(), 2u);
  EXPECT_EQ(hello->identities[0].scheme, "ip");
  EXPECT_EQ(hello->identities[1].scheme, "digest");
  const auto plain = Hello(kHello);
  EXPECT_TRUE(plain->pin.ensemble.IsNone());
  EXPECT_TRUE(plain->session.IsNone());
}

TEST(ClientCodecTest, WhatIsNoHelloIsRefusedAndSaysWhy) {
  const struct {
    std::string text;
    const char* why;
  } kCases[] = {
      {"api_version: 1", "16 random bytes; found 0"},
      {"api_version: 1 password: '0123456789abcdef0'", "found 17"},
      {std::string(kHello) + "session_id: -1", "found -1"},
      {std::string(kHello) + "timeout_ms: -1", "found -1"},
      {std::string(kHello) + "pin { ensemble_id: 'short' }", "found 5"},
      {std::string(kHello) + "credentials { scheme: 'sasl' }", "\"sasl\""},
  };
  for (const auto& test : kCases) {
    const absl::Status status = Hello(test.text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << test.text;
    EXPECT_TRUE(absl::StrContains(status.message(), test.why)) << status;
  }
  std::string many = kHello;
  for (int i = 0; i < 17; ++i) many += "credentials { scheme: 'digest' } ";
  EXPECT_TRUE(absl::StrContains(Hello(many).status().message(), "at most 16"));
  const absl::Status other = Hello("api_version: 2").status();
  EXPECT_EQ(TransportErrorOf(other).kind, "Incompatible");
  EXPECT_EQ(TransportErrorOf(Hello("").status()).kind, "Incompatible");
}

TEST(ClientCodecTest, Calls) {
  auto proto = Parse<v1::CallRequest>(
      "api_version: 1 pin { highest_zxid: 3 } "
      "credentials { scheme: 'digest' secret: 'a:b' } "
      "request { tag: 4 write { create { path: '/a' } } }");
  const auto call = TakeCall(proto, std::nullopt);
  ASSERT_TRUE(call.ok()) << call.status();
  EXPECT_EQ(call->pin.highest_seen.value(), 3u);
  EXPECT_EQ(call->identities.size(), 1u);
  EXPECT_EQ(call->request.tag, 4);
  for (const char* bad :
       {"request { ping {} }", "request {}", "",
        "request { write { request_id: 1 check {} } }",
        "request { write { acked_through: 1 check {} } }",
        "request { write { close_session {} } }",
        "request { read { exists { watch: true } } }",
        "request { add_watch { kind: WATCH_KIND_DATA } }",
        "request { write { check {} } } pin { ensemble_id: 'x' }"}) {
    proto = Parse<v1::CallRequest>(std::string("api_version: 1 ") + bad);
    EXPECT_EQ(TakeCall(proto, std::nullopt).status().code(),
              absl::StatusCode::kInvalidArgument)
        << bad;
  }
}

// Whatever parses is taken or refused; nothing crashes.
TEST(ClientCodecTest, AnyBytes) {
  const google::protobuf::LogSilencer silencer;
  const uint64_t seed = 20261122;
  SCOPED_TRACE(seed);
  SeededRandom random(seed);
  v1::ClientFrame good;
  *good.mutable_hello() = Parse<v1::Hello>(kHello);
  for (const char* text :
       {"write { request_id: 1 multi { ops { create { path: '/a' } } } }",
        "read { get_data { path: '/a' } }", "add_watch { kind: 4 }"}) {
    *good.add_requests() = Parse<v1::Request>(text);
  }
  const std::string bytes = good.SerializeAsString();
  int parsed = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string mutant = bytes.substr(0, random.Below(bytes.size() + 1));
    for (uint64_t flips = random.Below(4); flips > 0 && !mutant.empty();
         --flips) {
      mutant[random.Below(mutant.size())] =
          static_cast<char>(random.Below(256));
    }
    v1::ClientFrame frame;
    if (!frame.ParseFromString(mutant)) continue;
    parsed += 1;
    TakeHello(*frame.mutable_hello(), std::nullopt).status().IgnoreError();
    for (v1::Request& request : *frame.mutable_requests()) {
      TakeRequest(request).status().IgnoreError();
    }
  }
  EXPECT_GT(parsed, 1'000);
}

}  // namespace
}  // namespace quorate::rpc
