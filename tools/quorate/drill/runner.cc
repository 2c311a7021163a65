#include "tools/quorate/drill/runner.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tools/quorate/drill/observer.h"
#include "tools/quorate/drill/patience.h"
#include "tools/quorate/drill/record.h"
#include "tools/quorate/drill/schedule.h"
#include "tools/quorate/drill/stage.h"
#include "tools/quorate/drill/timeline.h"

namespace quorate::tools {
namespace {

// Everything waits for what it waits for; these only end a drill that would
// never end, on the busiest machine.
constexpr absl::Duration kLongest = absl::Minutes(2);
// How long an operator looks at a restarted member before the next one.
constexpr absl::Duration kRestartPatience = absl::Seconds(5);
constexpr absl::Duration kWriteTimeout = absl::Seconds(10);
// Where nobody leads, a write can only wait.
constexpr absl::Duration kShortWriteTimeout = absl::Seconds(2);
constexpr absl::Duration kBetweenRounds = absl::Milliseconds(200);

std::vector<uint64_t> OldMembers() { return {1, 2, 3}; }

}  // namespace

bool Shows(Picture picture, const Round& round) {
  const std::vector<uint64_t> leaders = LeadersOf(round);
  const bool newcomer_leads =
      std::any_of(leaders.begin(), leaders.end(), IsNewcomer);
  bool all_serve = true;
  bool old_serves = false;
  for (const View& view : round.views) {
    all_serve &= view.serving;
    old_serves |= view.serving && !IsNewcomer(view.id);
  }
  switch (picture) {
    case Picture::kTwoLeaders:
      return SplitOf(round).has_value();
    case Picture::kNewcomerLeads:
      return newcomer_leads && TookWrites(round);
    case Picture::kOneEnsemble:
      return leaders.size() == 1 && all_serve && TookWrites(round);
    case Picture::kOldShutOut:
      return newcomer_leads && !old_serves && TookWrites(round);
    case Picture::kNoService:
      return !TookWrites(round);
  }
  return false;
}

absl::Status Runner::Run() {
  absl::Status status = Found();
  if (status.ok()) status = Play();
  if (status.ok() && stage_.admin() != nullptr) status = Grow();
  if (status.ok()) status = Account();
  return status;
}

absl::Status Runner::Play() {
  absl::Status status;
  for (size_t i = 0; status.ok() && i < schedule_.steps.size(); ++i) {
    const Step& step = schedule_.steps[i];
    if (!std::holds_alternative<Elections>(step)) {
      if (phase_ == Phase::kBefore) {
        phase_ = Phase::kDuring;
      } else if (watched_) {
        phase_ = Phase::kAfter;
      }
    }
    status = std::visit([this](const auto& one) { return Do(one); }, step);
  }
  return status;
}

absl::Status Runner::Found() {
  for (const uint64_t id : OldMembers()) {
    const absl::Status status = stage_.Start(id, ListOf::kThree);
    if (!status.ok()) return status;
  }
  absl::Status status = AwaitServing(OldMembers());
  if (!status.ok()) return status;
  status = observer_.WriteSurely(1, phase_, kOldRoot);
  for (int i = 1; status.ok() && i <= plan_.base_writes; ++i) {
    const uint64_t id = 1 + static_cast<uint64_t>(i) % kOldMembers;
    status = observer_.WriteSurely(id, phase_, absl::StrCat(kOldRoot, "/", i));
  }
  if (status.ok()) {
    timeline_.Say(absl::StrCat("members 1 2 3 serve, ", plan_.base_writes + 1,
                               " writes acknowledged"));
  }
  return status;
}

absl::Status Runner::AwaitServing(const std::vector<uint64_t>& ids) {
  return patience_.Until(
      [&] { return observer_.AllServe(ids) && observer_.OnlyLeader() != 0; },
      kLongest,
      absl::StrCat("members ", absl::StrJoin(ids, " "),
                   " serve under one leader"));
}

absl::Status Runner::Do(const Elections& step) {
  for (int i = 0; i < step.count; ++i) {
    const uint64_t leader = observer_.OnlyLeader();
    absl::Status status = stage_.Stop(leader);
    if (status.ok()) {
      status = patience_.Until([&] { return observer_.OnlyLeader() != 0; },
                               kLongest, "the others elect a leader");
    }
    if (status.ok()) status = stage_.Start(leader, ListOf::kThree);
    if (status.ok()) status = AwaitServing(OldMembers());
    if (!status.ok()) return status;
    timeline_.Say(absl::StrCat("leader ", leader, " restarted; ",
                               observer_.OnlyLeader(), " leads now"));
  }
  return absl::OkStatus();
}

absl::Status Runner::Do(const StartNewcomers& step) {
  cut_off_ = step.cut_off;
  const ListOf list = step.cut_off ? ListOf::kSevenOldCutOff : ListOf::kSeven;
  for (size_t i = 0; i < plan_.newcomers.size(); ++i) {
    absl::Status status = patience_.Wait(absl::Milliseconds(plan_.gaps_ms[i]));
    if (status.ok()) status = stage_.Start(plan_.newcomers[i], list);
    if (!status.ok()) return status;
    timeline_.Say(absl::StrCat("newcomer ", plan_.newcomers[i], " started"));
  }
  return stage_.admin() != nullptr && !old_down_ ? Hurry(step.cut_off)
                                                 : absl::OkStatus();
}

std::vector<uint64_t> Runner::OldLeaderLast() {
  std::vector<uint64_t> ids = plan_.old;
  for (const View& view : observer_.LookAtAll()) {
    if (!view.leads() || IsNewcomer(view.id)) continue;
    std::stable_partition(ids.begin(), ids.end(),
                          [&](uint64_t id) { return id != view.id; });
  }
  return ids;
}

absl::Status Runner::Do(const RestartFollower&) {
  const std::vector<uint64_t> ids = OldLeaderLast();
  return Restart(ids[plan_.follower]);
}

absl::Status Runner::Do(const RestartOld&) {
  for (const uint64_t id : OldLeaderLast()) {
    const absl::Status status = Restart(id);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Runner::Restart(uint64_t id) {
  absl::Status status = stage_.Stop(id);
  if (!status.ok()) return status;
  if (stage_.admin() != nullptr) {
    status = TryOtherList(id);
    if (status.ok()) status = stage_.Start(id, ListOf::kThree);
    return status.ok() ? AwaitServing(OldMembers()) : status;
  }
  status = stage_.Start(id, ListOf::kSeven);
  if (!status.ok()) return status;
  timeline_.Say(absl::StrCat("member ", id, " restarted with the list of 7"));
  status = patience_.Until([&] { return observer_.Serves(id); },
                           kRestartPatience, "it serves");
  // The operator goes on either way.
  return absl::IsCancelled(status) ? status : absl::OkStatus();
}

absl::Status Runner::TryOtherList(uint64_t id) {
  absl::Status status = stage_.Start(id, ListOf::kSeven);
  if (!status.ok()) return status;
  std::optional<std::string> words;
  status = patience_.Until(
      [&] {
        words = stage_.Ended(id);
        return words.has_value() || observer_.Serves(id);
      },
      kLongest, absl::StrCat("member ", id, " ends or serves"));
  if (!status.ok()) return status;
  struct Restart restart = {.id = id, .came_up = !words.has_value()};
  if (words) restart.refusal = ParseRefusal(*words);
  record_.restarts.push_back(restart);
  timeline_.Say(absl::StrCat("member ", id, " restarted with a list of 7: ",
                             words ? *words : "it serves"));
  return stage_.Stop(id);
}

absl::Status Runner::Do(const StopOld&) {
  old_down_ = true;
  for (const uint64_t id : OldMembers()) {
    const absl::Status status = stage_.Stop(id);
    if (!status.ok()) return status;
  }
  timeline_.Say("members 1 2 3 stopped");
  return absl::OkStatus();
}

absl::Status Runner::Do(const StartOld&) {
  old_down_ = false;
  for (const uint64_t id : plan_.old) {
    if (stage_.admin() != nullptr) {
      const absl::Status status = TryOtherList(id);
      if (!status.ok()) return status;
    }
    const absl::Status status = stage_.Start(
        id, stage_.admin() != nullptr ? ListOf::kThree : ListOf::kSeven);
    if (!status.ok()) return status;
  }
  timeline_.Say("members 1 2 3 started again");
  return stage_.admin() != nullptr ? AwaitServing(OldMembers())
                                   : absl::OkStatus();
}

absl::Status Runner::Do(const Watch& step) {
  const Picture picture =
      mode_ == Mode::kZooKeeper ? step.zookeeper : step.lists;
  const bool rules = stage_.admin() != nullptr;
  const absl::Duration timeout =
      rules && !old_down_ ? kWriteTimeout : kShortWriteTimeout;
  const absl::Time deadline = absl::Now() + kLongest;
  watched_ = true;
  // With lists, a picture that has not come by the deadline is no error: the
  // claims say so.
  const int rounds = rules ? kRulesWatchRounds : kWatchRounds;
  for (int shown = 0; shown < rounds && absl::Now() < deadline;) {
    const Round& round = observer_.MakeRound(phase_, timeout);
    if (rules || Shows(picture, round)) {
      ++shown;
    } else if (picture != Picture::kTwoLeaders) {
      shown = 0;
    }
    const absl::Status status = patience_.Wait(kBetweenRounds);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace quorate::tools
