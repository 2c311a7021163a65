// Planner: the next safe step from a running ensemble towards a target.
//
// It remembers nothing: ensemble and target are all that it looks at. So who
// was interrupted goes on by asking again, from wherever, and two who ask at
// the same time plan the same; the expected version lets one of them be first.
//
// Which step, the first of these that admission allows now:
//
//  1. Voters that are dead and not wanted are removed, unless fewer voters
//     would stay than are wanted, or than the floor.
//  2. Learners that are not wanted are removed.
//  3. Newcomers are added as learners, as many at once as may be; those that
//     are to vote come first and are never shut out by those that are not.
//  4. A learner that is to vote is promoted, one a change. If a voter is to go,
//     it goes in the same change, once there are as many voters as are wanted;
//     a dead one at once.
//  5. When nobody is left to promote, voters that are not wanted go, one a
//     change.
//
// So the ensemble never has fewer voters than before or than wanted, whichever
// is less, and newcomers wait for their promotion at the same time. The leader
// goes last of all: it leads until that change is committed and hands over then
// (rule 18). To hand over before would start every clock of rules 13 and 14
// again and so delay the change, for nothing.
//
// Pure.

#ifndef QUORATE_TOOLS_QUORATE_PROVISION_PLANNER_H_
#define QUORATE_TOOLS_QUORATE_PROVISION_PLANNER_H_

#include <cstdint>
#include <string>

#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/rule.h"
#include "tools/quorate/provision/target.h"

namespace quorate::tools {

struct Step {
  enum class Kind {
    kDone,     // the ensemble is as wanted
    kChange,   // make `change`
    kWait,     // ask again in `wait_ms`: a rule allows something then
    kBlocked,  // no waiting is known to help; something else may
  };
  Kind kind = Kind::kDone;
  // The change to make, or the one that is waited for, if that is known. Its
  // expected version is set, its id is not.
  consensus::MembershipChange change;
  int64_t wait_ms = 0;
  // kWait, kBlocked: why. The rule is kNone if no rule is.
  consensus::Refusal refusal;
};

Step NextStep(const TargetMembers& target,
              const consensus::AdmissionFacts& facts, MemberId leader);

// "add 4 (host:7404) and 5 (host:7405) as learners", "promote 4", "replace 1 by
// 4", "remove 5".
std::string DescribeChange(const consensus::MembershipChange& change);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_PROVISION_PLANNER_H_
