#include "coord/tree/tree.h"

#include <string>
#include <vector>

#include "coord/tree/node_kind.h"
#include "gtest/gtest.h"

namespace quorate::tree {
namespace {

bool Create(Tree& tree, const std::string& path, const std::string& data = "",
            int64_t owner = 0) {
  return tree.Create(path, data, OpenAcl(), owner, Zxid(1, 5), 77);
}

std::vector<std::string> PathsOf(const Tree& tree) {
  std::vector<std::string> paths;
  for (const Znode* node = &tree.root(); node; node = Tree::Next(*node)) {
    paths.push_back(node->Path());
  }
  return paths;
}

TEST(TreeTest, BeginsAsZooKeepersDoes) {
  Tree tree;
  EXPECT_EQ(PathsOf(tree),
            (std::vector<std::string>{"/", "/zookeeper", "/zookeeper/config",
                                      "/zookeeper/quota"}));
  EXPECT_EQ(tree.root().ToStat().cversion, -1);
  EXPECT_EQ(tree.Find("/zookeeper")->ToStat().cversion, -2);
  EXPECT_EQ(tree.num_acls(), 2u);
  EXPECT_EQ(tree.digest(), Tree().digest());
}

TEST(TreeTest, KeepsEveryFieldOfStat) {
  Tree tree;
  ASSERT_TRUE(Create(tree, "/a", "123"));
  Stat expected;
  expected.czxid = expected.mzxid = expected.pzxid = Zxid(1, 5);
  expected.ctime_ms = expected.mtime_ms = 77;
  expected.data_length = 3;
  EXPECT_EQ(tree.Find("/a")->ToStat(), expected);

  ASSERT_TRUE(tree.SetData("/a", "12345", 1, Zxid(1, 6), 88));
  expected.version = 1;
  expected.mzxid = Zxid(1, 6);
  expected.mtime_ms = 88;
  expected.data_length = 5;
  EXPECT_EQ(tree.Find("/a")->ToStat(), expected);

  ASSERT_TRUE(tree.Create("/a/b", "", OpenAcl(), 9, Zxid(1, 7), 99));
  expected.pzxid = Zxid(1, 7);
  expected.cversion = 1;
  expected.num_children = 1;
  EXPECT_EQ(tree.Find("/a")->ToStat(), expected);
  EXPECT_EQ(tree.Find("/a/b")->ToStat().ephemeral_owner, 9);

  ASSERT_TRUE(tree.Delete("/a/b", Zxid(1, 8)));
  expected.pzxid = Zxid(1, 8);
  expected.cversion = 2;
  expected.num_children = 0;
  EXPECT_EQ(tree.Find("/a")->ToStat(), expected);

  ASSERT_TRUE(tree.SetAcl("/a", ReadOnlyAcl(), 1));
  expected.aversion = 1;
  EXPECT_EQ(tree.Find("/a")->ToStat(), expected);
}

TEST(TreeTest, RefusesWhatDoesNotFit) {
  Tree tree;
  Create(tree, "/a");
  Create(tree, "/e", "", 9);
  const Digest digest = tree.digest();
  EXPECT_FALSE(Create(tree, "/a"));
  EXPECT_FALSE(Create(tree, "/"));
  EXPECT_FALSE(Create(tree, "/x/y"));
  EXPECT_FALSE(Create(tree, "/e/y"));
  EXPECT_FALSE(tree.Delete("/x", Zxid(1, 9)));
  EXPECT_FALSE(tree.Delete("/", Zxid(1, 9)));
  EXPECT_FALSE(tree.Delete("/zookeeper/quota", Zxid(1, 9)));
  EXPECT_FALSE(tree.SetData("/x", "", 1, Zxid(1, 9), 0));
  EXPECT_FALSE(tree.SetAcl("/x", OpenAcl(), 1));
  for (const char* odd : {"", "a", "//", "/a/", "/a//"}) {
    EXPECT_EQ(tree.Find(odd), nullptr) << odd;
  }
  EXPECT_EQ(tree.digest(), digest);
}

TEST(TreeTest, WalksInTheOrderOfPaths) {
  Tree tree;
  for (const char* path : {"/b", "/a-", "/a", "/a/2", "/a/1", "/a/1/x"}) {
    Create(tree, path);
  }
  EXPECT_EQ(PathsOf(tree),
            (std::vector<std::string>{
                "/", "/a", "/a/1", "/a/1/x", "/a/2", "/a-", "/b", "/zookeeper",
                "/zookeeper/config", "/zookeeper/quota"}));
  EXPECT_EQ(tree.FirstAfter("/")->Path(), "/a");
  EXPECT_EQ(tree.FirstAfter("/a/1")->Path(), "/a/1/x");
  EXPECT_EQ(tree.FirstAfter("/a/1/y/z")->Path(), "/a/2");
  EXPECT_EQ(tree.FirstAfter("/a/3")->Path(), "/a-");
  EXPECT_EQ(tree.FirstAfter("/zookeeper/z"), nullptr);
}

TEST(TreeTest, DigestIsOfTheStateAlone) {
  Tree one;
  Tree other;
  Create(one, "/a", "1");
  Create(one, "/b", "2");
  Create(other, "/b", "2");
  Create(other, "/a", "1");
  EXPECT_NE(one.digest(), Tree().digest());
  EXPECT_EQ(one.digest(), other.digest());
  other.SetData("/a", "2", 1, Zxid(1, 6), 77);
  EXPECT_NE(one.digest(), other.digest());
  one.SetData("/a", "2", 1, Zxid(1, 6), 77);
  EXPECT_EQ(one.digest(), other.digest());
  one.SetAcl("/a", ReadOnlyAcl(), 0);
  EXPECT_NE(one.digest(), other.digest());
}

TEST(TreeTest, IndexesSpecialNodes) {
  Tree tree;
  Create(tree, "/e2", "", 9);
  Create(tree, "/e1", "", 9);
  Create(tree, "/c", "", kContainerOwner);
  Create(tree, "/t", "", TtlOwner(5));
  EXPECT_EQ(tree.EphemeralsOf({9})->size(), 2u);
  EXPECT_EQ(*tree.EphemeralsOf({9})->begin(), "/e1");
  EXPECT_EQ(*tree.containers().begin(), "/c");
  EXPECT_EQ(*tree.ttl_nodes().begin(), "/t");
  for (const char* path : {"/e1", "/e2", "/c", "/t"}) {
    tree.Delete(path, Zxid(1, 9));
  }
  EXPECT_EQ(tree.EphemeralsOf({9}), nullptr);
  EXPECT_TRUE(tree.containers().empty());
  EXPECT_TRUE(tree.ttl_nodes().empty());
}

TEST(TreeTest, CountsUsage) {
  Tree tree;
  Create(tree, "/a", "12");
  Create(tree, "/a/b", "345");
  Create(tree, "/a/b/c");
  EXPECT_EQ(tree.UsageOf("/a").count, 3);
  EXPECT_EQ(tree.UsageOf("/a").bytes, 5);
  tree.SetData("/a/b", "3", 1, Zxid(1, 9), 0);
  EXPECT_EQ(tree.UsageOf("/a").bytes, 3);
  tree.Delete("/a/b/c", Zxid(1, 9));
  EXPECT_EQ(tree.UsageOf("/a").count, 2);
  EXPECT_EQ(tree.UsageOf("/x").count, 0);
}

TEST(TreeTest, IsFreedHoweverDeep) {
  Tree tree;
  std::string path;
  for (int i = 0; i < 2000; ++i) {
    path += "/x";
    ASSERT_TRUE(Create(tree, path));
  }
  EXPECT_EQ(tree.root().descendants(), 2003u);
}

}  // namespace
}  // namespace quorate::tree
