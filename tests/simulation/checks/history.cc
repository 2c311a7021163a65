#include "tests/simulation/checks/history.h"

#include <algorithm>
#include <cstddef>

#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"

namespace quorate::simulation {

using consensus::EpochRun;
using consensus::Zxid;

void History::Reset(Zxid base) {
  base_ = base;
  runs_.clear();
}

void History::Append(Zxid zxid) {
  if (!runs_.empty() && runs_.back().epoch == zxid.epoch() &&
      runs_.back().last + 1 == zxid.counter()) {
    ++runs_.back().last;
  } else {
    runs_.push_back({zxid.epoch(), zxid.counter(), zxid.counter()});
  }
}

void History::TruncateAfter(Zxid zxid) {
  while (!runs_.empty()) {
    EpochRun& run = runs_.back();
    if (Zxid(run.epoch, run.last) <= zxid) return;
    if (Zxid(run.epoch, run.first) <= zxid) {
      run.last = zxid.counter();
      return;
    }
    runs_.pop_back();
  }
}

size_t History::FollowDisk(const consensus::DurableState& on_disk) {
  const auto& log = on_disk.log;
  size_t fresh = log.size();
  // One sync may cut a log and append lower zxids than it ended with.
  while (fresh > 0 && !Contains(log[fresh - 1].zxid)) --fresh;
  if (fresh == 0) {
    Reset(on_disk.log_base);
  } else {
    TruncateAfter(log[fresh - 1].zxid);
    base_ = std::max(base_, on_disk.log_base);
  }
  for (size_t at = fresh; at < log.size(); ++at) Append(log[at].zxid);
  return fresh;
}

void History::FollowLog(const consensus::Output& output) {
  if (output.install_snapshot.has_value()) {
    Reset(output.install_snapshot->zxid);
  }
  if (output.truncate_after.has_value()) TruncateAfter(*output.truncate_after);
  for (const consensus::Record& record : output.append) Append(record.zxid);
}

Zxid History::last() const {
  if (runs_.empty()) return base_;
  return std::max(base_, Zxid(runs_.back().epoch, runs_.back().last));
}

bool History::Contains(Zxid zxid) const {
  if (zxid <= base_) return true;
  for (auto run = runs_.rbegin(); run != runs_.rend(); ++run) {
    if (zxid >= Zxid(run->epoch, run->first)) {
      return zxid <= Zxid(run->epoch, run->last);
    }
  }
  return false;
}

}  // namespace quorate::simulation
