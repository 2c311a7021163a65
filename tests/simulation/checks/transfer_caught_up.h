// A leader hands over only to a voter that has its whole log on disk, so that
// the heir can win and nothing waits for it.

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_TRANSFER_CAUGHT_UP_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_TRANSFER_CAUGHT_UP_H_

#include <map>

#include "coord/base/ids.h"
#include "coord/consensus/message.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/checks/check.h"
#include "tests/simulation/checks/history.h"
#include "tests/simulation/checks/per_member.h"

namespace quorate::simulation {

class TransferCaughtUp : public Check {
 public:
  TransferCaughtUp() : Check("transfer to one caught up") {}

  void OnStart(const MemberView& member,
               const consensus::DurableState& recovered) override;
  void OnOutput(const MemberView& member,
                const consensus::Output& output) override;
  void OnDurable(const MemberView& member,
                 const consensus::DurableState& on_disk) override;

 private:
  void CheckOrder(const MemberView& member, const consensus::Envelope& order);

  std::map<MemberKey, History> disks_;
  PerMember<consensus::Zxid> last_;  // of its log, before its next output
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_TRANSFER_CAUGHT_UP_H_
