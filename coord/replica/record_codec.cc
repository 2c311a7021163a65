#include "coord/replica/record_codec.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/bytes.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/little_endian.h"
#include "coord/storage/log_record.h"

namespace quorate::replica {
namespace {

using consensus::Configuration;
using consensus::ConfigurationPtr;
using consensus::HardState;
using consensus::Limits;
using consensus::Member;
using consensus::Record;
using consensus::RecordKind;
using consensus::SnapshotMeta;
using consensus::Zxid;
using storage::PutU32;
using storage::PutU64;
using storage::PutU8;

constexpr uint8_t kVersion = 1;
// Of a configuration whose limits ask for automatic changes.
constexpr uint8_t kAutomaticVersion = 2;
constexpr uint8_t kVoterBit = 1;
constexpr uint8_t kOutgoingVoterBit = 2;
constexpr uint8_t kAutoPromoteBit = 1;
constexpr uint8_t kAutoRemoveDeadBit = 2;

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("malformed ", what));
}

// What is read after a failure is zero or empty; check AtEnd() at last.
class Reader {
 public:
  explicit Reader(absl::string_view bytes) : decoder_(bytes) {}

  uint8_t U8() { return decoder_.U8(); }
  uint32_t U32() { return decoder_.U32(); }
  uint64_t U64() { return decoder_.U64(); }
  int64_t I64() { return static_cast<int64_t>(decoder_.U64()); }
  absl::string_view String() { return decoder_.Text(decoder_.U32()); }
  // The number of elements that follow, of at least `min_bytes` bytes each.
  uint32_t Count(size_t min_bytes) {
    const uint32_t count = decoder_.U32();
    if (count <= decoder_.left() / min_bytes) return count;
    failed_ = true;
    return 0;
  }
  bool Bool() {
    const uint8_t value = decoder_.U8();
    failed_ = failed_ || value > 1;
    return value == 1;
  }
  void Fail() { failed_ = true; }
  bool AtEnd() const {
    return decoder_.ok() && !failed_ && decoder_.left() == 0;
  }

 private:
  storage::Decoder decoder_;
  bool failed_ = false;
};

// OK if `bytes` begin with a version that this program writes, 1 to `newest`.
absl::Status CheckVersion(absl::string_view bytes, absl::string_view what,
                          uint8_t newest = kVersion) {
  if (bytes.empty()) return Malformed(absl::StrCat(what, ": no bytes"));
  const auto version = static_cast<uint8_t>(bytes[0]);
  if (version > newest) {
    return absl::UnimplementedError(
        absl::StrCat(what, " of version ", version, "; this program knows ",
                     newest, ": use the one that wrote it, or a newer one"));
  }
  if (version < kVersion) {
    return Malformed(absl::StrCat(what, ": version ", version));
  }
  return absl::OkStatus();
}

void PutString(std::string* out, absl::string_view text) {
  PutU32(out, static_cast<uint32_t>(text.size()));
  out->append(text.data(), text.size());
}

void PutEnsemble(std::string* out, const EnsembleId& ensemble) {
  PutU64(out, ensemble.high);
  PutU64(out, ensemble.low);
}

EnsembleId ReadEnsemble(Reader& reader) {
  EnsembleId ensemble;
  ensemble.high = reader.U64();
  ensemble.low = reader.U64();
  return ensemble;
}

void PutKey(std::string* out, const MemberKey& key) {
  PutU64(out, key.id.value);
  PutU64(out, key.incarnation.value);
}

MemberKey ReadKey(Reader& reader) {
  MemberKey key;
  key.id.value = reader.U64();
  key.incarnation.value = reader.U64();
  return key;
}

void PutMember(std::string* out, const Member& member) {
  PutKey(out, member.Key());
  PutString(out, member.address);
  PutU8(out,
        static_cast<uint8_t>((member.voter ? kVoterBit : 0) |
                             (member.outgoing_voter ? kOutgoingVoterBit : 0)));
}

Member ReadMember(Reader& reader) {
  Member member;
  const MemberKey key = ReadKey(reader);
  member.id = key.id;
  member.incarnation = key.incarnation;
  member.address = std::string(reader.String());
  const uint8_t flags = reader.U8();
  if (flags > (kVoterBit | kOutgoingVoterBit)) reader.Fail();
  member.voter = (flags & kVoterBit) != 0;
  member.outgoing_voter = (flags & kOutgoingVoterBit) != 0;
  return member;
}

