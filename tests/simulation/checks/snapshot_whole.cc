#include "tests/simulation/checks/snapshot_whole.h"

#include "absl/strings/str_cat.h"
#include "coord/base/bytes.h"
#include "coord/base/ids.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "coord/consensus/zxid.h"

namespace quorate::simulation {

void SnapshotWhole::OnStart(const MemberView& member,
                            const consensus::DurableState& /*recovered*/) {
  incoming_[member.index] = {};
}

void SnapshotWhole::OnOutput(const MemberView& member,
                             const consensus::Output& output) {
  Incoming& incoming = incoming_[member.index];
  for (const consensus::SnapshotChunk& chunk : output.snapshot_chunks) {
    if (chunk.offset == 0) incoming = {chunk.meta.zxid, 0};
    if (chunk.meta.zxid != incoming.zxid || chunk.offset != incoming.received ||
        SizeOf(chunk.data) != chunk.length) {
      Report(absl::StrCat(ToString(member.core->key()), " takes bytes ",
                          chunk.offset, " to ", chunk.offset + chunk.length,
                          " of the snapshot at ", ToString(chunk.meta.zxid),
                          "; it holds ", incoming.received, " of that at ",
                          ToString(incoming.zxid)));
    }
    incoming.received += chunk.length;
  }
  if (!output.install_snapshot.has_value()) return;
  const consensus::SnapshotMeta& meta = *output.install_snapshot;
  if (meta.zxid != incoming.zxid || meta.size_bytes != incoming.received) {
    Report(absl::StrCat(ToString(member.core->key()), " installs ",
                        incoming.received, " bytes as the snapshot at ",
                        ToString(meta.zxid), " of ", meta.size_bytes));
  }
  incoming = {};
}

}  // namespace quorate::simulation
