// Two records with the same zxid are the same record behind the same record,
// whoever holds them; and zxids follow one another without a gap.

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_LOG_MATCHING_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_LOG_MATCHING_H_

#include <cstdint>
#include <map>

#include "absl/container/flat_hash_map.h"
#include "coord/base/ids.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/checks/check.h"
#include "tests/simulation/checks/per_member.h"

namespace quorate::simulation {

class LogMatching : public Check {
 public:
  LogMatching() : Check("log matching") {}

  void OnStart(const MemberView& member,
               const consensus::DurableState& recovered) override;
  void OnOutput(const MemberView& member,
                const consensus::Output& output) override;

 private:
  struct Known {
    consensus::Record record;
    consensus::Zxid preceding;
  };
  using Records = absl::flat_hash_map<uint64_t, Known>;  // by zxid

  void Compare(const MemberView& member, Records& records,
               consensus::Zxid preceding, const consensus::Record& record);

  std::map<EnsembleId, Records> records_;
  PerMember<consensus::Zxid> last_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_LOG_MATCHING_H_
