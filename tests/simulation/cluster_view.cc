// Cluster, second part: looking at it from outside, and convergence.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/cluster.h"

namespace quorate::simulation {

using consensus::Core;
using consensus::Zxid;

namespace {

// How often convergence is looked for.
constexpr Micros kGlance = 20 * kMillisecond;

}  // namespace

int Cluster::Leader() const {
  int leader = -1;
  for (int i = 0; i < size(); ++i) {
    if (!IsUp(i) || !core(i).IsLeader()) continue;
    if (leader < 0 || core(i).epoch() > core(leader).epoch()) leader = i;
  }
  return leader;
}

int Cluster::Leader(const EnsembleId& ensemble) const {
  int leader = -1;
  for (int i = 0; i < size(); ++i) {
    if (!IsUp(i) || !core(i).IsLeader()) continue;
    if (member(i).ensemble() != ensemble) continue;
    if (leader < 0 || core(i).epoch() > core(leader).epoch()) leader = i;
  }
  return leader;
}

EnsembleId Cluster::MainEnsemble() const {
  for (const auto& each : members_) {
    if (!each->ensemble().IsNone()) return each->ensemble();
  }
  return EnsembleId{};
}

std::string Cluster::MissingForConvergence(
    const EnsembleId& ensemble, absl::FunctionRef<bool(int)> counts) const {
  const int leader = Leader(ensemble);
  if (leader < 0) return "there is no leader";
  const Core& lead = core(leader);
  if (lead.configuration().IsJoint()) {
    return "the configuration is joint: " + lead.configuration().Describe();
  }
  if (lead.commit() != lead.log().last()) {
    return absl::StrCat("leader ", leader, " has committed ",
                        ToString(lead.commit()), " of ",
                        ToString(lead.log().last()));
  }
  for (const consensus::Member& named : lead.configuration().members()) {
    for (int i = 0; i < size(); ++i) {
      if (!counts(i) || !IsUp(i)) continue;
      if (core(i).key() != named.Key()) continue;
      // A rescued member has the same key in another ensemble.
      if (member(i).ensemble() != ensemble) continue;
      // One that stopped for its disk is as good as down.
      if (core(i).IsStopped()) continue;
      if (core(i).log().last() == lead.log().last() &&
          core(i).commit() == lead.commit() &&
          member(i).applied() == member(leader).applied()) {
        continue;
      }
      return absl::StrCat("member ", i, " differs from leader ", leader, ":\n",
                          Describe(i), "\n", Describe(leader));
    }
  }
  return "";
}

absl::Status Cluster::AwaitConvergence(const EnsembleId& ensemble, Micros limit,
                                       absl::FunctionRef<bool(int)> counts) {
  const Micros end = now() + limit;
  while (now() < end) {
    RunFor(kGlance);
    if (!MissingForConvergence(ensemble, counts).empty()) continue;
    const int leader = Leader(ensemble);
    const absl::StatusOr<Zxid> zxid = ProposeNext(leader);
    if (!zxid.ok()) continue;
    // It is committed everywhere once all is quiet behind it.
    while (now() < end) {
      RunFor(kGlance);
      const int now_leader = Leader(ensemble);
      if (now_leader >= 0 && core(now_leader).commit() >= *zxid &&
          MissingForConvergence(ensemble, counts).empty()) {
        return absl::OkStatus();
      }
    }
  }
  std::string missing = MissingForConvergence(ensemble, counts);
  if (missing.empty()) missing = "no new proposal was committed";
  return absl::DeadlineExceededError(missing);
}

absl::Status Cluster::Converge(Micros limit) {
  HealAll();
  return AwaitConvergence(MainEnsemble(), limit, [](int) { return true; });
}

std::string Cluster::Describe(int index) const {
  const SimMember& subject = member(index);
  std::string text = absl::StrCat(index, " id=", subject.spec().id.value, " ");
  if (!IsUp(index)) {
    const consensus::DurableState& disk = subject.disk().durable();
    absl::StrAppend(
        &text, subject.disk().IsDamaged() ? "down, damaged" : "down",
        " epoch=", disk.hard_state.accepted_epoch, " last=",
        ToString(disk.log.empty() ? disk.log_base : disk.log.back().zxid));
    return text;
  }
  const Core& it = core(index);
  absl::StrAppend(
      &text, std::string(it.RoleName()), " epoch=", it.epoch(),
      " leader=", it.leader().value, " log=", ToString(it.log().base()), "..",
      ToString(it.log().last()), " durable=", ToString(it.durable()),
      " commit=", ToString(it.commit()),
      " applied=", ToString(subject.applied().zxid), " ",
      it.configuration().Describe());
  if (subject.paused()) absl::StrAppend(&text, " paused");
  if (subject.disk_full()) absl::StrAppend(&text, " disk full");
  if (it.stop_reason() != nullptr) {
    absl::StrAppend(&text, " ", consensus::Describe(*it.stop_reason()));
  }
  return text;
}

std::string Cluster::Describe() const {
  std::string text;
  for (int i = 0; i < size(); ++i) absl::StrAppend(&text, Describe(i), "\n");
  return text;
}

}  // namespace quorate::simulation
