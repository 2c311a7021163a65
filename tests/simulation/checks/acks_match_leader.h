// An ack names a record that stands in the log of the leader it goes to, never
// one of another history that the member happens to hold.

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_ACKS_MATCH_LEADER_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_ACKS_MATCH_LEADER_H_

#include <map>

#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/checks/check.h"
#include "tests/simulation/checks/history.h"
#include "tests/simulation/checks/per_member.h"

namespace quorate::simulation {

class AcksMatchLeader : public Check {
 public:
  AcksMatchLeader() : Check("acks match the leader") {}

  void OnStart(const MemberView& member,
               const consensus::DurableState& recovered) override;
  void OnOutput(const MemberView& member,
                const consensus::Output& output) override;

 private:
  struct Reign {
    int index = 0;
    bool over = false;
  };

  void CheckAck(const MemberView& member, consensus::Epoch epoch,
                consensus::Zxid acknowledged);
  void NoteReign(const MemberView& member);

  std::map<EnsembleId, std::map<consensus::Epoch, Reign>> reigns_;
  PerMember<History> logs_;
  PerMember<Reign*> reign_of_;  // the one that the member leads now
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_ACKS_MATCH_LEADER_H_
