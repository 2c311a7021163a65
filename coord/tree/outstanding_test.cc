#include "coord/tree/outstanding.h"

#include <cstdint>
#include <string>
#include <vector>

#include "coord/tree/node_kind.h"
#include "coord/tree/test_member.h"
#include "gtest/gtest.h"

namespace quorate::tree {
namespace {

using Mode = CreateMode;

constexpr char kNul[] = {'/', 'a', '\0', 'b'};

CreateRequest WithAcl(std::string path, Acl acl) {
  CreateRequest create = MakeCreate(std::move(path));
  create.acl = std::move(acl);
  return create;
}

CreateRequest WithTtl(std::string path, Mode mode, int64_t ttl_ms) {
  CreateRequest create = MakeCreate(std::move(path), "", mode);
  create.ttl_ms = ttl_ms;
  return create;
}

Acl World(uint32_t permissions) { return {{permissions, {"world", "anyone"}}}; }

// /p with children, /p/c and /p/d; an ephemeral /e; /no_acl that grants
// nothing; /v, whose data were set twice; containers and TTL nodes.
class OutstandingTest : public testing::Test {
 protected:
  OutstandingTest() {
    member_.Create("/p");
    member_.Create("/p/c");
    member_.Create("/p/d");
    member_.Create("/e", "", Mode::kEphemeral);
    member_.Ask(WithAcl("/no_acl", World(0)));
    member_.Create("/v");
    member_.Set("/v", "1");
    member_.Set("/v", "2");
    member_.Create("/container", "", Mode::kContainer);
    member_.Create("/ttl", "", Mode::kPersistentWithTtl);
  }

  struct Case {
    const char* name;
    RequestBody body;
    ErrorCode error;
  };

  // Asks one after the other.
  void ExpectErrors(const std::vector<Case>& cases) {
    for (const Case& each : cases) {
      const auto answer = member_.Ask(each.body);
      EXPECT_EQ(answer.error(), each.error)
          << each.name << ": " << answer.status;
    }
  }

