// What a leader commits is on the disks of both majorities of the newest
// configuration in its log; it is a record of the leader's own epoch, or stands
// before one; and nobody else's commit point is ahead of the leaders'.

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_COMMIT_QUORUM_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_COMMIT_QUORUM_H_

#include <map>
#include <vector>

#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/checks/check.h"
#include "tests/simulation/checks/history.h"
#include "tests/simulation/checks/per_member.h"

namespace quorate::simulation {

class CommitQuorum : public Check {
 public:
  CommitQuorum() : Check("commit needs a quorum's disks") {}

  void OnStart(const MemberView& member,
               const consensus::DurableState& recovered) override;
  void OnOutput(const MemberView& member,
                const consensus::Output& output) override;
  void OnDurable(const MemberView& member,
                 const consensus::DurableState& on_disk) override;

  // True if both majorities of `configuration` have, or had until a fault of
  // the disk took it, `zxid` on their disks.
  bool IsOnQuorum(const consensus::Configuration& configuration,
                  consensus::Zxid zxid) const;

 private:
  struct Seen {
    bool leads = false;
    consensus::Epoch epoch = 0;
    consensus::Zxid commit;
    consensus::ConfigurationPtr configuration;
  };
  // A disk, and what it held before it was copied back.
  struct OnDisk {
    History now;
    std::vector<History> before;
  };

  void LeaderCommits(const MemberView& member, const Seen& seen,
                     const consensus::Output& output);

  std::map<MemberKey, OnDisk> disks_;
  std::map<EnsembleId, consensus::Zxid> decided_;  // highest, by any leader
  PerMember<Seen> seen_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_COMMIT_QUORUM_H_
