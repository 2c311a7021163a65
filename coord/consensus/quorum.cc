#include "coord/consensus/quorum.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "absl/container/inlined_vector.h"
#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

bool HasMajority(absl::Span<const MemberId> voters,
                 absl::FunctionRef<bool(MemberId)> holds) {
  const auto count =
      static_cast<size_t>(std::count_if(voters.begin(), voters.end(), holds));
  return count >= MajorityOf(voters.size());
}

uint64_t MajorityNumber(absl::Span<const MemberId> voters,
                        absl::FunctionRef<uint64_t(MemberId)> reached) {
  if (voters.empty()) return 0;
  absl::InlinedVector<uint64_t, 8> numbers;
  for (MemberId voter : voters) numbers.push_back(reached(voter));
  // In descending order, the number at place majority-1 has been reached by
  // just a majority.
  auto nth = numbers.begin() +
             static_cast<std::ptrdiff_t>(MajorityOf(voters.size()) - 1);
  std::nth_element(numbers.begin(), nth, numbers.end(),
                   std::greater<uint64_t>());
  return *nth;
}

Zxid MajorityZxid(absl::Span<const MemberId> voters,
                  absl::FunctionRef<Zxid(MemberId)> reached) {
  return Zxid::FromValue(MajorityNumber(
      voters, [&](MemberId voter) { return reached(voter).value(); }));
}

VoteResult MajorityVote(absl::Span<const MemberId> voters,
                        absl::FunctionRef<std::optional<bool>(MemberId)> vote) {
  size_t granted = 0;
  size_t missing = 0;
  for (MemberId voter : voters) {
    const std::optional<bool> answer = vote(voter);
    if (!answer.has_value()) {
      ++missing;
    } else if (*answer) {
      ++granted;
    }
  }
  const size_t majority = MajorityOf(voters.size());
  if (granted >= majority) return VoteResult::kWon;
  if (granted + missing < majority) return VoteResult::kLost;
  return VoteResult::kPending;
}

VoteResult JointVote(VoteResult incoming, VoteResult outgoing) {
  if (incoming == VoteResult::kLost || outgoing == VoteResult::kLost) {
    return VoteResult::kLost;
  }
  if (incoming == VoteResult::kWon && outgoing == VoteResult::kWon) {
    return VoteResult::kWon;
  }
  return VoteResult::kPending;
}

}  // namespace quorate::consensus
