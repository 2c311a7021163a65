// A snapshot is installed only whole: its pieces were received in order,
// without a gap or an overlap, and sum up to its size.

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_SNAPSHOT_WHOLE_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_SNAPSHOT_WHOLE_H_

#include <cstdint>

#include "coord/consensus/message.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/checks/check.h"
#include "tests/simulation/checks/per_member.h"

namespace quorate::simulation {

class SnapshotWhole : public Check {
 public:
  SnapshotWhole() : Check("snapshots are whole") {}

  void OnStart(const MemberView& member,
               const consensus::DurableState& recovered) override;
  void OnOutput(const MemberView& member,
                const consensus::Output& output) override;

 private:
  struct Incoming {
    consensus::Zxid zxid;
    uint64_t received = 0;
  };

  PerMember<Incoming> incoming_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_SNAPSHOT_WHOLE_H_
