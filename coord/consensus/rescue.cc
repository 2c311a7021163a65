#include "coord/consensus/rescue.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/base/unsafe_ensemble.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {
namespace {

absl::Status CheckMember(const HardState& hard_state) {
  if (hard_state.ensemble.IsNone()) {
    return absl::FailedPreconditionError(
        "this member belongs to no ensemble yet, so it holds nothing to "
        "rescue; let it join or found one");
  }
  if (hard_state.ensemble == kUnsafeEnsemble) {
    return absl::FailedPreconditionError(
        "this member is of an UNSAFE ensemble, with static membership; nothing "
        "of it is made safe");
  }
  if (hard_state.removed) {
    return absl::FailedPreconditionError(absl::StrCat(
        "this member was removed from ensemble ", ToString(hard_state.ensemble),
        "; rescue one that belongs to it"));
  }
  return absl::OkStatus();
}

// The record that makes the member the only voter of ensemble `fresh`. The same
// state gives the same record, so that it can be made again after a crash.
const Record& AppendRescue(DurableState& state, const Configuration& newest,
                           EnsembleId fresh) {
  state.log.push_back({LastZxid(state).Next(), RecordKind::kConfiguration,
                       nullptr,
                       std::make_shared<const Configuration>(
                           newest.Rescue(state.hard_state.member, fresh))});
  return state.log.back();
}

}  // namespace

ConfigurationPtr NewestConfiguration(const DurableState& state) {
  for (auto record = state.log.rbegin(); record != state.log.rend(); ++record) {
    if (record->CarriesConfiguration()) return record->configuration;
  }
  return state.snapshot.has_value() ? state.snapshot->configuration : nullptr;
}

Zxid LastZxid(const DurableState& state) {
  return state.log.empty() ? state.log_base : state.log.back().zxid;
}

absl::StatusOr<DurableState> RescueMember(DurableState stopped,
                                          EnsembleId fresh) {
  absl::Status status = CheckMember(stopped.hard_state);
  if (!status.ok()) return status;
  const ConfigurationPtr newest = NewestConfiguration(stopped);
  if (newest == nullptr) {
    return absl::FailedPreconditionError(
        "this member's history is empty; rescue one that has the data");
  }
  const Zxid last = LastZxid(stopped);
  if (stopped.snapshot.has_value() && last < stopped.snapshot->zxid) {
    return absl::DataLossError(absl::StrCat(
        "the log ends at ", ToString(last), ", before the snapshot at ",
        ToString(stopped.snapshot->zxid), "; rescue another member"));
  }
  if (fresh.IsNone() || fresh == kUnsafeEnsemble ||
      fresh == newest->ensemble() || fresh == newest->parent() ||
      fresh == stopped.hard_state.ensemble) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a rescue needs a freshly drawn ensemble id; found ", ToString(fresh)));
  }
  const MemberKey self = {stopped.hard_state.member,
                          stopped.hard_state.incarnation};
  if (newest->Find(self) == nullptr) {
    return absl::FailedPreconditionError(absl::StrCat(
        "member ", ToString(self), " is not in its newest configuration, ",
        newest->Describe(), "; rescue one that is"));
  }
  if (last.counter() == std::numeric_limits<uint32_t>::max()) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "no record fits behind ", ToString(last), "; rescue another member"));
  }

  DurableState state = std::move(stopped);
  const Record& record = AppendRescue(state, *newest, fresh);
  state.hard_state.ensemble = record.configuration->ensemble();
  state.hard_state.voted_for = MemberKey();
  return state;
}

bool FinishRescue(DurableState& state) {
  const HardState& hard_state = state.hard_state;
  const ConfigurationPtr newest = NewestConfiguration(state);
  if (hard_state.ensemble.IsNone() || newest == nullptr ||
      newest->ensemble() == hard_state.ensemble ||
      newest->Find(MemberKey{hard_state.member, hard_state.incarnation}) ==
          nullptr ||
      LastZxid(state).counter() == std::numeric_limits<uint32_t>::max()) {
    return false;
  }
  AppendRescue(state, *newest, hard_state.ensemble);
  return true;
}

}  // namespace quorate::consensus