  TestMember member_;
};

TEST_F(OutstandingTest, CreatesAsZooKeeperDoes) {
  ExpectErrors({
      {"create", MakeCreate("/new"), ErrorCode::kOk},
      {"create exists", MakeCreate("/p"), ErrorCode::kNodeExists},
      {"create root", MakeCreate("/"), ErrorCode::kNodeExists},
      {"create orphan", MakeCreate("/x/y"), ErrorCode::kNoNode},
      {"create empty path", MakeCreate(""), ErrorCode::kBadArguments},
      {"create relative", MakeCreate("x"), ErrorCode::kBadArguments},
      {"create relative below", MakeCreate("x/y"), ErrorCode::kNoNode},
      {"create null", MakeCreate(std::string(kNul, 4)),
       ErrorCode::kBadArguments},
      {"create slash at end", MakeCreate("/other/"), ErrorCode::kNoNode},
      {"create slash at end of old", MakeCreate("/p/"),
       ErrorCode::kBadArguments},
      {"create dots", MakeCreate("/p/.."), ErrorCode::kBadArguments},
      {"create control", MakeCreate("/p/\x01"), ErrorCode::kBadArguments},
      {"create long", MakeCreate("/" + std::string(5000, 'x')),
       ErrorCode::kBadArguments},
      {"create big", MakeCreate("/new", std::string(0xfffff, 'x')),
       ErrorCode::kBadArguments},
      {"create below ephemeral", MakeCreate("/e/x"),
       ErrorCode::kNoChildrenForEphemerals},
      {"create below ttl", MakeCreate("/ttl/x"), ErrorCode::kOk},
      {"create no permission", MakeCreate("/no_acl/x"), ErrorCode::kNoAuth},
      {"create without acl", WithAcl("/new2", {}), ErrorCode::kInvalidAcl},
      {"create unknown scheme", WithAcl("/new2", {{31, {"x509", "me"}}}),
       ErrorCode::kInvalidAcl},
      {"create auth by nobody", WithAcl("/new2", {{31, {"auth", ""}}}),
       ErrorCode::kInvalidAcl},
      {"acl is looked at before the parent", WithAcl("/x/y", {}),
       ErrorCode::kInvalidAcl},
      {"permission before existence", WithAcl("/no_acl/x", World(31)),
       ErrorCode::kNoAuth},
      {"ttl of nothing", WithTtl("/t", Mode::kPersistentWithTtl, 0),
       ErrorCode::kBadArguments},
      {"ttl too long", WithTtl("/t", Mode::kPersistentWithTtl, kMaxTtlMs + 1),
       ErrorCode::kBadArguments},
      {"ttl longest", WithTtl("/t", Mode::kPersistentWithTtl, kMaxTtlMs),
       ErrorCode::kOk},
      {"ttl with another mode", WithTtl("/t2", Mode::kPersistent, 5),
       ErrorCode::kBadArguments},
  });
}

TEST_F(OutstandingTest, ChangesAndDeletesAsZooKeeperDoes) {
  member_.Create("/ttl/x");
  ExpectErrors({
      {"delete", DeleteRequest{"/p/d"}, ErrorCode::kOk},
      {"delete again", DeleteRequest{"/p/d"}, ErrorCode::kNoNode},
      {"delete with children", DeleteRequest{"/p"}, ErrorCode::kNotEmpty},
      {"delete orphan", DeleteRequest{"/x/y"}, ErrorCode::kNoNode},
      {"delete root", DeleteRequest{"/"}, ErrorCode::kBadArguments},
      {"delete system", DeleteRequest{"/zookeeper"}, ErrorCode::kBadArguments},
      {"delete quota", DeleteRequest{"/zookeeper/quota"},
       ErrorCode::kBadArguments},
      {"delete config", DeleteRequest{"/zookeeper/config"},
       ErrorCode::kBadArguments},
      {"delete relative", DeleteRequest{"x"}, ErrorCode::kBadArguments},
      {"delete old version", DeleteRequest{"/v", 1}, ErrorCode::kBadVersion},
      {"version before children", DeleteRequest{"/p", 7},
       ErrorCode::kBadVersion},
      {"set", SetDataRequest{"/v", "3", 2}, ErrorCode::kOk},
      {"set old version", SetDataRequest{"/v", "3", 2}, ErrorCode::kBadVersion},
      {"set missing", SetDataRequest{"/x", ""}, ErrorCode::kNoNode},
      {"set bad path", SetDataRequest{"/x/", ""}, ErrorCode::kBadArguments},
      {"set no permission", SetDataRequest{"/no_acl", ""}, ErrorCode::kNoAuth},
      {"set config", SetDataRequest{"/zookeeper/config", ""},
       ErrorCode::kNoAuth},
      {"set root", SetDataRequest{"/", "x"}, ErrorCode::kOk},
      {"acl", SetAclRequest{"/p/c", World(1), 0}, ErrorCode::kOk},
      {"acl old version", SetAclRequest{"/v", World(31), 1},
       ErrorCode::kBadVersion},
      {"acl no permission now", SetAclRequest{"/p/c", World(31)},
       ErrorCode::kNoAuth},
      {"acl empty", SetAclRequest{"/v", {}}, ErrorCode::kInvalidAcl},
      {"acl missing", SetAclRequest{"/x", World(1)}, ErrorCode::kNoNode},
      {"check", CheckRequest{"/v", 3}, ErrorCode::kOk},
      {"check any", CheckRequest{"/v"}, ErrorCode::kOk},
      {"check old", CheckRequest{"/v", 2}, ErrorCode::kBadVersion},
      {"check missing", CheckRequest{"/x"}, ErrorCode::kNoNode},
      {"check no permission", CheckRequest{"/no_acl"}, ErrorCode::kNoAuth},
      {"multi of nothing", MultiRequest{}, ErrorCode::kOk},
      {"recursive root", DeleteRecursiveRequest{"/"}, ErrorCode::kBadArguments},
      {"recursive missing", DeleteRecursiveRequest{"/x"}, ErrorCode::kNoNode},
      {"recursive without right below", DeleteRecursiveRequest{"/no_acl"},
       ErrorCode::kOk},
      {"recursive", DeleteRecursiveRequest{"/p"}, ErrorCode::kOk},
      {"container never used", DeleteContainerRequest{"/container"},
       ErrorCode::kBadVersion},
      {"container that is none", DeleteContainerRequest{"/v"},
       ErrorCode::kBadVersion},
      {"container missing", DeleteContainerRequest{"/x"}, ErrorCode::kNoNode},
      {"ttl in use", DeleteContainerRequest{"/ttl"}, ErrorCode::kNotEmpty},
      {"session twice", OpenSession(5), ErrorCode::kBadArguments},
  });
}

TEST_F(OutstandingTest, RefusesSessionsThatAreNotOpen) {
  const RequestBody bodies[] = {
      MakeCreate("/n"),
      DeleteRequest{"/v"},
      SetDataRequest{"/v", ""},
      SetAclRequest{"/v", World(31)},
      CheckRequest{"/v"},
      DeleteRecursiveRequest{"/p"},
      CloseSessionRequest{},
      MultiRequest{},
      DeleteContainerRequest{"/v"},
  };
  for (const RequestBody& body : bodies) {
    EXPECT_EQ(member_.AskFor({7}, body).error(), ErrorCode::kSessionExpired);
  }
  for (int64_t bad : {int64_t{0}, kContainerOwner, TtlOwner(5), int64_t{-1}}) {
    EXPECT_EQ(member_.AskFor({bad}, OpenSession(5)).error(),
              ErrorCode::kBadArguments);
  }
  EXPECT_EQ(member_.AskFor({7}, OpenSession(0)).error(),
            ErrorCode::kBadArguments);
  for (const char* password : {"", "fifteen bytes!!", "seventeen bytes!!"}) {
    EXPECT_EQ(member_.AskFor({7}, CreateSessionRequest{5, password}).error(),
              ErrorCode::kBadArguments);
  }
}

TEST_F(OutstandingTest, NeedsASessionOnlyForEphemerals) {
  Request request;
  request.request_id = 12345;  // not looked at
  const auto ask = [&](RequestBody body) {
    request.body = std::move(body);
    return member_.Ask(request).error();
  };
  EXPECT_EQ(ask(MakeCreate("/n")), ErrorCode::kOk);
  EXPECT_EQ(ask(SetDataRequest{"/n", "x"}), ErrorCode::kOk);
  EXPECT_EQ(ask(MultiRequest{{MakeCreate("/m"), DeleteRequest{"/m"}}}),
            ErrorCode::kOk);
  EXPECT_EQ(ask(DeleteRequest{"/n"}), ErrorCode::kOk);
  EXPECT_EQ(ask(MakeCreate("/n", "", Mode::kEphemeral)),
            ErrorCode::kBadArguments);
  EXPECT_EQ(ask(MakeCreate("/n", "", Mode::kEphemeralSequential)),
            ErrorCode::kBadArguments);
  EXPECT_EQ(ask(CloseSessionRequest{}), ErrorCode::kSessionExpired);
  EXPECT_EQ(ask(OpenSession(5)), ErrorCode::kBadArguments);
}

TEST_F(OutstandingTest, KnowsWhoUsesASession) {
  Request request;
  request.session = TestMember::kSession;
  request.attachment = 1;
  request.body = CheckRequest{"/v"};
  EXPECT_TRUE(member_.Ask(request).status.ok());
  member_.outstanding().Attach(TestMember::kSession, 2);
  EXPECT_EQ(member_.Ask(request).error(), ErrorCode::kSessionMoved);
  request.attachment = 2;
  EXPECT_TRUE(member_.Ask(request).status.ok());
  request.attachment = 0;
  EXPECT_TRUE(member_.Ask(request).status.ok());
  EXPECT_EQ(member_.outstanding().AttachmentOf(TestMember::kSession), 2u);
  EXPECT_EQ(member_.outstanding().AttachmentOf({7}), 0u);
  member_.Ask(CloseSessionRequest{});
  EXPECT_EQ(member_.outstanding().AttachmentOf(TestMember::kSession), 0u);
}

TEST_F(OutstandingTest, NumbersSequentialNodesByCreationsOfTheParent) {
  EXPECT_EQ(member_.Create("/s").path(), "/s");
  EXPECT_EQ(member_.Create("/s/n-", "", Mode::kPersistentSequential).path(),
            "/s/n-0000000000");
  EXPECT_EQ(member_.Create("/s/", "", Mode::kEphemeralSequential).path(),
            "/s/0000000001");
  member_.Delete("/s/0000000001");
  member_.Create("/s/plain");
  const auto last =
      member_.Create("/s/x", "", Mode::kPersistentSequentialWithTtl);
  EXPECT_EQ(last.path(), "/s/x0000000003");
  EXPECT_EQ(KindOf(last.stat().ephemeral_owner), NodeKind::kTtl);
  EXPECT_EQ(TtlMs(last.stat().ephemeral_owner), 5000);
}

TEST_F(OutstandingTest, MultiIsAllOrNothing) {
  MultiRequest multi;
  multi.ops = {MakeCreate("/m"), MakeCreate("/m/x"),
               SetDataRequest{"/m", "data", 0}, CheckRequest{"/v", 9},
               DeleteRequest{"/v"}};
  const auto answer = member_.Ask(multi);
  EXPECT_EQ(answer.error(), ErrorCode::kBadVersion);
  EXPECT_EQ(answer.op_errors,
            (std::vector<ErrorCode>{ErrorCode::kOk, ErrorCode::kOk,
                                    ErrorCode::kOk, ErrorCode::kBadVersion,
                                    ErrorCode::kRuntimeInconsistency}));
  EXPECT_EQ(member_.state().tree().Find("/m"), nullptr);
  // Nothing of it is left in the way either.
  EXPECT_EQ(member_.outstanding().size(), 0u);

  std::get<CheckRequest>(multi.ops[3]).version = 2;
  const auto second = member_.Ask(multi);
  ASSERT_TRUE(second.status.ok()) << second.status;
  ASSERT_EQ(second.applied.result.multi.size(), 5u);
  EXPECT_EQ(second.applied.result.multi[2].stat->version, 1);
  EXPECT_EQ(second.applied.result.multi[2].stat->num_children, 1);
  EXPECT_EQ(member_.state().tree().Find("/v"), nullptr);
  // All ops carry the one zxid.
  EXPECT_EQ(second.applied.result.multi[1].stat->czxid, member_.zxid());
}

TEST_F(OutstandingTest, LimitsTheOpsOfAMulti) {
  MultiRequest multi;
  multi.ops.assign(4097, CheckRequest{"/v"});
  EXPECT_EQ(member_.Ask(multi).error(), ErrorCode::kBadArguments);
}

TEST_F(OutstandingTest, LimitsARecursiveDelete) {
  StateMachine state;
  Outstanding outstanding(state);
  Zxid zxid(1, 0);
  Request request;
  request.session = {5};
  const auto ask = [&](RequestBody body) {
    request.body = std::move(body);
    Prepared prepared = outstanding.Prepare(zxid.Next(), request);
    if (prepared.status.ok()) {
      zxid = zxid.Next();
      EXPECT_TRUE(state.Apply(zxid, prepared.txn).ok());
      outstanding.OnApplied(zxid);
    }
    return ErrorCodeOf(prepared.status);
  };
  ask(OpenSession(10));
  ask(MakeCreate("/big"));
  for (size_t i = 1; i < kMaxRecursiveDelete; ++i) {
    ask(MakeCreate("/big/n", "", Mode::kPersistentSequential));
  }
  ask(MakeCreate("/big/one_too_many"));
  EXPECT_EQ(ask(DeleteRecursiveRequest{"/big"}), ErrorCode::kNotEmpty);
  ask(DeleteRequest{"/big/one_too_many"});
  EXPECT_EQ(ask(DeleteRecursiveRequest{"/big"}), ErrorCode::kOk);
  EXPECT_EQ(state.tree().size(), 4u);
}

TEST_F(OutstandingTest, SeesWhatIsOutstanding) {
  StateMachine& state = member_.state();
  Outstanding& outstanding = member_.outstanding();
  Zxid zxid = member_.zxid();
  std::vector<Txn> txns;
  const auto ask = [&](RequestBody body) {
    Request request;
    request.session = TestMember::kSession;
    request.body = std::move(body);
    Prepared prepared = outstanding.Prepare(zxid.Next(), request);
    if (prepared.status.ok()) {
      zxid = zxid.Next();
      txns.push_back(prepared.txn);
    }
    return ErrorCodeOf(prepared.status);
  };
  EXPECT_EQ(ask(MakeCreate("/o")), ErrorCode::kOk);
  EXPECT_EQ(ask(MakeCreate("/o")), ErrorCode::kNodeExists);
  EXPECT_EQ(ask(MakeCreate("/o/e", "", Mode::kEphemeral)), ErrorCode::kOk);
  EXPECT_EQ(ask(DeleteRequest{"/o"}), ErrorCode::kNotEmpty);
  EXPECT_EQ(ask(SetDataRequest{"/o", "x", 0}), ErrorCode::kOk);
  EXPECT_EQ(ask(SetDataRequest{"/o", "x", 0}), ErrorCode::kBadVersion);
  EXPECT_EQ(ask(CloseSessionRequest{}), ErrorCode::kOk);
  EXPECT_EQ(ask(MakeCreate("/z")), ErrorCode::kSessionExpired);
  // The close takes the ephemeral that is outstanding with the applied one.
  EXPECT_EQ(ask(OpenSession(30'000)), ErrorCode::kOk);
  EXPECT_EQ(ask(CheckRequest{"/e"}), ErrorCode::kNoNode);
  EXPECT_EQ(ask(CheckRequest{"/o/e"}), ErrorCode::kNoNode);
  EXPECT_EQ(ask(CheckRequest{"/o", 1}), ErrorCode::kOk);
  Zxid apply = member_.zxid();
  for (const Txn& txn : txns) {
    apply = apply.Next();
    ASSERT_TRUE(state.Apply(apply, txn).ok());
    outstanding.OnApplied(apply);
  }
  EXPECT_EQ(outstanding.size(), 0u);
  EXPECT_EQ(state.tree().Find("/o")->num_children(), 0u);
}

TEST_F(OutstandingTest, DeletesContainersAndTtlNodesThatAreDue) {
  member_.Create("/container/x");
  EXPECT_EQ(member_.Ask(DeleteContainerRequest{"/container"}).error(),
            ErrorCode::kNotEmpty);
  member_.Delete("/container/x");
  EXPECT_TRUE(member_.Ask(DeleteContainerRequest{"/container"}).status.ok());
  member_.set_time_ms(5999);  // created at 1000, for 5000
  EXPECT_EQ(member_.Ask(DeleteContainerRequest{"/ttl"}).error(),
            ErrorCode::kBadVersion);
  member_.set_time_ms(6000);
  EXPECT_TRUE(member_.Ask(DeleteContainerRequest{"/ttl"}).status.ok());
}

TEST_F(OutstandingTest, EnforcesQuotas) {
  member_.Create("/q");
  member_.Create("/q/a", "12345");
  member_.Create("/zookeeper/quota/q");
  EXPECT_EQ(
      member_.Create("/zookeeper/quota/q/zookeeper_limits", "count=x").error(),
      ErrorCode::kBadArguments);
  member_.Create("/zookeeper/quota/q/zookeeper_limits",
                 "count=1,bytes=-1=;byteHardLimit=10;countHardLimit=3");
  member_.Create("/zookeeper/quota/q/zookeeper_stats");
  const auto stats = [this] {
    return std::string(member_.state()
                           .tree()
                           .Find("/zookeeper/quota/q/zookeeper_stats")
                           ->data());
  };
  EXPECT_EQ(stats(), "count=2,bytes=5");
  EXPECT_EQ(member_.Set("/q/a", "12345678901").error(),
            ErrorCode::kQuotaExceeded);
  EXPECT_EQ(member_.Create("/q/b", "123456").error(),
            ErrorCode::kQuotaExceeded);
  EXPECT_TRUE(member_.Create("/q/b", "12345").status.ok());
  EXPECT_EQ(stats(), "count=3,bytes=10");
  EXPECT_EQ(member_.Create("/q/b/c").error(), ErrorCode::kQuotaExceeded);
  member_.Delete("/q/b");
  EXPECT_EQ(stats(), "count=2,bytes=5");
  // In one multi the first create uses up what the second would need.
  MultiRequest multi;
  multi.ops = {MakeCreate("/q/c"), MakeCreate("/q/d")};
  EXPECT_EQ(member_.Ask(multi).error(), ErrorCode::kQuotaExceeded);
  member_.Delete("/zookeeper/quota/q/zookeeper_limits");
  EXPECT_TRUE(member_.Ask(multi).status.ok());
}

TEST_F(OutstandingTest, ReportsSoftQuotas) {
  member_.Create("/q");
  member_.Create("/zookeeper/quota/q");
  member_.Create("/zookeeper/quota/q/zookeeper_limits", "count=2,bytes=3");
  EXPECT_TRUE(member_.Create("/q/a", "123").over_soft_quota.empty());
  EXPECT_EQ(member_.Create("/q/b").over_soft_quota,
            std::vector<std::string>{"/q"});
  EXPECT_EQ(member_.Set("/q/a", "1234").over_soft_quota,
            std::vector<std::string>{"/q"});
}

TEST_F(OutstandingTest, ExpandsAuthAndHonoursDigestsAndAddresses) {
  const Identity kAnn = {"digest", "ann:hash"};
  const Identity kBob = {"digest", "bob:hash"};
  const Identity kHost = {"ip", "10.1.2.3"};
  ASSERT_TRUE(member_.Ask(WithAcl("/a", {{31, {"auth", ""}}}), {kHost, kAnn})
                  .status.ok());
  EXPECT_EQ(*member_.state().tree().AclOf(*member_.state().tree().Find("/a")),
            (Acl{{31, kAnn}}));
  EXPECT_EQ(member_.Ask(SetDataRequest{"/a", ""}, {kBob, kHost}).error(),
            ErrorCode::kNoAuth);
  EXPECT_TRUE(member_.Ask(SetDataRequest{"/a", ""}, {kHost, kAnn}).status.ok());
  EXPECT_TRUE(
      member_.Ask(SetDataRequest{"/a", ""}, {{"super", "x"}}).status.ok());
  member_.Ask(WithAcl("/b", {{31, {"ip", "10.1.0.0/16"}}}));
  EXPECT_TRUE(member_.Ask(SetDataRequest{"/b", ""}, {kHost}).status.ok());
  EXPECT_EQ(member_.Ask(SetDataRequest{"/b", ""}, {{"ip", "10.2.2.3"}}).error(),
            ErrorCode::kNoAuth);
}

}  // namespace
}  // namespace quorate::tree
