#include "tools/quorate/outage/effects.h"

#include <sqlite3.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "tools/quorate/outage/facts.h"
#include "tools/quorate/outage/input.h"
#include "tools/quorate/outage/message_key.h"

namespace quorate::tools {
namespace {

class EffectsTest : public testing::Test {
 protected:
  EffectsTest()
      : path_(std::string(std::getenv("TEST_TMPDIR")) + "/" +
              testing::UnitTest::GetInstance()->current_test_info()->name() +
              ".db"),
        input_(*ParseInput("file", "one\n\ntwo\n")) {
    sqlite3_open(path_.c_str(), &database_);
    EXPECT_EQ(sqlite3_exec(database_, kMakeEffects, nullptr, nullptr, nullptr),
              SQLITE_OK);
  }
  ~EffectsTest() override { sqlite3_close(database_); }

  void Add(int act, int64_t number, const std::string& line) {
    EXPECT_TRUE(AddEffect(database_, KeyOf(act, number), line).ok());
  }
  ProcessedFacts Read(int act, int64_t expected) {
    const absl::StatusOr<ProcessedFacts> facts =
        ReadEffects(path_, input_, act, expected);
    EXPECT_TRUE(facts.ok()) << facts.status();
    return facts.value_or(ProcessedFacts());
  }

  const std::string path_;
  const Input input_;
  sqlite3* database_ = nullptr;
};

TEST_F(EffectsTest, OnePassHasTheDigestOfTheInput) {
  Add(1, 2, "two");  // in any order
  Add(1, 0, "one");
  Add(1, 1, "");
  Add(2, 0, "one");  // of another act
  const ProcessedFacts facts = Read(1, 3);
  EXPECT_EQ(facts.effects, 3);
  EXPECT_EQ(facts.distinct, 3);
  EXPECT_EQ(facts.passes, 1);
  EXPECT_EQ(facts.strange, 0);
  EXPECT_EQ(facts.digest, input_.digest);
  EXPECT_EQ(facts.expected_digest, input_.digest);
  EXPECT_EQ(CountEffects(path_, 1), 3);
}

TEST_F(EffectsTest, GoesRound) {
  for (int64_t number = 0; number < 5; ++number) {
    Add(1, number, input_.lines[static_cast<size_t>(number % 3)]);
  }
  const ProcessedFacts facts = Read(1, 5);
  EXPECT_EQ(facts.passes, 2);
  EXPECT_EQ(facts.digest, Sha256("one\n\ntwo\none\n\n"));
  EXPECT_EQ(facts.digest, facts.expected_digest);
}

TEST_F(EffectsTest, SeesWhatIsMissingDoubledStrangeOrChanged) {
  Add(1, 0, "one");
  Add(1, 1, "");
  EXPECT_EQ(Read(1, 3).missing(), 1);
  EXPECT_NE(Read(1, 3).digest, input_.digest);
  Add(1, 2, "two");
  Add(1, 2, "two");
  EXPECT_EQ(Read(1, 3).doubled(), 1);
  EXPECT_EQ(Read(1, 3).missing(), 0);
  EXPECT_NE(Read(1, 3).digest, input_.digest);
  Add(1, 3, "three");
  EXPECT_EQ(Read(1, 3).strange, 1);
  EXPECT_TRUE(AddEffect(database_, "no key of ours", "x").ok());
  EXPECT_EQ(Read(1, 3).strange, 2);
}

TEST_F(EffectsTest, ADatabaseThatIsNotThere) {
  EXPECT_FALSE(ReadEffects(path_ + ".none", input_, 1, 3).ok());
  EXPECT_EQ(CountEffects(path_ + ".none", 1), 0);
}

}  // namespace
}  // namespace quorate::tools
