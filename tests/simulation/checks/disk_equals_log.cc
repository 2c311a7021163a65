#include "tests/simulation/checks/disk_equals_log.h"

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/log_view.h"
#include "coord/consensus/output.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/checks/same_record.h"

namespace quorate::simulation {

using consensus::LogView;
using consensus::Record;

void DiskEqualsLog::OnStart(const MemberView& member,
                            const consensus::DurableState& recovered) {
  disks_[member.index].Reset(consensus::Zxid());
  OnDurable(member, recovered);
}

void DiskEqualsLog::OnDurable(const MemberView& member,
                              const consensus::DurableState& on_disk) {
  const LogView& log = member.core->log();
  const size_t fresh = disks_[member.index].FollowDisk(on_disk);
  for (size_t at = fresh; at < on_disk.log.size(); ++at) {
    const Record& record = on_disk.log[at];
    // What the core has cut off or compacted meanwhile is not compared.
    if (record.zxid <= log.base() || !log.Contains(record.zxid)) continue;
    if (SameRecord(record, log.Get(record.zxid))) continue;
    Report(absl::StrCat("the disk of ", ToString(member.core->key()),
                        " differs from its log at ", ToString(record.zxid)));
  }
}

void DiskEqualsLog::OnOutput(const MemberView& member,
                             const consensus::Output& /*output*/) {
  const consensus::Core& core = *member.core;
  if (disks_[member.index].Contains(core.durable())) return;
  Report(absl::StrCat(ToString(core.key()), " takes ", ToString(core.durable()),
                      " for durable; on its disk is ",
                      ToString(disks_[member.index].last())));
}

}  // namespace quorate::simulation
