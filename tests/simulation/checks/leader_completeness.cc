#include "tests/simulation/checks/leader_completeness.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/checks/history.h"

namespace quorate::simulation {

using consensus::Epoch;
using consensus::EpochRun;
using consensus::Zxid;

void LeaderCompleteness::OnStart(const MemberView& member,
                                 const consensus::DurableState& recovered) {
  logs_[member.index].Reset(Zxid());
  logs_[member.index].FollowDisk(recovered);
  reigns_[member.index] = {};
}

void LeaderCompleteness::OnOutput(const MemberView& member,
                                  const consensus::Output& output) {
  const consensus::Core& core = *member.core;
  const EnsembleId& ensemble = core.hard_state().ensemble;
  History& log = logs_[member.index];
  log.FollowLog(output);
  if (core.IsLeader()) {
    Reign& reign = reigns_[member.index];
    if (reign.epoch != core.epoch()) {
      reign.epoch = core.epoch();
      LeaderAppears(ensemble, core.key(), core.epoch(), log);
    }
    if (reign.commit != core.commit()) {
      reign.commit = core.commit();
      LeaderCommits(ensemble, core.epoch(), core.commit());
    }
  }
  for (const consensus::Record& record : output.committed) {
    Committed(ensemble, record.zxid);
  }
}

void LeaderCompleteness::LeaderAppears(const EnsembleId& ensemble,
                                       const MemberKey& key, Epoch epoch,
                                       const History& log) {
  Ensemble& known = ensembles_[ensemble];
  known.leaders[epoch] = log;
  for (const EpochRun& run : known.committed.runs()) {
    // A late leader of an epoch that is over need not have what came after.
    if (run.epoch >= epoch) return;
    for (const Zxid zxid :
         {Zxid(run.epoch, run.first), Zxid(run.epoch, run.last)}) {
      if (log.Contains(zxid)) continue;
      return Report(absl::StrCat(ToString(key), " leads epoch ", epoch,
                                 " without the committed record ",
                                 ToString(zxid)));
    }
  }
}

void LeaderCompleteness::Committed(const EnsembleId& ensemble, Zxid zxid) {
  History& committed = ensembles_[ensemble].committed;
  if (zxid > committed.last()) committed.Append(zxid);
}

void LeaderCompleteness::LeaderCommits(const EnsembleId& ensemble, Epoch epoch,
                                       Zxid zxid) {
  const auto& leaders = ensembles_[ensemble].leaders;
  for (auto later = leaders.upper_bound(epoch); later != leaders.end();
       ++later) {
    if (later->second.Contains(zxid)) continue;
    return Report(absl::StrCat("the leader of epoch ", epoch, " commits ",
                               ToString(zxid), ", which the leader of epoch ",
                               later->first, " lacks"));
  }
}

}  // namespace quorate::simulation
