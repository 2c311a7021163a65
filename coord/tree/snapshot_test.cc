#include "coord/tree/snapshot.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/tree/test_member.h"
#include "gtest/gtest.h"

namespace quorate::tree {
namespace {

absl::StatusOr<std::unique_ptr<StateMachine>> Load(const std::string& stream,
                                                   size_t piece) {
  SnapshotLoader loader;
  for (size_t at = 0; at < stream.size(); at += piece) {
    const absl::Status status = loader.Append(stream.substr(at, piece));
    if (!status.ok()) return status;
  }
  return loader.Finish();
}

// A member with some of everything.
void Fill(TestMember& member) {
  member.AskFor({3}, OpenSession(10));
  member.AskFor({3}, MakeCreate("/theirs", "", CreateMode::kEphemeral));
  for (const char* path : {"/a", "/a/1", "/a/2", "/a/2/x", "/a-", "/b"}) {
    member.Create(path, path);
  }
  member.Create("/c", "", CreateMode::kContainer);
  member.Create("/t", "", CreateMode::kPersistentWithTtl);
  member.Create("/e", "mine", CreateMode::kEphemeral);
  CreateRequest guarded = MakeCreate("/guarded");
  guarded.acl = {{kRead, {"digest", "a:b"}}, {kWrite, {"ip", "10.0.0.0/8"}}};
  member.Ask(guarded);
  member.Create("/zookeeper/quota/a");
  member.Create("/zookeeper/quota/a/zookeeper_limits", "countHardLimit=9");
  member.Create("/zookeeper/quota/a/zookeeper_stats");
}

TEST(SnapshotTest, RoundTripsHoweverItIsCut) {
  TestMember member;
  Fill(member);
  const std::string stream = SnapshotOf(member.state());
  for (size_t piece : {size_t{1}, size_t{7}, stream.size()}) {
    auto loaded = Load(stream, piece);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    EXPECT_EQ((*loaded)->digest(), member.state().digest());
    EXPECT_EQ((*loaded)->applied(), member.zxid());
    EXPECT_EQ((*loaded)->sessions().sessions().size(), 2u);
    EXPECT_EQ((*loaded)->tree().EphemeralsOf(TestMember::kSession)->size(), 1u);
    EXPECT_EQ((*loaded)->tree().containers().size(), 1u);
    EXPECT_EQ((*loaded)->tree().ttl_nodes().size(), 1u);
    EXPECT_TRUE((*loaded)->tree().has_quotas());
    EXPECT_EQ(SnapshotOf(**loaded), stream);
  }
}

TEST(SnapshotTest, HoldsTheStateAtItsZxidWhileTxnsGoOn) {
  TestMember member;
  Fill(member);
  const std::string expected = SnapshotOf(member.state());
  // Change everything at each possible place of the walk.
  for (int slices = 0; slices < 20; ++slices) {
    TestMember other;
    Fill(other);
    Snapshot snapshot(other.state());
    std::string stream;
    for (int i = 0; i < slices; ++i) snapshot.Next(1, stream);
    other.Set("/a", "changed");
    other.Set("/a", "changed again");
    other.Create("/a/0");
    other.Ask(DeleteRecursiveRequest{"/a"});
    other.Create("/a", "anew");
    other.Create("/A", "before all others");
    other.Create("/zz", "behind all others");
    other.Ask(SetAclRequest{"/b", ReadOnlyAcl()});
    other.AskFor({3}, CloseSessionRequest{});
    while (snapshot.Next(1, stream)) {
    }
    EXPECT_EQ(stream, expected) << "after " << slices << " slices";
    EXPECT_EQ(snapshot.num_copies(), 0u);
  }
}

TEST(SnapshotTest, HoldsTheSessionsAtItsZxidWhileTheyWriteOn) {
  const auto fill = [](TestMember& member) {
    for (int64_t id : {10, 20, 30, 40}) {
      member.AskFor({id}, OpenSession(7));
      for (int i = 0; i < 3; ++i) {
        member.AskFor({id}, SetDataRequest{"/", std::to_string(id)});
      }
      member.AskFor({id}, MakeCreate("/x/y"));
    }
  };
  TestMember member;
  fill(member);
  const std::string expected = SnapshotOf(member.state());
  for (int slices = 0; slices < 20; ++slices) {
    TestMember other;
    fill(other);
    Snapshot snapshot(other.state());
    std::string stream;
    for (int i = 0; i < slices; ++i) snapshot.Next(1, stream);
    for (int i = 0; i < 2; ++i) {
      other.AskFor({5}, OpenSession(1));
      other.AskFor({20}, SetDataRequest{"/", "later"});
      other.AskFor({25}, OpenSession(1));
      other.AskFor({30}, CloseSessionRequest{});
      other.AskFor({30}, OpenSession(8));
      other.AskFor({40}, SetDataRequest{"/", "later"});
      other.AskFor({40}, CloseSessionRequest{});
      other.AskFor({25}, CloseSessionRequest{});
      other.AskFor({50}, OpenSession(1));
    }
    while (snapshot.Next(1, stream)) {
    }
    EXPECT_EQ(stream, expected) << "after " << slices << " slices";
  }
}

TEST(SnapshotTest, KeepsTheResultsOfSessions) {
  TestMember member;
  Request request;
  request.session = TestMember::kSession;
  for (request.request_id = 1; request.request_id < 9; ++request.request_id) {
    request.acked_through = request.request_id / 2;
    request.body = MakeCreate("/n", "", CreateMode::kPersistentSequential);
    ASSERT_TRUE(member.Ask(request).status.ok());
  }
  const auto loaded = Load(SnapshotOf(member.state()), 5);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const Session& before = *member.state().sessions().Find(TestMember::kSession);
  const Session& after = *(*loaded)->sessions().Find(TestMember::kSession);
  EXPECT_EQ(after.timeout_ms, before.timeout_ms);
  EXPECT_EQ(after.password, before.password);
  EXPECT_EQ(after.last_request_id, 8);
  EXPECT_EQ(after.results, before.results);
  EXPECT_EQ(after.results.begin()->first, 5);
  EXPECT_EQ(after.results.at(8).result.path, "/n0000000007");
}

TEST(SnapshotTest, MayBeGivenUp) {
  TestMember member;
  Fill(member);
  {
    Snapshot snapshot(member.state());
    std::string stream;
    snapshot.Next(100, stream);
  }
  member.Set("/b", "nobody looks");
}

TEST(SnapshotTest, EachCallDoesBoundedWork) {
  TestMember member;
  for (int i = 0; i < 1000; ++i) {
    member.Create("/n", "", CreateMode::kPersistentSequential);
  }
  Snapshot snapshot(member.state());
  std::string stream;
  for (;;) {
    const size_t before = stream.size();
    if (!snapshot.Next(1000, stream)) break;
    EXPECT_LE(stream.size() - before, 1200u);
  }
}

TEST(SnapshotTest, RefusesDamage) {
  TestMember member;
  Fill(member);
  const std::string stream = SnapshotOf(member.state());
  for (size_t size = 0; size < stream.size(); ++size) {
    EXPECT_FALSE(Load(stream.substr(0, size), 1 << 20).ok());
  }
  EXPECT_FALSE(Load(stream + '\0', 1 << 20).ok());
  EXPECT_FALSE(Load(stream + stream, 1 << 20).ok());
  for (size_t at = 0; at < stream.size(); ++at) {
    std::string damaged = stream;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
    const auto loaded = Load(damaged, 1 << 20);
    // Only the zxid in the header is outside of the digest.
    if (loaded.ok()) {
      EXPECT_NE((*loaded)->applied(), member.zxid()) << at;
    }
  }
}

TEST(SnapshotTest, ComparesTheDigest) {
  TestMember member;
  member.Create("/a", "some data");
  std::string stream = SnapshotOf(member.state());
  stream[stream.find("some data")] = 'S';
  EXPECT_EQ(Load(stream, 100).status().code(), absl::StatusCode::kDataLoss);
}

TEST(SnapshotTest, RefusesAnotherVersion) {
  TestMember member;
  std::string stream = SnapshotOf(member.state());
  stream[9] = 2;
  EXPECT_EQ(Load(stream, 100).status().code(),
            absl::StatusCode::kUnimplemented);
}

TEST(SnapshotTest, BoundsWhatItKeeps) {
  SnapshotLoader loader;
  EXPECT_FALSE(loader.Append("\xff\xff\xff\x7f").ok());
  EXPECT_FALSE(loader.Append("").ok());
}

}  // namespace
}  // namespace quorate::tree
