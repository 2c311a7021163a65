// Rescue: makes a member that is left of a lost ensemble the first one of a new
// ensemble, with its data (rule 23).
//
//   auto member = StoppedMember::Open(files, directory, {}, nullptr);
//   ... show member->findings(), ask the operator ...
//   status = member->Rescue(fresh);
//
// Offline: the directory is locked from Open() on. What a rescue means, and
// what it can lose, is told in coord/consensus/rescue.h.

#ifndef QUORATE_COORD_REPLICA_RESCUE_H_
#define QUORATE_COORD_REPLICA_RESCUE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/recovery.h"
#include "coord/storage/file_system.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/write_ahead_log.h"

namespace quorate::replica {

// What is in the directory, for the operator to judge by.
struct RescueFindings {
  MemberKey member;
  EnsembleId ensemble;                        // none: it belongs to none
  bool removed = false;                       // from that ensemble
  consensus::ConfigurationPtr configuration;  // the newest; nullptr: none
  consensus::Epoch accepted_epoch = 0;
  consensus::Zxid snapshot;  // none: there is none
  consensus::Zxid last;
  uint64_t log_records = 0;
  uint64_t znodes_in_snapshot = 0;

  // Null unless the member is in the configuration.
  const consensus::Member* Self() const;
  // A leader of a later epoch than that of the last record was followed or
  // voted for: it may have committed what is not here.
  bool MaySurelyLack() const { return accepted_epoch > last.epoch(); }
};

class StoppedMember {
 public:
  // Takes the directory as a start does: locks it, repairs what a crash may
  // leave, checks all of it, loads the snapshot. Changes nothing else. Errors
  // as those of MemberStorage::Open() and Recover(). `files` must outlive the
  // result.
  static absl::StatusOr<std::unique_ptr<StoppedMember>> Open(
      storage::FileSystem& files, absl::string_view directory,
      const storage::LogOptions& options, const LoadProgress& progress);

  const RescueFindings& findings() const { return findings_; }

  // OK: Rescue() would do it. FailedPrecondition and others as
  // consensus::RescueMember(), with `fresh` any id that was drawn.
  absl::Status Check(EnsembleId fresh) const;

  // Does it, durably. Whenever a crash comes, the directory is as it was, or
  // that of the rescued member. Errors as Check(), or of storage. Once only.
  absl::Status Rescue(EnsembleId fresh);

 private:
  StoppedMember(std::unique_ptr<storage::MemberStorage> storage,
                consensus::DurableState state, RescueFindings findings)
      : storage_(std::move(storage)),
        state_(std::move(state)),
        findings_(std::move(findings)) {}

  std::unique_ptr<storage::MemberStorage> storage_;
  consensus::DurableState state_;
  RescueFindings findings_;
};

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_RESCUE_H_
