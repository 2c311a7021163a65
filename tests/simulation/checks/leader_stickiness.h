// Whoever hears a leader helps no other candidate: within the shortest election
// time-out since it heard its leader, a follower grants neither a pre-vote nor
// a vote to anybody else, unless that leader itself hands over (rule 19).

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_LEADER_STICKINESS_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_LEADER_STICKINESS_H_

#include <cstdint>
#include <map>
#include <utility>

#include "coord/base/ids.h"
#include "coord/consensus/message.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/checks/check.h"
#include "tests/simulation/checks/per_member.h"

namespace quorate::simulation {

class LeaderStickiness : public Check {
 public:
  LeaderStickiness() : Check("leader stickiness") {}

  void OnStart(const MemberView& member,
               const consensus::DurableState& recovered) override;
  void OnMessage(const MemberView& member,
                 const consensus::Envelope& envelope) override;
  void OnMessageDone(const MemberView& member,
                     const consensus::Envelope& envelope) override;
  void OnOutput(const MemberView& member,
                const consensus::Output& output) override;

 private:
  struct Listener {
    MemberId leader;  // none: it hears none
    int64_t heard_ms = 0;
    // Before the message that is being delivered.
    bool must_refuse = false;
    consensus::Epoch epoch_before = 0;
    // May a request for a pre-vote be granted? By candidate and epoch asked:
    // a full disk can hold a reply back while the candidate asks for more.
    std::map<std::pair<MemberId, consensus::Epoch>, bool> may_grant;
  };

  static bool HearsAnother(const MemberView& member, const Listener& listener,
                           MemberId candidate);

  PerMember<Listener> listeners_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_LEADER_STICKINESS_H_
