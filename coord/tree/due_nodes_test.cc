#include "coord/tree/due_nodes.h"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "coord/tree/node_kind.h"
#include "coord/tree/test_member.h"
#include "gtest/gtest.h"

namespace quorate::tree {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

std::vector<std::string> AllDue(const StateMachine& state, int64_t now_ms,
                                size_t max) {
  std::vector<std::string> all;
  std::string position;
  do {
    const auto some = DueNodes(state, now_ms, max, position);
    EXPECT_LE(some.size(), max);
    all.insert(all.end(), some.begin(), some.end());
  } while (!position.empty());
  return all;
}

TEST(DueNodesTest, IsDueByKind) {
  EXPECT_FALSE(IsDue(0, 5, 0, kNever));
  EXPECT_FALSE(IsDue(17, 5, 0, kNever));  // an ephemeral
  EXPECT_FALSE(IsDue(kContainerOwner, 0, 0, kNever));
  EXPECT_TRUE(IsDue(kContainerOwner, 1, kNever, 0));
  EXPECT_TRUE(IsDue(kContainerOwner, -1, 0, 0));
  EXPECT_FALSE(IsDue(TtlOwner(10), 0, 100, 109));
  EXPECT_TRUE(IsDue(TtlOwner(10), 0, 100, 110));
}

TEST(DueNodesTest, FindsContainersAndTtlNodesInTheOrderOfPaths) {
  TestMember member;
  member.set_time_ms(1000);
  for (const char* path : {"/b", "/d", "/c", "/c-"}) {
    member.Create(path, "", CreateMode::kContainer);
  }
  member.Create("/b/x");
  member.Delete("/b/x");
  member.Create("/d/x");
  member.Delete("/d/x");
  member.Create("/c-/x");  // still there
  member.Create("/a", "", CreateMode::kPersistentWithTtl);
  member.Create("/c/t", "", CreateMode::kPersistentWithTtl);
  member.Create("/e", "", CreateMode::kPersistentWithTtl);
  member.Create("/e/x");
  member.Create("/p");
  member.Create("/s", "", CreateMode::kEphemeral);
  const std::vector<std::string> containers = {"/b", "/d"};
  const std::vector<std::string> all = {"/a", "/b", "/c/t", "/d"};
  for (size_t max : {1, 2, 3, 100}) {
    EXPECT_EQ(AllDue(member.state(), 5999, max), containers);
    EXPECT_EQ(AllDue(member.state(), 6000, max), all);
  }
  member.set_time_ms(3000);
  member.Set("/a", "young again");
  EXPECT_EQ(AllDue(member.state(), 6000, 100),
            (std::vector<std::string>{"/b", "/c/t", "/d"}));
  // Whatever it finds, a request finds due, too.
  member.set_time_ms(8000);
  for (const std::string& path : AllDue(member.state(), 8000, 100)) {
    EXPECT_TRUE(member.Ask(DeleteContainerRequest{path}).status.ok()) << path;
  }
  EXPECT_EQ(AllDue(member.state(), 8000, 100), std::vector<std::string>{"/c"});
}

TEST(DueNodesTest, GoesOnWhereItWasAlthoughTheNodesChange) {
  TestMember member;
  for (const char* path : {"/a", "/b", "/c", "/d"}) {
    member.Create(path, "", CreateMode::kPersistentWithTtl);
  }
  std::string position;
  EXPECT_EQ(DueNodes(member.state(), kNever, 2, position),
            (std::vector<std::string>{"/a", "/b"}));
  member.Delete("/b");
  member.Delete("/c");
  EXPECT_EQ(DueNodes(member.state(), kNever, 2, position),
            std::vector<std::string>{"/d"});
  EXPECT_EQ(position, "");
  EXPECT_TRUE(DueNodes(StateMachine(), kNever, 2, position).empty());
  EXPECT_EQ(position, "");
}

}  // namespace
}  // namespace quorate::tree
