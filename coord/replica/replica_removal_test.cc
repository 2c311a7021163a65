// What is left of a member that was removed.

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/replica/testing/harness.h"
#include "gtest/gtest.h"

namespace quorate::replica {
namespace {

using Outcome = consensus::AdmissionDecision::Outcome;

// The mark was once taken from the core and dropped, because the member had
// stopped by then.
TEST(ReplicaRemovalTest, AMemberThatWasRemovedKnowsItAtItsNextStart) {
  Harness harness(3);
  const int leader = harness.Elect();
  const int follower = harness.Follower();
  harness.Advance(15'000);
  harness.Isolate(follower);
  harness.Advance(10'000);
  consensus::MembershipChange change;
  change.change_id = 7;
  change.expected_version = 1;
  change.remove = {MemberId{static_cast<uint64_t>(follower)}};
  ASSERT_EQ(harness.member(leader).ChangeMembership(change).outcome,
            Outcome::kAccepted);
  harness.Advance(2'000);
  harness.Heal();
  harness.Advance(5'000);
  ASSERT_FALSE(harness.member(follower).stop_reason().ok()) << "it was told";

  harness.Crash(follower);
  harness.Isolate(follower);
  harness.Restart(follower);
  const absl::Status why = harness.member(follower).stop_reason();
  EXPECT_TRUE(absl::StrContains(why.message(), "was removed")) << why;
}

}  // namespace
}  // namespace quorate::replica
