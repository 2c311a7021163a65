#include <string>
#include <vector>

#include "coord/replica/client_message.h"
#include "coord/tree/error.h"
#include "coord/tree/reads.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/simulation/ensemble/checks/checks.h"
#include "tests/simulation/ensemble/checks/history_builder.h"

namespace quorate::simulation {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class AnswersTest : public testing::Test {
 protected:
  AnswersTest() : client_(builder_.Open(0)) {}

  void CreateA() {
    builder_.AskWrite(client_.connection, 1,
                      HistoryBuilder::Create("/a", "one"));
    created_ = builder_.CommitCreate(client_.session, 1, "/a", "one");
  }
  void AskData(bool local = false) {
    builder_.Ask(client_.connection, {local, replica::GetData{"/a", false}});
  }
  tree::DataAnswer DataOfA(const std::string& data) const {
    tree::DataAnswer answer;
    answer.data = data;
    answer.stat.czxid = answer.stat.mzxid = answer.stat.pzxid = created_;
    answer.stat.ctime_ms = answer.stat.mtime_ms = 5;
    answer.stat.data_length = static_cast<int32_t>(data.size());
    return answer;
  }
  std::vector<std::string> Check() {
    EnsembleViolations violations;
    CheckAnswers(builder_.history(), violations);
    return NamesOf(violations);
  }

  HistoryBuilder builder_;
  HistoryBuilder::Opened client_;
  consensus::Zxid created_;
};

TEST_F(AnswersTest, AcceptsWhatTheModelSays) {
  CreateA();
  builder_.AnswerCreated(client_.connection, created_, "/a", 3);
  AskData();
  builder_.Answer(client_.connection, created_, DataOfA("one"));
  EXPECT_THAT(Check(), IsEmpty());
}

TEST_F(AnswersTest, RejectsOtherData) {
  CreateA();
  AskData();
  builder_.AnswerCreated(client_.connection, created_, "/a", 3);
  builder_.Answer(client_.connection, created_, DataOfA("two"));
  EXPECT_THAT(Check(), ElementsAre("answers_match_model"));
}

TEST_F(AnswersTest, RejectsTheStateOfAnotherZxid) {
  CreateA();
  AskData(/*local=*/true);
  builder_.AnswerCreated(client_.connection, created_, "/a", 3);
  // Before the create there was no such znode.
  builder_.Answer(client_.connection, HistoryBuilder::Z(1), DataOfA("one"));
  EXPECT_THAT(Check(), ElementsAre("answers_match_model"));
}

TEST_F(AnswersTest, RejectsNoNodeForWhatIsThere) {
  CreateA();
  AskData();
  builder_.AnswerCreated(client_.connection, created_, "/a", 3);
  builder_.Answer(client_.connection, created_, {},
                  tree::Error(tree::ErrorCode::kNoNode, "/a"));
  EXPECT_THAT(Check(), ElementsAre("answers_match_model"));
}

TEST_F(AnswersTest, RejectsAnAcknowledgedWriteThatIsNotInTheLog) {
  builder_.AskWrite(client_.connection, 1, HistoryBuilder::Create("/a", "one"));
  builder_.AnswerCreated(client_.connection, HistoryBuilder::Z(2), "/a", 3);
  EXPECT_THAT(Check(), ElementsAre("answers_match_model"));
}

TEST_F(AnswersTest, RejectsAWriteUnderAnotherZxid) {
  CreateA();
  builder_.AnswerCreated(client_.connection, HistoryBuilder::Z(9), "/a", 3);
  EXPECT_THAT(Check(), ElementsAre("answers_match_model"));
}

TEST_F(AnswersTest, RejectsAnotherResultOfAWrite) {
  CreateA();
  builder_.AnswerCreated(client_.connection, created_, "/b", 3);
  EXPECT_THAT(Check(), ElementsAre("answers_match_model"));
}

TEST_F(AnswersTest, RejectsATxnThatNobodyAskedFor) {
  builder_.CommitCreate(client_.session, 1, "/a", "one");
  EXPECT_THAT(Check(), ElementsAre("log_follows_requests"));
}

TEST_F(AnswersTest, RejectsATxnThatTheRequestDoesNotGive) {
  builder_.AskWrite(client_.connection, 1, HistoryBuilder::Create("/a", "one"));
  builder_.CommitError(client_.session, 1, tree::ErrorCode::kNodeExists);
  EXPECT_THAT(Check(), ElementsAre("log_follows_requests"));
}

}  // namespace
}  // namespace quorate::simulation
