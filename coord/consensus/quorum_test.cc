// Quorums of up to seven voters, exhaustively, against a second version that is
// written for clarity alone; and the identities that joint questions obey.

#include "coord/consensus/quorum.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"

namespace quorate::consensus {
namespace {

constexpr size_t kMostVoters = 7;

// Voters 1 to `count`.
std::vector<MemberId> Voters(size_t count) {
  std::vector<MemberId> voters;
  for (uint64_t id = 1; id <= count; ++id) voters.push_back({id});
  return voters;
}

// The `index`th way to give each of `count` voters a digit below `base`.
std::vector<uint64_t> Digits(uint64_t index, size_t count, uint64_t base) {
  std::vector<uint64_t> digits(count);
  for (uint64_t& digit : digits) {
    digit = index % base;
    index /= base;
  }
  return digits;
}

uint64_t Power(uint64_t base, size_t exponent) {
  uint64_t power = 1;
  for (size_t i = 0; i < exponent; ++i) power *= base;
  return power;
}

// More than half, in the words of the definition.
bool IsMajority(size_t count, size_t of) { return 2 * count > of; }

uint64_t NaiveMajorityNumber(const std::vector<uint64_t>& reached) {
  for (uint64_t number = 100; number > 0; --number) {
    const auto count =
        std::count_if(reached.begin(), reached.end(),
                      [&](uint64_t each) { return each >= number; });
    if (IsMajority(static_cast<size_t>(count), reached.size())) return number;
  }
  return 0;
}

// Tries every way in which the missing votes could still fall.
VoteResult NaiveVote(const std::vector<std::optional<bool>>& votes) {
  bool can_win = false;
  bool can_lose = false;
  const size_t count = votes.size();
  for (uint64_t way = 0; way < Power(2, count); ++way) {
    const std::vector<uint64_t> digits = Digits(way, count, 2);
    size_t granted = 0;
    for (size_t i = 0; i < count; ++i) {
      if (votes[i].value_or(digits[i] == 1)) ++granted;
    }
    (IsMajority(granted, count) ? can_win : can_lose) = true;
  }
  if (can_win && can_lose) return VoteResult::kPending;
  return can_win ? VoteResult::kWon : VoteResult::kLost;
}

TEST(QuorumTest, MajorityIsMoreThanHalf) {
  for (size_t voters = 1; voters <= 100; ++voters) {
    EXPECT_TRUE(IsMajority(MajorityOf(voters), voters));
    EXPECT_FALSE(IsMajority(MajorityOf(voters) - 1, voters));
  }
}

TEST(QuorumTest, HasMajorityAgreesWithItsDefinition) {
  for (size_t count = 0; count <= kMostVoters; ++count) {
    for (uint64_t way = 0; way < Power(2, count); ++way) {
      const std::vector<uint64_t> digits = Digits(way, count, 2);
      const auto holding = static_cast<size_t>(
          std::count(digits.begin(), digits.end(), uint64_t{1}));
      EXPECT_EQ(
          HasMajority(Voters(count),
                      [&](MemberId id) { return digits[id.value - 1] == 1; }),
          IsMajority(holding, count))
          << count << " voters, case " << way;
    }
  }
}

TEST(QuorumTest, MajorityNumberAgreesWithTheNaiveVersion) {
  for (size_t count = 0; count <= kMostVoters; ++count) {
    for (uint64_t way = 0; way < Power(4, count); ++way) {
      const std::vector<uint64_t> digits = Digits(way, count, 4);
      ASSERT_EQ(
          MajorityNumber(Voters(count),
                         [&](MemberId id) { return digits[id.value - 1]; }),
          NaiveMajorityNumber(digits))
          << count << " voters, case " << way;
    }
  }
}

TEST(QuorumTest, MajorityZxidComparesEpochsFirst) {
  const std::vector<Zxid> reached = {Zxid(2, 9), Zxid(3, 1), Zxid(3, 0)};
  const auto of = [&](MemberId id) { return reached[id.value - 1]; };
  EXPECT_EQ(MajorityZxid(Voters(3), of), Zxid(3, 0));
  EXPECT_EQ(MajorityZxid(Voters(2), of), Zxid(2, 9));
  EXPECT_EQ(MajorityZxid(Voters(1), of), Zxid(2, 9));
  EXPECT_EQ(MajorityZxid({}, of), Zxid());
}

TEST(QuorumTest, MajorityVoteAgreesWithTheNaiveVersion) {
  for (size_t count = 1; count <= kMostVoters; ++count) {
    for (uint64_t way = 0; way < Power(3, count); ++way) {
      std::vector<std::optional<bool>> votes;
      for (uint64_t digit : Digits(way, count, 3)) {
        votes.push_back(digit == 2 ? std::nullopt
                                   : std::optional<bool>(digit == 1));
      }
      ASSERT_EQ(MajorityVote(Voters(count),
                             [&](MemberId id) { return votes[id.value - 1]; }),
                NaiveVote(votes))
          << count << " voters, case " << way;
    }
  }
}

TEST(QuorumTest, NobodyDecidesNothing) {
  EXPECT_FALSE(HasMajority({}, [](MemberId) { return true; }));
  EXPECT_EQ(MajorityNumber({}, [](MemberId) { return uint64_t{9}; }), 0u);
  EXPECT_NE(MajorityVote({}, [](MemberId) { return std::optional(true); }),
            VoteResult::kWon);
}

TEST(QuorumTest, OrderOfVotersDoesNotMatter) {
  std::vector<MemberId> voters = Voters(5);
  const std::vector<uint64_t> reached = {4, 0, 3, 3, 1};
  const auto of = [&](MemberId id) { return reached[id.value - 1]; };
  do {
    ASSERT_EQ(MajorityNumber(voters, of), 3u);
  } while (std::next_permutation(voters.begin(), voters.end()));
}

constexpr VoteResult kResults[] = {VoteResult::kPending, VoteResult::kWon,
                                   VoteResult::kLost};

TEST(QuorumTest, JointVoteWithItselfChangesNothing) {
  for (VoteResult result : kResults)
    EXPECT_EQ(JointVote(result, result), result);
}

TEST(QuorumTest, JointVoteIsBlindToTheOrderOfItsSides) {
  for (VoteResult a : kResults) {
    for (VoteResult b : kResults) EXPECT_EQ(JointVote(a, b), JointVote(b, a));
  }
}

TEST(QuorumTest, JointVoteNeedsBothAndLosesWithEither) {
  EXPECT_EQ(JointVote(VoteResult::kWon, VoteResult::kPending),
            VoteResult::kPending);
  EXPECT_EQ(JointVote(VoteResult::kWon, VoteResult::kLost), VoteResult::kLost);
  EXPECT_EQ(JointVote(VoteResult::kPending, VoteResult::kLost),
            VoteResult::kLost);
}

// No choice of the missing votes can turn a decided joint vote.
TEST(QuorumTest, JointVoteNeverTurns) {
  for (VoteResult a : kResults) {
    for (VoteResult b : kResults) {
      if (a != VoteResult::kPending) continue;
      const VoteResult now = JointVote(a, b);
      if (now == VoteResult::kPending) continue;
      EXPECT_EQ(JointVote(VoteResult::kWon, b), now);
      EXPECT_EQ(JointVote(VoteResult::kLost, b), now);
    }
  }
}

}  // namespace
}  // namespace quorate::consensus
