#include "tests/simulation/ensemble/ledger.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coord/base/bytes.h"
#include "coord/consensus/log_view.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"
#include "coord/tree/state_machine.h"
#include "tests/simulation/ensemble/history.h"

namespace quorate::simulation {

using consensus::Zxid;

void Ledger::Forget(int index) {
  const auto at = static_cast<size_t>(index);
  if (seen_.size() <= at) seen_.resize(at + 1);
  seen_[at] = {};
}

void Ledger::Observe(int index, Zxid commit, const consensus::LogView& log,
                     const tree::StateMachine& state) {
  Seen& seen = seen_[static_cast<size_t>(index)];
  if (commit > seen.commit) {
    Zxid preceding = std::max(seen.commit, log.base());
    if (log.Contains(preceding)) {
      const consensus::Record* record = log.After(preceding);
      while (record != nullptr && record->zxid <= commit) {
        Take(index, preceding, *record);
        preceding = record->zxid;
        record = log.After(preceding);
      }
    } else {
      world_.Report("committed_log",
                    absl::StrCat("member ", index, " has committed ",
                                 ToString(preceding), " and lost it"));
    }
    seen.commit = commit;
  }
  if (state.applied() != seen.applied) {
    seen.applied = state.applied();
    NoteState(index, state);
  }
}

void Ledger::Take(int index, Zxid preceding, const consensus::Record& record) {
  std::vector<CommittedRecord>& log = world_.history.log;
  const Zxid last = log.empty() ? Zxid() : log.back().zxid;
  if (record.zxid > last) {
    if (preceding != last) {
      world_.Report(
          "committed_log",
          absl::StrCat("member ", index, " commits ", ToString(record.zxid),
                       " behind ", ToString(preceding), "; the last was ",
                       ToString(last)));
    }
    log.push_back({record.zxid, record.kind, record.payload, world_.now()});
    return;
  }
  const auto found = std::lower_bound(
      log.begin(), log.end(), record.zxid,
      [](const CommittedRecord& each, Zxid zxid) { return each.zxid < zxid; });
  const bool same =
      found != log.end() && found->zxid == record.zxid &&
      found->kind == record.kind &&
      SizeOf(found->payload) == SizeOf(record.payload) &&
      (record.payload == found->payload || SizeOf(record.payload) == 0 ||
       *record.payload == *found->payload);
  if (!same) {
    world_.Report("committed_log",
                  absl::StrCat("member ", index, " commits another record at ",
                               ToString(record.zxid)));
  }
}

void Ledger::NoteState(int index, const tree::StateMachine& state) {
  world_.trace.Add(state.digest());
  const auto [at, added] = digests_.emplace(state.applied(), state.digest());
  if (!added && at->second != state.digest()) {
    world_.Report("state_digest",
                  absl::StrCat("member ", index, " has another state at ",
                               ToString(state.applied())));
  }
}

}  // namespace quorate::simulation
