#include "tests/simulation/checks/commit_quorum.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/output.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/checks/both_majorities.h"

namespace quorate::simulation {

using consensus::Configuration;
using consensus::Zxid;

void CommitQuorum::OnStart(const MemberView& member,
                           const consensus::DurableState& recovered) {
  const consensus::Core& core = *member.core;
  OnDisk& disk = disks_[core.key()];
  History found;
  found.FollowDisk(recovered);
  if (!found.Contains(disk.now.last())) disk.before.push_back(disk.now);
  disk.now = found;
  seen_[member.index] = {false, core.epoch(), core.commit(),
                         core.configurations().Newest().configuration};
  // Only a rescued ensemble begins with something committed.
  decided_.try_emplace(core.hard_state().ensemble, core.commit());
}

void CommitQuorum::OnDurable(const MemberView& member,
                             const consensus::DurableState& on_disk) {
  disks_[member.core->key()].now.FollowDisk(on_disk);
}

void CommitQuorum::OnOutput(const MemberView& member,
                            const consensus::Output& output) {
  const consensus::Core& core = *member.core;
  Seen& seen = seen_[member.index];
  if (core.commit() != seen.commit) {
    Zxid& decided = decided_[core.hard_state().ensemble];
    if (core.IsLeader()) {
      LeaderCommits(member, seen, output);
      decided = std::max(decided, core.commit());
    } else if (core.commit() > decided &&
               !(seen.leads && core.commit().epoch() == seen.epoch)) {
      Report(absl::StrCat(ToString(core.key()), " commits ",
                          ToString(core.commit()), "; the leaders are only at ",
                          ToString(decided)));
    } else {
      // It led, committed and stepped down between two outputs.
      decided = std::max(decided, core.commit());
    }
    seen.commit = core.commit();
  }
  seen.leads = core.IsLeader();
  seen.epoch = core.epoch();
  const auto& newest = core.configurations().Newest().configuration;
  if (seen.configuration != newest) seen.configuration = newest;
}

void CommitQuorum::LeaderCommits(const MemberView& member, const Seen& seen,
                                 const consensus::Output& output) {
  const consensus::Core& core = *member.core;
  const Zxid commit = core.commit();
  if (commit.epoch() != core.epoch()) {
    // As a follower, earlier in the same output, it may have learnt of it.
    if (!seen.leads || seen.epoch != core.epoch()) return;
    return Report(absl::StrCat(ToString(core.key()), " leads epoch ",
                               core.epoch(), " and commits ", ToString(commit),
                               " of an earlier one by count alone"));
  }
  if (IsOnQuorum(core.configuration(), commit)) return;
  // One output may hold a commit and then a new configuration.
  if (seen.configuration != nullptr &&
      IsOnQuorum(*seen.configuration, commit)) {
    return;
  }
  for (const consensus::Record& record : output.append) {
    if (record.CarriesConfiguration() &&
        IsOnQuorum(*record.configuration, commit)) {
      return;
    }
  }
  Report(absl::StrCat(ToString(core.key()), " commits ", ToString(commit),
                      ", which is not on the disks of a majority of each side"
                      " of ",
                      core.configuration().Describe()));
}

bool CommitQuorum::IsOnQuorum(const Configuration& configuration,
                              Zxid zxid) const {
  return BothMajorities(configuration, [&](const MemberKey& key) {
    const auto disk = disks_.find(key);
    if (disk == disks_.end()) return false;
    return disk->second.now.Contains(zxid) ||
           std::any_of(disk->second.before.begin(), disk->second.before.end(),
                       [&](const History& h) { return h.Contains(zxid); });
  });
}

}  // namespace quorate::simulation
