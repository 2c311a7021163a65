// Runner, where there are membership rules: the hurried operator, and the same
// growth done as it should be.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tools/quorate/drill/patience.h"
#include "tools/quorate/drill/record.h"
#include "tools/quorate/drill/runner.h"
#include "tools/quorate/drill/schedule.h"
#include "tools/quorate/drill/stage.h"
#include "tools/quorate/drill/timeline.h"

namespace quorate::tools {
namespace {

constexpr absl::Duration kLongest = absl::Minutes(2);
constexpr absl::Duration kWriteTimeout = absl::Seconds(10);

}  // namespace

absl::Status Runner::Hurry(bool cut_off) {
  absl::Status status = patience_.Until(
      [&] {
        return std::all_of(
            plan_.newcomers.begin(), plan_.newcomers.end(),
            [&](uint64_t id) { return stage_.Look(id).answers; });
      },
      kLongest, "the newcomers answer");
  if (status.ok()) status = AskAllWays();
  if (!status.ok() || cut_off) return status;
  // Once each of them is fit for promotion by itself, only their number stands
  // in the way.
  bool told = false;
  const auto refused_as_proven = [&] {
    if (!AllProven()) return false;
    if (!Ask(plan_.newcomers, /*ready=*/true, /*dry_run=*/true).ok()) {
      return false;
    }
    told = true;
    return record_.asks.back().refusal.has_value() &&
           record_.asks.back().refusal->rule == 14;
  };
  status =
      patience_.Until(refused_as_proven, kLongest, "every newcomer is proven");
  if (absl::IsCancelled(status) || !told) return status;
  return Ask(plan_.newcomers, /*ready=*/true, /*dry_run=*/false);
}

bool Runner::AllProven() {
  const absl::StatusOr<std::vector<Operator::Member>> members =
      stage_.admin()->Members();
  if (!members.ok()) return false;
  size_t proven = 0;
  for (const Operator::Member& member : *members) {
    if (!member.voter && member.proven) ++proven;
  }
  return proven == plan_.newcomers.size();
}

absl::Status Runner::AskAllWays() {
  absl::Status status;
  for (const bool dry_run : {true, false}) {
    if (status.ok()) status = Ask(plan_.newcomers, /*ready=*/false, dry_run);
  }
  for (const uint64_t id : plan_.newcomers) {
    if (status.ok()) status = Ask({id}, /*ready=*/false, /*dry_run=*/true);
  }
  return status;
}

absl::Status Runner::Ask(std::vector<uint64_t> ids, bool ready, bool dry_run) {
  std::sort(ids.begin(), ids.end());
  struct Ask ask = {.what = absl::StrCat("promote ", absl::StrJoin(ids, " "),
                                         dry_run ? " (dry run)" : ""),
                    .all_at_once = ids.size() == plan_.newcomers.size(),
                    .ready = ready};
  // The leader may have changed a moment ago: then it is asked again.
  const auto is_answered = [&] {
    const absl::StatusOr<std::optional<Refusal>> answer =
        stage_.admin()->Promote(ids, dry_run);
    if (answer.ok()) ask.refusal = *answer;
    return answer.ok();
  };
  const absl::Status status = patience_.Until(
      is_answered, kLongest, absl::StrCat("an answer to ", ask.what));
  if (!status.ok()) return status;
  timeline_.Say(absl::StrCat(
      ask.what, ": ", ask.refusal ? Describe(*ask.refusal) : "accepted"));
  record_.asks.push_back(std::move(ask));
  return absl::OkStatus();
}

absl::Status Runner::Grow() {
  phase_ = Phase::kRegular;
  timeline_.Say("now the same as it should be done: cluster apply, to seven");
  const std::vector<uint64_t> running = stage_.Running();
  for (uint64_t id = kOldMembers + 1; id <= kAllMembers; ++id) {
    const bool runs =
        std::find(running.begin(), running.end(), id) != running.end();
    absl::Status status;
    if (runs && cut_off_) status = stage_.Stop(id);
    if (status.ok() && (!runs || cut_off_)) {
      status = stage_.Start(id, ListOf::kSeven);
    }
    if (!status.ok()) return status;
  }
  absl::Status status =
      stage_.admin()->GrowToSeven(absl::Now() + kLongest, record_.asks);
  if (absl::IsCancelled(status)) return status;
  if (!status.ok()) timeline_.Say(status.message());
  std::vector<uint64_t> all;
  for (uint64_t id = 1; id <= kAllMembers; ++id) all.push_back(id);
  status = patience_.Until([&] { return observer_.AllServe(all); }, kLongest,
                           "all seven serve");
  if (absl::IsCancelled(status)) return status;
  observer_.MakeRound(phase_, kWriteTimeout);
  const absl::StatusOr<std::vector<Operator::Member>> members =
      stage_.admin()->Members();
  if (!members.ok()) return members.status();
  for (const Operator::Member& member : *members) {
    if (member.voter) record_.voters.push_back(member.id);
  }
  timeline_.Say(absl::StrCat("voters: ", absl::StrJoin(record_.voters, " ")));
  return absl::OkStatus();
}

}  // namespace quorate::tools
