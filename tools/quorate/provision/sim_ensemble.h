// SimEnsemble: a running ensemble as whoever changes it sees it, for tests of
// the planner. Members come, are silent and go; leaders change; changes take
// their time, and a new leader may take them back. Admission is the real one.
//
// It has no log and no votes: who leads is taken from whoever runs. Time is
// simulated, in milliseconds; all chance comes from the seed.

#ifndef QUORATE_TOOLS_QUORATE_PROVISION_SIM_ENSEMBLE_H_
#define QUORATE_TOOLS_QUORATE_PROVISION_SIM_ENSEMBLE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "coord/base/ids.h"
#include "coord/base/seeded_random.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/limits.h"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/provision/target.h"

namespace quorate::tools {

// Member N is at "host:N" with incarnation 100 + N.
std::string SimAddress(uint64_t id);

class SimEnsemble {
 public:
  // The founders run, and one of them leads; nobody is seasoned yet.
  SimEnsemble(const std::vector<uint64_t>& founders,
              const consensus::Limits& limits, uint64_t seed);

  int64_t now_ms() const { return now_ms_; }
  void Advance(int64_t ms);

  // A process with an empty disk; it does not join by itself.
  void StartNewcomer(uint64_t id);
  // One that belongs, or a newcomer, is down, and is up again.
  void Stop(uint64_t id);
  void Start(uint64_t id);
  bool Runs(uint64_t id) const;
  // Somebody else leads, if anybody else can. A change that is not committed
  // may be taken back.
  void ChangeLeader();

  // As the leader tells them; nothing: there is no leader.
  std::optional<coord::v1::MembersResponse> Members() const;
  // As newcomers, members and those that are down answer.
  Answers Ask(const std::vector<std::string>& addresses) const;
  // As the leader answers; nothing: there is no leader.
  std::optional<coord::v1::ChangeMembershipResponse> Change(
      const coord::v1::ChangeMembershipRequest& request);

  const consensus::Configuration& configuration() const {
    return *configuration_;
  }
  uint64_t leader() const { return leader_.value; }
  bool is_committed() const { return committed_; }
  // What the leader itself would judge by. REQUIRES: there is one.
  consensus::AdmissionFacts Facts() const;

 private:
  struct Process {
    bool runs = true;
    bool belongs = false;
    bool removed = false;
    int64_t caught_up_at_ms = 0;
  };

  void Tick();
  void Hear();
  void Commit();
  void Elect();
  void Adopt(consensus::Configuration next);
  bool HasQuorum() const;
  consensus::MemberFacts& FactsOfMember(const consensus::Member& member);

  SeededRandom random_;
  int64_t now_ms_ = 1'000'000;
  std::map<uint64_t, Process> processes_;
  consensus::ConfigurationPtr configuration_;
  consensus::ConfigurationPtr before_;  // what a new leader may go back to
  bool committed_ = true;
  int64_t commits_at_ms_ = 0;
  MemberId leader_;
  int64_t leader_since_ms_ = 0;
  int64_t settled_at_ms_ = 0;  // NEWLEADER is committed
  std::optional<int64_t> elects_at_ms_;
  std::optional<int64_t> last_promotion_ms_;
  std::map<uint64_t, consensus::MemberFacts> facts_;
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_PROVISION_SIM_ENSEMBLE_H_
