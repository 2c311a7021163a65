// Record codec: the bytes that storage keeps, and peers send, for what
// consensus hands over.
//
// A txn's payload is its bytes already and is passed on as it is; only records
// that carry a configuration are encoded here. The same bytes go to the log and
// to the peers. Numbers are little-endian; strings are their length in four
// bytes, then their bytes; every encoding begins with a version byte and is
// canonical: what decodes encodes to the same bytes.
//
// A configuration has version 1, or 2 if its limits ask for automatic changes:
// then a byte of them (1: auto_promote, 2: auto_remove_dead, or both) stands
// behind the other limits. So older programs read all that does not need it.
//
// All decoders take bytes from anywhere: InvalidArgument if they are malformed,
// Unimplemented if a newer version wrote them; they allocate at most a small
// multiple of the input.

#ifndef QUORATE_COORD_REPLICA_RECORD_CODEC_H_
#define QUORATE_COORD_REPLICA_RECORD_CODEC_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/log_record.h"

namespace quorate::replica {

std::string EncodeConfiguration(const consensus::Configuration& configuration);
absl::StatusOr<consensus::ConfigurationPtr> DecodeConfiguration(
    absl::string_view bytes);

// Kind and payload of a record. A txn's payload is shared, not copied.
// FromLogRecord() looks into a configuration, but not into a txn.
storage::LogRecord ToLogRecord(const consensus::Record& record);
absl::StatusOr<consensus::Record> FromLogRecord(
    const storage::LogRecord& record);

// At most storage::kMaxHardStateBytes; the ensemble id is not in it (storage
// keeps that beside it).
std::string EncodeHardState(const consensus::HardState& state);
absl::StatusOr<consensus::HardState> DecodeHardState(EnsembleId ensemble,
                                                     absl::string_view bytes);

// What storage keeps with a snapshot: configuration and its zxid. Zxid and size
// of the snapshot come from storage.
std::string EncodeSnapshotMeta(const consensus::SnapshotMeta& meta);
absl::StatusOr<consensus::SnapshotMeta> DecodeSnapshotMeta(
    consensus::Zxid zxid, uint64_t size_bytes, absl::string_view bytes);

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_RECORD_CODEC_H_
