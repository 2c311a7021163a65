// Acknowledged means durable: when a promise leaves a member, its disk keeps
// it.
//
// An ack promises the records up to its zxid and the epoch it is given in, a
// granted vote the vote, a founder's confirmation its manifest. The core sends
// a message only when what it promises is durable, so everything in an output
// may be compared with the disk as it is at that moment. What is handed out as
// committed must be on the own disk too.

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_ACKNOWLEDGED_DURABLE_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_ACKNOWLEDGED_DURABLE_H_

#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/checks/check.h"
#include "tests/simulation/checks/history.h"
#include "tests/simulation/checks/per_member.h"

namespace quorate::simulation {

class AcknowledgedDurable : public Check {
 public:
  AcknowledgedDurable() : Check("acknowledged means durable") {}

  void OnStart(const MemberView& member,
               const consensus::DurableState& recovered) override;
  void OnOutput(const MemberView& member,
                const consensus::Output& output) override;
  void OnDurable(const MemberView& member,
                 const consensus::DurableState& on_disk) override;

 private:
  struct OnDisk {
    consensus::HardState hard_state;
    History log;
  };

  // Nothing is wrong if they return without a report.
  void CheckAck(const MemberView& member, consensus::Epoch epoch,
                consensus::Zxid acknowledged);
  void CheckVote(const MemberView& member, const consensus::Envelope& envelope,
                 const consensus::VoteReply& reply);
  void CheckMessage(const MemberView& member,
                    const consensus::Envelope& envelope);

  PerMember<OnDisk> disks_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_ACKNOWLEDGED_DURABLE_H_
