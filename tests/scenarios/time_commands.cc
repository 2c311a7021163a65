// Letting time pass, up to a point or an event, and the end of every scenario.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/zxid.h"
#include "tests/scenarios/arguments.h"
#include "tests/scenarios/commands.h"
#include "tests/scenarios/describe.h"
#include "tests/scenarios/stage.h"
#include "tests/simulation/cluster.h"
#include "tests/simulation/event_queue.h"
#include "tests/simulation/member.h"

namespace quorate::scenarios {
namespace {

using consensus::Core;
using simulation::Cluster;
using simulation::kSecond;
using simulation::Micros;

constexpr Micros kPatience = 60 * kSecond;

absl::Status Run(Stage& stage, Arguments& arguments, std::string&) {
  const Micros duration = arguments.Duration();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  stage.cluster().RunFor(duration);
  return absl::OkStatus();
}

absl::Status Elapse(Stage& stage, Arguments& arguments, std::string&) {
  const int member = arguments.Member();
  const Micros duration = arguments.Duration();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  stage.cluster().Elapse(member, duration / simulation::kMillisecond);
  return absl::OkStatus();
}

absl::Status Drift(Stage& stage, Arguments& arguments, std::string&) {
  const int member = arguments.Member();
  const uint64_t per_cent = arguments.Number("per cent of true time");
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  if (per_cent > 1000) {
    return absl::InvalidArgumentError("a clock runs at 0 to 1000 per cent");
  }
  stage.cluster().SetClockDrift(
      member, (static_cast<int64_t>(per_cent) - 100) * 10'000);
  return absl::OkStatus();
}

absl::Status Elect(Stage& stage, Arguments& arguments, std::string& out) {
  const int member = arguments.Member();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  Cluster& cluster = stage.cluster();
  stage.OnlyCandidate(member);
  const bool elected = stage.RunUntil(
      [&] { return cluster.IsUp(member) && cluster.core(member).IsLeader(); },
      10 * kSecond);
  stage.OnlyCandidate(-1);
  if (!elected) {
    absl::StrAppend(&out, stage.Name(member), " is not elected within 10 s\n");
  }
  return absl::OkStatus();
}

absl::Status OnlyCandidate(Stage& stage, Arguments& arguments, std::string&) {
  const int member = arguments.Take("all") ? -1 : arguments.Member();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  stage.OnlyCandidate(member);
  return absl::OkStatus();
}

bool IsPromotable(Stage& stage, int member) {
  const int leader = stage.Leader();
  if (leader < 0) return false;
  Cluster& cluster = stage.cluster();
  consensus::MembershipChange change;
  change.change_id = 1;
  change.expected_version = cluster.core(leader).configuration().version();
  change.promote = {cluster.member(member).spec().id};
  const consensus::AdmissionDecision decision =
      cluster.core(leader).PlanMembership(change);
  return decision.outcome == consensus::AdmissionDecision::Outcome::kAccepted;
}

absl::Status Wait(Stage& stage, Arguments& arguments,
                  absl::FunctionRef<bool()> done, std::string& out) {
  const Micros limit =
      arguments.Take("within") ? arguments.Duration() : kPatience;
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  if (!stage.RunUntil(done, limit)) {
    absl::StrAppend(&out, "not within ", limit / simulation::kMillisecond,
                    " ms\n");
  }
  return absl::OkStatus();
}

absl::Status AwaitDone(Stage& stage, Arguments& arguments, std::string& out) {
  auto done = [&] {
    const int leader = stage.Leader();
    return leader >= 0 &&
           stage.cluster().core(leader).StateOfChange(stage.last_change) ==
               consensus::ChangeState::kDone;
  };
  absl::Status status = Wait(stage, arguments, done, out);
  if (!status.ok() || !done()) return status;
  absl::StrAppend(
      &out,
      "done: ", stage.cluster().core(stage.Leader()).configuration().Describe(),
      "\n");
  return status;
}

absl::Status Await(Stage& stage, Arguments& arguments, std::string& out) {
  if (arguments.Take("done")) return AwaitDone(stage, arguments, out);
  if (arguments.Take("any-leader")) {
    return Wait(
        stage, arguments, [&] { return stage.Leader() >= 0; }, out);
  }
  if (arguments.Take("promotable")) {
    const int member = arguments.Member();
    return Wait(
        stage, arguments, [&] { return IsPromotable(stage, member); }, out);
  }
  if (arguments.Take("role")) {
    const int member = arguments.Member();
    const std::string role = arguments.Word("a role");
    return Wait(
        stage, arguments,
        [&] {
          return stage.cluster().IsUp(member) &&
                 stage.cluster().core(member).RoleName() == role;
        },
        out);
  }
  if (arguments.Take("version")) {
    const uint64_t version = arguments.Number("a version");
    arguments.Expect("at");
    const int member = arguments.Member();
    return Wait(
        stage, arguments,
        [&] {
          return stage.cluster().IsUp(member) &&
                 stage.cluster().core(member).configuration().version() >=
                     version;
        },
        out);
  }
  if (arguments.Take("committed")) {
    const consensus::Zxid zxid = arguments.Zxid();
    arguments.Expect("at");
    const int member = arguments.Member();
    return Wait(
        stage, arguments,
        [&] {
          return stage.cluster().IsUp(member) &&
                 stage.cluster().core(member).commit() >= zxid;
        },
        out);
  }
  return absl::InvalidArgumentError("there is no such event to await");
}

// The newest configuration of `ensemble` that a live member holds.
const consensus::Configuration* NewestOf(const Cluster& cluster,
                                         const EnsembleId& ensemble) {
  const consensus::Configuration* newest = nullptr;
  for (int i = 0; i < cluster.size(); ++i) {
    if (!cluster.IsUp(i) || cluster.core(i).IsStopped() ||
        cluster.member(i).ensemble() != ensemble) {
      continue;
    }
    const consensus::Configuration& held = cluster.core(i).configuration();
    if (newest == nullptr || held.version() > newest->version()) newest = &held;
  }
  return newest;
}

bool HasLiveQuorum(const Cluster& cluster, const EnsembleId& ensemble) {
  const consensus::Configuration* newest = NewestOf(cluster, ensemble);
  if (newest == nullptr) return false;
  return newest->HasQuorum([&](MemberId id) {
    for (int i = 0; i < cluster.size(); ++i) {
      if (cluster.IsUp(i) && !cluster.core(i).IsStopped() &&
          cluster.member(i).ensemble() == ensemble &&
          cluster.core(i).key() == newest->Find(id)->Key()) {
        return true;
      }
    }
    return false;
  });
}

void StartAll(Stage& stage, std::string& out) {
  Cluster& cluster = stage.cluster();
  for (int i = 0; i < cluster.size(); ++i) {
    if (cluster.IsUp(i)) continue;
    const absl::Status started = cluster.Start(i);
    if (started.ok()) continue;
    absl::StrAppend(&out, stage.Name(i),
                    " stays down: ", std::string(started.message()), "\n");
  }
}

absl::Status HealAndConverge(Stage& stage, Arguments& arguments,
                             std::string& out) {
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  Cluster& cluster = stage.cluster();
  stage.ClearRules();
  cluster.HealAll();
  stage.FilterMessages();
  StartAll(stage, out);
  std::vector<EnsembleId> ensembles;
  for (int i = 0; i < cluster.size(); ++i) {
    const EnsembleId id = cluster.member(i).ensemble();
    if (id.IsNone() ||
        std::find(ensembles.begin(), ensembles.end(), id) != ensembles.end()) {
      continue;
    }
    ensembles.push_back(id);
  }
  bool any = false;
  for (const EnsembleId& id : ensembles) {
    const std::string name =
        ensembles.size() > 1 ? absl::StrCat(ToString(id), " ") : "";
    if (!HasLiveQuorum(cluster, id)) {
      absl::StrAppend(&out, name, "has no quorum left\n");
      continue;
    }
    const absl::Status status = cluster.AwaitConvergence(
        id, kPatience,
        [&](int index) { return cluster.member(index).ensemble() == id; });
    if (!status.ok()) return status;
    any = true;
    const Core& leader = cluster.core(cluster.Leader(id));
    absl::StrAppend(&out, name, "converges on ",
                    leader.configuration().Describe(), "\n");
  }
  stage.events().Take();
  return any ? absl::OkStatus()
             : absl::FailedPreconditionError("no ensemble has a quorum left");
}

constexpr Command kCommands[] = {
    {"run", "DURATION", Run},
    {"elapse", "MEMBER DURATION", Elapse},
    {"clock-speed", "MEMBER PERCENT", Drift},
    {"elect", "MEMBER", Elect},
    {"only-candidate", "MEMBER | all", OnlyCandidate},
    {"await",
     "done | any-leader | promotable MEMBER | role MEMBER ROLE | "
     "version N at MEMBER | committed ZXID at MEMBER [within DURATION]",
     Await},
    {"heal-and-converge", "", HealAndConverge},
};

}  // namespace

absl::Span<const Command> TimeCommands() { return kCommands; }

}  // namespace quorate::scenarios