void PutLimits(std::string* out, const Limits& limits) {
  PutU64(out, static_cast<uint64_t>(limits.stabilisation_ms));
  PutU64(out, static_cast<uint64_t>(limits.promotion_distance_ms));
  PutU64(out, static_cast<uint64_t>(limits.contact_ms));
  PutU64(out, static_cast<uint64_t>(limits.dead_ms));
  PutU64(out, limits.max_lag_records);
  PutU64(out, limits.max_lag_bytes);
  PutU64(out, static_cast<uint64_t>(limits.max_fsync_ms));
  PutU32(out, limits.max_learners);
  PutU32(out, limits.max_snapshot_transfers);
  PutU32(out, limits.min_voters);
}

// The limits that only kAutomaticVersion carries; 0: it is not needed.
uint8_t AutomaticBits(const Limits& limits) {
  return static_cast<uint8_t>(
      (limits.auto_promote ? kAutoPromoteBit : 0) |
      (limits.auto_remove_dead ? kAutoRemoveDeadBit : 0));
}

void ReadAutomatic(Reader& reader, Limits& limits) {
  const uint8_t bits = reader.U8();
  if (bits == 0 || bits > (kAutoPromoteBit | kAutoRemoveDeadBit)) reader.Fail();
  limits.auto_promote = (bits & kAutoPromoteBit) != 0;
  limits.auto_remove_dead = (bits & kAutoRemoveDeadBit) != 0;
}

Limits ReadLimits(Reader& reader) {
  Limits limits;
  limits.stabilisation_ms = reader.I64();
  limits.promotion_distance_ms = reader.I64();
  limits.contact_ms = reader.I64();
  limits.dead_ms = reader.I64();
  limits.max_lag_records = reader.U64();
  limits.max_lag_bytes = reader.U64();
  limits.max_fsync_ms = reader.I64();
  limits.max_learners = reader.U32();
  limits.max_snapshot_transfers = reader.U32();
  limits.min_voters = reader.U32();
  return limits;
}

}  // namespace

std::string EncodeConfiguration(const Configuration& configuration) {
  const uint8_t automatic = AutomaticBits(configuration.limits());
  std::string bytes;
  PutU8(&bytes, automatic == 0 ? kVersion : kAutomaticVersion);
  PutEnsemble(&bytes, configuration.ensemble());
  PutEnsemble(&bytes, configuration.parent());
  PutU64(&bytes, configuration.version());
  PutU32(&bytes, static_cast<uint32_t>(configuration.members().size()));
  for (const Member& member : configuration.members()) {
    PutMember(&bytes, member);
  }
  PutU32(&bytes, static_cast<uint32_t>(configuration.removed().size()));
  for (const MemberId id : configuration.removed()) PutU64(&bytes, id.value);
  PutLimits(&bytes, configuration.limits());
  if (automatic != 0) PutU8(&bytes, automatic);
  PutU32(&bytes, static_cast<uint32_t>(configuration.changes().size()));
  for (const Configuration::FinishedChange& change : configuration.changes()) {
    PutU64(&bytes, change.change_id);
    PutU64(&bytes, change.version);
  }
  return bytes;
}

absl::StatusOr<ConfigurationPtr> DecodeConfiguration(absl::string_view bytes) {
  absl::Status known = CheckVersion(bytes, "configuration", kAutomaticVersion);
  if (!known.ok()) return known;
  const bool automatic = static_cast<uint8_t>(bytes[0]) == kAutomaticVersion;
  Reader reader(bytes.substr(1));
  Configuration::Parts parts;
  parts.ensemble = ReadEnsemble(reader);
  parts.parent = ReadEnsemble(reader);
  parts.version = reader.U64();
  for (uint32_t left = reader.Count(21); left > 0; --left) {
    parts.members.push_back(ReadMember(reader));
  }
  for (uint32_t left = reader.Count(8); left > 0; --left) {
    parts.removed.push_back(MemberId{reader.U64()});
  }
  parts.limits = ReadLimits(reader);
  if (automatic) ReadAutomatic(reader, parts.limits);
  for (uint32_t left = reader.Count(16); left > 0; --left) {
    Configuration::FinishedChange change;
    change.change_id = reader.U64();
    change.version = reader.U64();
    parts.changes.push_back(change);
  }
  if (!reader.AtEnd()) return Malformed("configuration");
  absl::StatusOr<Configuration> made =
      Configuration::FromParts(std::move(parts));
  if (!made.ok()) {
    return Malformed(absl::StrCat("configuration: ", made.status().message()));
  }
  return std::make_shared<const Configuration>(*std::move(made));
}

