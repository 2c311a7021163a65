#include "tests/simulation/checks/committed_for_ever.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/output.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/checks/same_record.h"

namespace quorate::simulation {

using consensus::Record;
using consensus::Zxid;

void CommittedForEver::OnStart(const MemberView& member,
                               const consensus::DurableState& recovered) {
  next_[member.index] = 0;
  if (recovered.snapshot.has_value()) {
    MoveTo(member, recovered.snapshot->zxid);
  }
}

void CommittedForEver::OnOutput(const MemberView& member,
                                const consensus::Output& output) {
  if (output.install_snapshot.has_value()) {
    MoveTo(member, output.install_snapshot->zxid);
  }
  if (output.committed.empty()) return;
  Chain& chain = chains_[member.core->hard_state().ensemble];
  size_t& next = next_[member.index];
  for (const Record& record : output.committed) {
    HandOut(member, chain, next, record);
  }
}

void CommittedForEver::MoveTo(const MemberView& member, Zxid snapshot) {
  Chain& chain = chains_[member.core->hard_state().ensemble];
  if (chain.records.empty() && chain.base.IsNone()) chain.base = snapshot;
  size_t& next = next_[member.index];
  if (snapshot == chain.base) {
    next = 0;
    return;
  }
  const auto found = std::lower_bound(
      chain.records.begin(), chain.records.end(), snapshot,
      [](const Record& record, Zxid zxid) { return record.zxid < zxid; });
  if (found == chain.records.end() || found->zxid != snapshot) {
    Report(absl::StrCat(ToString(member.core->key()), " has a snapshot at ",
                        ToString(snapshot), ", which was never committed"));
    return;
  }
  next = static_cast<size_t>(found - chain.records.begin()) + 1;
}

void CommittedForEver::HandOut(const MemberView& member, Chain& chain,
                               size_t& next, const Record& record) {
  if (next == chain.records.size()) {
    chain.records.push_back(record);
  } else if (!SameRecord(chain.records[next], record)) {
    Report(absl::StrCat(
        ToString(member.core->key()), " hands out ", ToString(record.zxid),
        " as number ", next + 1, ", where ", ToString(chain.records[next].zxid),
        chain.records[next].zxid == record.zxid ? " with another content" : "",
        " was handed out before"));
  }
  ++next;
}

}  // namespace quorate::simulation
