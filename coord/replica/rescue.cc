#include "coord/replica/rescue.h"

#include <memory>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/rescue.h"
#include "coord/replica/record_codec.h"
#include "coord/replica/recovery.h"
#include "coord/storage/member_storage.h"

namespace quorate::replica {
namespace {

using consensus::DurableState;
using storage::MemberStorage;

RescueFindings FindingsOf(const Recovered& recovered) {
  const DurableState& state = recovered.durable;
  RescueFindings findings;
  findings.member = {state.hard_state.member, state.hard_state.incarnation};
  findings.ensemble = state.hard_state.ensemble;
  findings.removed = state.hard_state.removed;
  findings.accepted_epoch = state.hard_state.accepted_epoch;
  findings.configuration = consensus::NewestConfiguration(state);
  if (state.snapshot.has_value()) {
    findings.snapshot = state.snapshot->zxid;
    findings.znodes_in_snapshot = recovered.state->tree().size();
  }
  findings.last = consensus::LastZxid(state);
  findings.log_records = state.log.size();
  return findings;
}

}  // namespace

const consensus::Member* RescueFindings::Self() const {
  return configuration == nullptr ? nullptr : configuration->Find(member);
}

absl::StatusOr<std::unique_ptr<StoppedMember>> StoppedMember::Open(
    storage::FileSystem& files, absl::string_view directory,
    const storage::LogOptions& options, const LoadProgress& progress) {
  absl::StatusOr<storage::OpenedStorage> opened =
      MemberStorage::Open(files, directory, options);
  if (!opened.ok()) return opened.status();
  absl::StatusOr<Recovered> recovered =
      Recover(*opened->storage, std::move(opened->state), progress);
  if (!recovered.ok()) return recovered.status();
  RescueFindings findings = FindingsOf(*recovered);
  return absl::WrapUnique(new StoppedMember(std::move(opened->storage),
                                            std::move(recovered->durable),
                                            std::move(findings)));
}

absl::Status StoppedMember::Check(EnsembleId fresh) const {
  return consensus::RescueMember(state_, fresh).status();
}

absl::Status StoppedMember::Rescue(EnsembleId fresh) {
  absl::StatusOr<DurableState> rescued =
      consensus::RescueMember(std::move(state_), fresh);
  if (!rescued.ok()) return rescued.status();
  // This one write decides; whatever opens the directory after a crash makes
  // the record again (Recover).
  absl::Status status = storage_->Rescue(
      {.ensemble = fresh, .bytes = EncodeHardState(rescued->hard_state)});
  if (!status.ok()) return status;
  storage::Batch batch;
  batch.append.push_back(ToLogRecord(rescued->log.back()));
  status = storage_->Write(batch);
  if (status.ok()) status = storage_->Sync();
  if (status.ok()) status = storage_->Settle();
  return status;
}

}  // namespace quorate::replica