storage::LogRecord ToLogRecord(const Record& record) {
  storage::LogRecord log_record;
  log_record.zxid = record.zxid;
  log_record.kind = static_cast<uint8_t>(record.kind);
  log_record.payload =
      record.CarriesConfiguration()
          ? MakeBytes(EncodeConfiguration(*record.configuration))
          : record.payload;
  return log_record;
}

absl::StatusOr<Record> FromLogRecord(const storage::LogRecord& log_record) {
  Record record;
  record.zxid = log_record.zxid;
  record.kind = static_cast<RecordKind>(log_record.kind);
  if (record.zxid.IsNone()) return Malformed("record: it has no zxid");
  switch (record.kind) {
    case RecordKind::kTxn:
      record.payload = log_record.payload;
      return record;
    case RecordKind::kNewLeader:
    case RecordKind::kBarrier:
      if (SizeOf(log_record.payload) == 0) return record;
      return Malformed(absl::StrCat("record of kind ", log_record.kind,
                                    ", which has no payload: found ",
                                    SizeOf(log_record.payload), " bytes"));
    case RecordKind::kConfiguration:
    case RecordKind::kFounding: {
      absl::StatusOr<ConfigurationPtr> configuration = DecodeConfiguration(
          log_record.payload ? absl::string_view(*log_record.payload)
                             : absl::string_view());
      if (!configuration.ok()) return configuration.status();
      if ((*configuration)->version() == 0) {
        return Malformed("record: an empty configuration");
      }
      record.configuration = *std::move(configuration);
      return record;
    }
  }
  if (log_record.kind == 0) return Malformed("record: it has no kind");
  return absl::UnimplementedError(
      absl::StrCat("record of the unknown kind ", log_record.kind,
                   ": use the program that wrote it, or a newer one"));
}

std::string EncodeHardState(const HardState& state) {
  std::string bytes;
  PutU8(&bytes, kVersion);
  PutKey(&bytes, {state.member, state.incarnation});
  PutU64(&bytes, state.manifest_hash);
  PutU8(&bytes, state.removed ? 1 : 0);
  PutU32(&bytes, state.accepted_epoch);
  PutKey(&bytes, state.voted_for);
  return bytes;
}

absl::StatusOr<HardState> DecodeHardState(EnsembleId ensemble,
                                          absl::string_view bytes) {
  if (absl::Status s = CheckVersion(bytes, "hard state"); !s.ok()) return s;
  Reader reader(bytes.substr(1));
  HardState state;
  state.ensemble = ensemble;
  const MemberKey member = ReadKey(reader);
  state.member = member.id;
  state.incarnation = member.incarnation;
  state.manifest_hash = reader.U64();
  state.removed = reader.Bool();
  state.accepted_epoch = reader.U32();
  state.voted_for = ReadKey(reader);
  if (!reader.AtEnd()) return Malformed("hard state");
  return state;
}

std::string EncodeSnapshotMeta(const SnapshotMeta& meta) {
  QUORATE_CHECK(meta.configuration != nullptr);
  std::string bytes;
  PutU8(&bytes, kVersion);
  PutU64(&bytes, meta.configuration_zxid.value());
  PutString(&bytes, EncodeConfiguration(*meta.configuration));
  return bytes;
}

absl::StatusOr<SnapshotMeta> DecodeSnapshotMeta(Zxid zxid, uint64_t size_bytes,
                                                absl::string_view bytes) {
  if (absl::Status s = CheckVersion(bytes, "snapshot meta"); !s.ok()) return s;
  Reader reader(bytes.substr(1));
  SnapshotMeta meta;
  meta.zxid = zxid;
  meta.size_bytes = size_bytes;
  meta.configuration_zxid = Zxid::FromValue(reader.U64());
  const absl::string_view configuration = reader.String();
  if (!reader.AtEnd()) return Malformed("snapshot meta");
  absl::StatusOr<ConfigurationPtr> decoded = DecodeConfiguration(configuration);
  if (!decoded.ok()) return decoded.status();
  meta.configuration = *std::move(decoded);
  if (meta.configuration->version() == 0 || meta.configuration_zxid.IsNone() ||
      meta.configuration_zxid > zxid) {
    return Malformed(absl::StrCat("snapshot meta: configuration ",
                                  meta.configuration->Describe(), " of ",
                                  ToString(meta.configuration_zxid),
                                  " in a snapshot at ", ToString(zxid)));
  }
  return meta;
}

}  // namespace quorate::replica
