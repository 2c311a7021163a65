#include "tools/quorate/drill/observer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tools/quorate/drill/patience.h"
#include "tools/quorate/drill/record.h"
#include "tools/quorate/drill/stage.h"
#include "tools/quorate/drill/timeline.h"

namespace quorate::tools {
namespace {

constexpr absl::Duration kReadTimeout = absl::Seconds(5);
constexpr absl::Duration kSurely = absl::Seconds(60);
// How long a member that serves may take to answer for every write.
constexpr absl::Duration kAccountPatience = absl::Seconds(30);

// Runs `work(0)` to `work(count - 1)` at the same time.
void AtOnce(size_t count, const std::function<void(size_t)>& work) {
  std::vector<std::thread> threads;
  for (size_t i = 0; i < count; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
}

std::string Describe(const std::vector<View>& views) {
  std::vector<std::string> leaders;
  std::vector<uint64_t> serving;
  std::vector<std::string> others;
  for (const View& view : views) {
    if (view.leads()) {
      leaders.push_back(
          absl::StrCat(view.id, " leads (epoch ", view.epoch, ")"));
    } else if (view.serving) {
      serving.push_back(view.id);
    } else {
      others.push_back(
          absl::StrCat(view.id, " ", view.answers ? view.role : "silent"));
    }
  }
  std::string text =
      leaders.empty() ? "nobody leads" : absl::StrJoin(leaders, ", ");
  if (!serving.empty()) {
    absl::StrAppend(&text, "; serving: ", absl::StrJoin(serving, " "));
  }
  if (!others.empty()) {
    absl::StrAppend(&text, "; not serving: ", absl::StrJoin(others, ", "));
  }
  return text;
}

}  // namespace

std::vector<View> Observer::LookAtAll() {
  const std::vector<uint64_t> ids = stage_.Running();
  std::vector<View> views(ids.size());
  AtOnce(ids.size(), [&](size_t i) { views[i] = stage_.Look(ids[i]); });
  return views;
}

uint64_t Observer::OnlyLeader() {
  uint64_t leader = 0;
  for (const View& view : LookAtAll()) {
    if (!view.leads() || !view.serving) continue;
    if (leader != 0) return 0;
    leader = view.id;
  }
  return leader;
}

bool Observer::AllServe(const std::vector<uint64_t>& ids) {
  return std::all_of(ids.begin(), ids.end(),
                     [&](uint64_t id) { return Serves(id); });
}

absl::Status Observer::WriteSurely(uint64_t id, Phase phase,
                                   const std::string& path) {
  const auto try_once = [&] {
    if (stage_.Write(id, path, path, kReadTimeout).ok()) return true;
    // It may have been written although its answer was lost.
    const absl::StatusOr<std::set<std::string>> found =
        stage_.Find(id, {path}, kReadTimeout);
    return found.ok() && found->contains(path);
  };
  const absl::Status status = patience_.Until(
      try_once, kSurely, absl::StrCat("member ", id, " takes a write"));
  if (status.ok()) acked_.push_back({path, phase, id});
  return status;
}

const Round& Observer::MakeRound(Phase phase, absl::Duration write_timeout) {
  Round round{.phase = phase, .views = LookAtAll()};
  std::vector<uint64_t> targets = LeadersOf(round);
  if (targets.empty()) {
    for (const View& view : round.views) {
      if (view.answers) targets.push_back(view.id);
    }
  }
  const size_t number = record_.rounds.size() + 1;
  for (const uint64_t id : targets) {
    round.writes.push_back(
        {.member = id, .path = absl::StrCat("/round-", number, "-at-", id)});
  }
  AtOnce(targets.size(), [&](size_t i) {
    Attempt& write = round.writes[i];
    const absl::Status status =
        stage_.Write(write.member, write.path, write.path, write_timeout);
    write.acked = status.ok();
    write.error = std::string(status.message());
  });
  CrossCheck(round);
  for (const Attempt& write : round.writes) {
    if (write.acked) acked_.push_back({write.path, phase, write.member});
  }
  LookAtTrees(round);
  record_.rounds.push_back(std::move(round));
  Tell(record_.rounds.back());
  return record_.rounds.back();
}

void Observer::CrossCheck(Round& round) {
  std::vector<std::string> paths;
  for (const Attempt& write : round.writes) {
    if (write.acked) paths.push_back(write.path);
  }
  if (paths.size() < 2) return;
  for (const Attempt& reader : round.writes) {
    if (!reader.acked) continue;
    const absl::StatusOr<std::set<std::string>> found =
        stage_.Find(reader.member, paths, kReadTimeout);
    if (!found.ok()) continue;
    for (Attempt& write : round.writes) {
      if (!write.acked || write.member == reader.member) continue;
      (found->contains(write.path) ? write.held_by : write.missed_by)
          .push_back(reader.member);
    }
  }
}

void Observer::LookAtTrees(const Round& round) {
  for (const Attempt& write : round.writes) {
    const bool known = std::any_of(
        record_.trees.begin(), record_.trees.end(), [&](const TreeLook& look) {
          return look.phase == round.phase && look.leader == write.member;
        });
    const std::vector<uint64_t> leaders = LeadersOf(round);
    if (!write.acked || known ||
        std::find(leaders.begin(), leaders.end(), write.member) ==
            leaders.end()) {
      continue;
    }
    const absl::StatusOr<std::set<std::string>> found =
        stage_.Find(write.member, {kOldRoot}, kReadTimeout);
    if (!found.ok()) continue;
    record_.trees.push_back(
        {round.phase, write.member, found->contains(kOldRoot)});
  }
}

void Observer::Tell(const Round& round) {
  const std::string now = Describe(round.views);
  if (now != told_) timeline_.Say(now);
  told_ = now;
  const size_t number = record_.rounds.size();
  const std::optional<Split> split = SplitOf(round);
  if (split) {
    timeline_.Say(absl::StrCat(
        "round ", number, ": ", split->first, " and ", split->second,
        " each acknowledged a write that the other does not have"));
    return;
  }
  std::vector<uint64_t> by;
  for (const Attempt& write : round.writes) {
    if (write.acked) by.push_back(write.member);
  }
  timeline_.Say(by.empty()
                    ? absl::StrCat("round ", number, ": nobody takes a write")
                    : absl::StrCat("round ", number, ": acknowledged by ",
                                   absl::StrJoin(by, " and ")));
}

absl::Status Observer::Account() {
  std::vector<std::string> paths;
  for (const Acked& acked : acked_) {
    paths.push_back(acked.path);
    record_.fates.push_back(
        {.path = acked.path, .phase = acked.phase, .acked_by = acked.by});
  }
  for (const uint64_t id : stage_.Running()) {
    absl::StatusOr<std::set<std::string>> found =
        absl::UnavailableError("not asked");
    const absl::Time deadline = absl::Now() + kAccountPatience;
    while (!found.ok() && absl::Now() < deadline && Serves(id)) {
      found = stage_.Find(id, paths, kAccountPatience);
      const absl::Status status = patience_.Wait(absl::Milliseconds(10));
      if (!status.ok()) return status;
    }
    if (!found.ok()) continue;
    for (Fate& fate : record_.fates) {
      (found->contains(fate.path) ? fate.readable_at : fate.missing_at)
          .push_back(id);
    }
  }
  return absl::OkStatus();
}

}  // namespace quorate::tools
