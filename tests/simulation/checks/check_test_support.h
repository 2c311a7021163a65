// Hand-made members, records and messages for the tests of the checks.
//
// Member N has incarnation 100 + N and the address "mN:1". All belong to one
// ensemble unless a test says otherwise.

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_CHECK_TEST_SUPPORT_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_CHECK_TEST_SUPPORT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/checks/check.h"

namespace quorate::simulation {

inline constexpr EnsembleId kOurs = {7, 7};
inline constexpr EnsembleId kOthers = {8, 8};

MemberKey Key(uint64_t id);
consensus::Member MakeMember(uint64_t id);

// Version 1 with these voters.
consensus::Configuration Founding(const std::vector<uint64_t>& voters,
                                  const consensus::Limits& limits = {});
// What changes lead to. Each must make sense.
consensus::Configuration WithLearners(const consensus::Configuration& from,
                                      const std::vector<uint64_t>& learners);
consensus::Configuration Joint(const consensus::Configuration& from,
                               const std::vector<uint64_t>& promote,
                               const std::vector<uint64_t>& remove);

consensus::Record Txn(consensus::Zxid zxid, const std::string& text = "x");
consensus::Record NewLeader(consensus::Epoch epoch);
consensus::Record ConfigurationRecord(
    consensus::Zxid zxid, const consensus::Configuration& configuration);

// The disk of a member that holds the founding record.
consensus::DurableState DiskOf(uint64_t id,
                               const consensus::Configuration& configuration);
// The disk of a member that belongs to no ensemble.
consensus::DurableState EmptyDiskOf(uint64_t id);

// A process on that disk, a follower or joiner.
std::unique_ptr<consensus::Core> Start(const consensus::DurableState& disk);
// A process that is the only voter of its ensemble, led to leadership of the
// first epoch above the accepted one. Its outputs are dropped.
std::unique_ptr<consensus::Core> StartLeader(
    const consensus::DurableState& disk);

MemberView View(int index, const consensus::Core& core);

consensus::Envelope Message(uint64_t from, uint64_t to,
                            consensus::Message message);
// An output that sends just this.
consensus::Output Sends(consensus::Envelope envelope);

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_CHECK_TEST_SUPPORT_H_
