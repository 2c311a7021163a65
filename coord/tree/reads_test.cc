#include "coord/tree/reads.h"

#include <string>
#include <variant>
#include <vector>

#include "coord/tree/error.h"
#include "coord/tree/test_member.h"
#include "gtest/gtest.h"

namespace quorate::tree {
namespace {

const Identity kAnn = {"digest", "ann:secret"};

class ReadsTest : public testing::Test {
 protected:
  ReadsTest() {
    member_.Create("/a", "data");
    member_.Create("/a/2");
    member_.Create("/a/1");
    member_.Create("/a/1/x", "", CreateMode::kEphemeral);
    member_.Create("/a1", "", CreateMode::kEphemeral);
    CreateRequest create = MakeCreate("/secret");
    create.acl = {{kAllPermissions, kAnn}};
    member_.Ask(create);
    create.path = "/readable";
    create.acl.push_back({kRead, {"world", "anyone"}});
    member_.Ask(create);
  }

  const Reads& anyone() const { return anyone_; }
  const Reads& ann() const { return ann_; }

  TestMember member_;
  std::vector<Identity> identities_ = {kAnn};
  Reads anyone_{member_.state(), {}};
  Reads ann_{member_.state(), identities_};
};

TEST_F(ReadsTest, AnswersWhatThereIs) {
  EXPECT_EQ(anyone().GetData("/a")->data, "data");
  EXPECT_EQ(anyone().GetData("/a")->stat.num_children, 2);
  EXPECT_EQ(anyone().Exists("/a")->data_length, 4);
  EXPECT_EQ(anyone().GetChildren("/a")->names,
            (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(*anyone().GetAllChildrenNumber("/a"), 3u);
  EXPECT_EQ(*anyone().GetAllChildrenNumber("/a/2"), 0u);
  EXPECT_EQ(*anyone().GetAllChildrenNumber("/"), 10u);
}

TEST_F(ReadsTest, AnswersErrorsAsZooKeeperDoes) {
  for (const char* path : {"/x", "", "a", "/a/", "//"}) {
    EXPECT_EQ(ErrorCodeOf(anyone().GetData(path).status()), ErrorCode::kNoNode);
    EXPECT_EQ(ErrorCodeOf(anyone().Exists(path).status()), ErrorCode::kNoNode);
  }
  EXPECT_EQ(ErrorCodeOf(anyone().Exists(std::string("/\0", 2)).status()),
            ErrorCode::kBadArguments);
  EXPECT_EQ(ErrorCodeOf(anyone().GetData("/secret").status()),
            ErrorCode::kNoAuth);
  EXPECT_EQ(ErrorCodeOf(anyone().Exists("/secret").status()),
            ErrorCode::kNoAuth);
  EXPECT_EQ(ErrorCodeOf(anyone().GetChildren("/secret").status()),
            ErrorCode::kNoAuth);
  EXPECT_EQ(ErrorCodeOf(anyone().GetAllChildrenNumber("/secret").status()),
            ErrorCode::kNoAuth);
  EXPECT_EQ(ErrorCodeOf(anyone().GetAcl("/secret").status()),
            ErrorCode::kNoAuth);
  EXPECT_TRUE(ann().GetData("/secret").ok());
}

TEST_F(ReadsTest, ShowsDigestsToAdministratorsAlone) {
  EXPECT_EQ(anyone().GetAcl("/readable")->acl[0].identity.id, "ann:x");
  EXPECT_EQ(ann().GetAcl("/readable")->acl[0].identity, kAnn);
}

TEST_F(ReadsTest, ListsEphemeralsByThePrefixOfTheirText) {
  const auto list = [this](const char* prefix) {
    return anyone().GetEphemerals(TestMember::kSession, prefix);
  };
  EXPECT_EQ(list("/"), (std::vector<std::string>{"/a/1/x", "/a1"}));
  EXPECT_EQ(list(""), list("/"));
  EXPECT_EQ(list("/a"), list("/"));
  EXPECT_EQ(list("/a/"), std::vector<std::string>{"/a/1/x"});
  EXPECT_TRUE(anyone().GetEphemerals({7}, "/").empty());
}

TEST_F(ReadsTest, AMultiReadAnswersEachByItself) {
  const ReadOp ops[] = {{ReadOp::Kind::kGetData, "/a"},
                        {ReadOp::Kind::kGetData, "/x"},
                        {ReadOp::Kind::kGetChildren, "/a"},
                        {ReadOp::Kind::kGetChildren, "/secret"}};
  const std::vector<ReadAnswer> answers = MultiRead(anyone(), ops);
  ASSERT_EQ(answers.size(), 4u);
  EXPECT_EQ(std::get<DataAnswer>(answers[0]).data, "data");
  EXPECT_EQ(ErrorCodeOf(std::get<absl::Status>(answers[1])),
            ErrorCode::kNoNode);
  EXPECT_EQ(std::get<ChildrenAnswer>(answers[2]).names.size(), 2u);
  EXPECT_EQ(ErrorCodeOf(std::get<absl::Status>(answers[3])),
            ErrorCode::kNoAuth);
}

}  // namespace
}  // namespace quorate::tree
