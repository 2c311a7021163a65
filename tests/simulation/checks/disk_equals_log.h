// The disk holds the core's log: every record that becomes durable is the one
// in the core's log, and all that the core takes for durable is on the disk.

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_DISK_EQUALS_LOG_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_DISK_EQUALS_LOG_H_

#include "tests/simulation/checks/check.h"
#include "tests/simulation/checks/history.h"
#include "tests/simulation/checks/per_member.h"

namespace quorate::simulation {

class DiskEqualsLog : public Check {
 public:
  DiskEqualsLog() : Check("disk equals log") {}

  void OnStart(const MemberView& member,
               const consensus::DurableState& recovered) override;
  void OnOutput(const MemberView& member,
                const consensus::Output& output) override;
  void OnDurable(const MemberView& member,
                 const consensus::DurableState& on_disk) override;

 private:
  PerMember<History> disks_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_DISK_EQUALS_LOG_H_
