// History: which records a log holds, as runs of counters by epoch.
//
// A few numbers stand for thousands of records, so that a check can follow
// every disk and every log of a cluster at little cost. Records at or below the
// base, which a snapshot covers, count as held.

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_HISTORY_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_HISTORY_H_

#include <cstddef>
#include <vector>

#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "coord/consensus/zxid.h"

namespace quorate::simulation {

class History {
 public:
  // Forgets all and starts behind `base`.
  void Reset(consensus::Zxid base);
  void Append(consensus::Zxid zxid);
  // Removes what lies above `zxid`.
  void TruncateAfter(consensus::Zxid zxid);

  // Brings it up to date with what is on a disk. Returns the position in
  // on_disk.log of the first record that was not there the last time; the cost
  // is that of the records behind it.
  size_t FollowDisk(const consensus::DurableState& on_disk);
  // Likewise with what a core did to its log.
  void FollowLog(const consensus::Output& output);

  consensus::Zxid base() const { return base_; }
  consensus::Zxid last() const;  // base() if empty
  bool Contains(consensus::Zxid zxid) const;
  const std::vector<consensus::EpochRun>& runs() const { return runs_; }

 private:
  consensus::Zxid base_;
  std::vector<consensus::EpochRun> runs_;  // ascending
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_HISTORY_H_
