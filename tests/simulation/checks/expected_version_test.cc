#include "tests/simulation/checks/expected_version.h"

#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "gtest/gtest.h"
#include "tests/simulation/checks/check_test_support.h"

namespace quorate::simulation {
namespace {

TEST(ExpectedVersion, ComparesWhatWasAcceptedWithWhatWasExpected) {
  const auto core = Start(DiskOf(1, Founding({1, 2, 3})));
  consensus::AdmissionDecision decision;
  decision.outcome = consensus::AdmissionDecision::Outcome::kAccepted;
  decision.next = WithLearners(Founding({1, 2, 3}), {4});
  consensus::MembershipChange change;
  ExpectedVersion check;
  change.expected_version = 1;
  check.OnChange(View(0, *core), change, decision);
  EXPECT_TRUE(check.violations().empty());
  change.expected_version = 7;
  check.OnChange(View(0, *core), change, decision);
  EXPECT_EQ(check.violations().size(), 1u);
  decision.outcome = consensus::AdmissionDecision::Outcome::kRefused;
  check.OnChange(View(0, *core), change, decision);
  EXPECT_EQ(check.violations().size(), 1u);
}

}  // namespace
}  // namespace quorate::simulation
