#include "tests/simulation/checks/log_matching.h"

#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/output.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/checks/same_record.h"

namespace quorate::simulation {
namespace {

using consensus::Record;
using consensus::RecordKind;
using consensus::Zxid;

// NEWLEADER opens an epoch with counter 0; counters have no gap.
bool MayFollow(Zxid preceding, const Record& record) {
  if (record.zxid == consensus::kFoundingZxid) return preceding.IsNone();
  if (record.zxid.counter() == 0) {
    return record.kind == RecordKind::kNewLeader &&
           preceding.epoch() < record.zxid.epoch();
  }
  return record.kind != RecordKind::kNewLeader &&
         preceding == Zxid(record.zxid.epoch(), record.zxid.counter() - 1);
}

}  // namespace

void LogMatching::OnStart(const MemberView& member,
                          const consensus::DurableState& recovered) {
  Zxid& last = last_[member.index];
  last = recovered.log_base;
  Records& records = records_[recovered.hard_state.ensemble];
  for (const Record& record : recovered.log) {
    Compare(member, records, last, record);
    last = record.zxid;
  }
}

void LogMatching::OnOutput(const MemberView& member,
                           const consensus::Output& output) {
  Zxid& last = last_[member.index];
  if (output.install_snapshot.has_value()) last = output.install_snapshot->zxid;
  if (output.truncate_after.has_value()) last = *output.truncate_after;
  if (output.append.empty()) return;
  Records& records = records_[member.core->hard_state().ensemble];
  for (const Record& record : output.append) {
    if (!MayFollow(last, record)) {
      Report(absl::StrCat(ToString(member.core->key()), " appended ",
                          ToString(record.zxid), " behind ", ToString(last)));
    }
    Compare(member, records, last, record);
    last = record.zxid;
  }
}

void LogMatching::Compare(const MemberView& member, Records& records,
                          Zxid preceding, const Record& record) {
  const auto [place, fresh] =
      records.try_emplace(record.zxid.value(), Known{record, preceding});
  if (fresh) return;
  const Known& known = place->second;
  if (known.preceding == preceding && SameRecord(known.record, record)) return;
  Report(absl::StrCat(
      ToString(member.core->key()), " holds ", ToString(record.zxid),
      " behind ", ToString(preceding), "; elsewhere it stands behind ",
      ToString(known.preceding),
      SameRecord(known.record, record) ? "" : " and says something else"));
}

}  // namespace quorate::simulation
