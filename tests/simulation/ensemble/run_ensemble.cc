#include "tests/simulation/ensemble/run_ensemble.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/replica.h"
#include "tests/simulation/ensemble/checks/checks.h"
#include "tests/simulation/ensemble/checks/final_state.h"
#include "tests/simulation/ensemble/ensemble.h"
#include "tests/simulation/ensemble/nemesis.h"

namespace quorate::simulation {
namespace {

constexpr Micros kStep = 100 * kMillisecond;
// After everything has settled: long enough for every idle session to expire.
constexpr Micros kCalm = 8 * kSecond;

class Run {
 public:
  Run(const EnsembleOptions& options, Trace::Sink sink)
      : options_(options), ensemble_(options), nemesis_(ensemble_) {
    world_.trace.SetSink(std::move(sink));
  }

  EnsembleResult Go() {
    ensemble_.Begin();
    nemesis_.Begin();
    const bool clean = Advance(options_.faulty_phase);
    if (clean && Settle() && BeCalm()) Judge();
    return Finish();
  }

 private:
  // False: a violation was found.
  bool Advance(Micros time) {
    const Micros end = world_.now() + time;
    while (world_.now() < end && world_.violations.empty()) {
      world_.scheduler.RunUntil(std::min(end, world_.now() + kStep));
    }
    return world_.violations.empty();
  }

  // All is healed: everything must get on within the bound.
  bool Settle() {
    nemesis_.Heal();
    for (const auto& client : ensemble_.clients()) client->Calm();
    const Micros end = world_.now() + options_.liveness_bound;
    std::string waits = WaitsFor();
    while (!waits.empty()) {
      if (world_.now() >= end) {
        world_.Report(
            "liveness",
            absl::StrCat("healed for ", options_.liveness_bound / kSecond,
                         " s, and still ", waits));
        return false;
      }
      if (!Advance(kStep)) return false;
      waits = WaitsFor();
      if (waits == "probes") {
        for (const auto& client : ensemble_.clients()) client->Probe();
      }
    }
    return true;
  }

  // What has not settled yet; "" if all has.
  std::string WaitsFor() {
    const std::string members = MembersWaitFor();
    if (!members.empty()) return members;
    for (size_t i = 0; i < ensemble_.clients().size(); ++i) {
      const SimClient& client = *ensemble_.clients()[i];
      if (!client.IsSettled()) return absl::StrCat("client ", i, " to connect");
      if (!client.probed() && !client.IsIdle()) {
        return absl::StrCat("client ", i, " for answers");
      }
    }
    for (const auto& client : ensemble_.clients()) {
      if (!client->probed()) return "probes";
    }
    return "";
  }

  std::string MembersWaitFor() {
    const int leader = ensemble_.Leader();
    if (leader < 0) return "no leader";
    const replica::Replica& leading = ensemble_.member(leader).replica();
    const consensus::Configuration& configuration =
        leading.core().configuration();
    if (configuration.IsJoint()) return "a joint configuration";
    for (const int index : InEnsemble()) {
      const WholeMember& member = ensemble_.member(index);
      if (!member.running()) return absl::StrCat("member ", index, " is down");
      if (!member.replica().IsServing()) {
        return absl::StrCat("member ", index, " does not serve");
      }
      // Within a few records: the others never rest completely.
      if (member.replica().core().commit().epoch() !=
          leading.core().commit().epoch()) {
        return absl::StrCat("member ", index, " to catch up");
      }
    }
    return "";
  }

  bool BeCalm() {
    world_.history.calm_since = world_.now();
    if (!Advance(kCalm)) return false;
    const Micros end = world_.now() + kSecond;
    while (!HaveAllApplied()) {
      if (world_.now() >= end) {
        world_.Report("liveness", "idle, and not all have applied the same");
        return false;
      }
      if (!Advance(kStep)) return false;
    }
    world_.history.ended = world_.now();
    return true;
  }

  bool HaveAllApplied() {
    const consensus::Zxid last = world_.history.log.back().zxid;
    for (const int index : InEnsemble()) {
      if (ensemble_.member(index).replica().state().applied() != last) {
        return false;
      }
    }
    return true;
  }

  // The members of the present configuration that have a disk.
  std::vector<int> InEnsemble() {
    std::vector<int> indices;
    for (const consensus::Member& each : ensemble_.configuration().members()) {
      const int index = ensemble_.IndexOf(each.id);
      if (index >= 0) indices.push_back(index);
    }
    return indices;
  }

  void Judge() {
    const Replay replay = CheckHistory(world_.history, world_.violations);
    if (!world_.violations.empty()) return;
    for (const int index : InEnsemble()) {
      ++world_.statistics.outcomes["final states compared"];
      CheckFinalState(index, ensemble_.member(index).replica().state(),
                      replay.model, world_.violations);
    }
  }

  EnsembleResult Finish() {
    EnsembleResult result;
    for (const int index : ensemble_.Living()) {
      if (ensemble_.member(index).running()) {
        ensemble_.member(index).CountProcess();
      }
    }
    for (const EnsembleViolation& each : world_.violations) {
      world_.trace.Line(TraceKind::kViolation, -1, {},
                        [&] { return each.check + ": " + each.text; });
    }
    world_.trace.Add(world_.history.next_sequence);
    result.fingerprint = world_.trace.fingerprint();
    result.statistics = world_.statistics;
    result.statistics.seeds = 1;
    result.statistics.simulated_us = static_cast<uint64_t>(world_.now());
    result.statistics.outcomes["records committed"] = world_.history.log.size();
    result.violations = world_.violations;
    result.sabotaged = world_.sabotaged;
    return result;
  }

  const EnsembleOptions& options_;
  Ensemble ensemble_;
  EnsembleWorld& world_ = ensemble_.world();
  Nemesis nemesis_;
};

}  // namespace

EnsembleResult RunEnsemble(const EnsembleOptions& options, Trace::Sink sink) {
  return std::make_unique<Run>(options, std::move(sink))->Go();
}

}  // namespace quorate::simulation
