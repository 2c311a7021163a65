#include "coord/replica/record_codec.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/base/bytes.h"
#include "coord/base/seeded_random.h"
#include "coord/storage/hard_state_file.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace quorate::replica {
namespace {

using consensus::Configuration;
using consensus::HardState;
using consensus::Member;
using consensus::MembershipChange;
using consensus::Record;
using consensus::RecordKind;
using consensus::SnapshotMeta;
using consensus::Zxid;

constexpr EnsembleId kEnsemble = {0x1122334455667788, 0x99aabbccddeeff00};

Member MakeMember(uint64_t id) {
  Member member;
  member.id = {id};
  member.incarnation = {1000 + id};
  member.address = "host" + std::to_string(id) + ":2181";
  return member;
}

// From a single founder to a joint configuration with learners, removed ones
// and remembered changes.
std::vector<Configuration> Configurations() {
  std::vector<Configuration> all;
  consensus::Limits limits;
  limits.max_lag_records = 77;
  limits.contact_ms = 333;
  all.push_back(Configuration::Found(kEnsemble, {MakeMember(1)}, limits));
  all.push_back(Configuration::Found(
      kEnsemble, {MakeMember(1), MakeMember(2), MakeMember(3)}, limits));
  MembershipChange add;
  add.change_id = 5;
  add.add_learners = {MakeMember(8), MakeMember(9)};
  all.push_back(all.back().Enter(add).value());
  MembershipChange replace;
  replace.change_id = 6;
  replace.promote = {{8}};
  replace.remove = {{3}};
  all.push_back(all.back().Enter(replace).value());
  all.push_back(all.back().LeaveJoint());
  all.push_back(all.back().Rescue({2}, {7, 7}));
  limits.auto_promote = true;
  all.push_back(Configuration::Found(kEnsemble, {MakeMember(1)}, limits));
  limits.auto_remove_dead = true;
  limits.dead_ms = limits.stabilisation_ms;
  all.push_back(Configuration::Found(kEnsemble, {MakeMember(1)}, limits));
  return all;
}

HardState SomeHardState() {
  HardState state;
  state.ensemble = kEnsemble;
  state.member = {3};
  state.incarnation = {0xabcdef};
  state.manifest_hash = ~uint64_t{0};
  state.removed = true;
  state.accepted_epoch = 0x80000001;
  state.voted_for = {{2}, {55}};
  return state;
}

SnapshotMeta SomeMeta() {
  SnapshotMeta meta;
  meta.zxid = Zxid(3, 17);
  meta.configuration_zxid = Zxid(2, 5);
  meta.size_bytes = 12345;
  meta.configuration =
      std::make_shared<const Configuration>(Configurations()[3]);
  return meta;
}

// `again` decodes and encodes; nothing if the bytes are refused.
template <typename Again>
void ExpectRobust(const std::string& bytes, const Again& again,
                  char newest = 1) {
  EXPECT_EQ(again(bytes).value(), bytes);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(again(bytes.substr(0, size)).status().code(),
              absl::StatusCode::kInvalidArgument)
        << size;
  }
  EXPECT_FALSE(again(bytes + '\0').ok());
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      const absl::StatusOr<std::string> result = again(damaged);
      if (result.ok()) {
        EXPECT_EQ(*result, damaged) << at;
      }
    }
  }
  std::string newer = bytes;
  newer[0] = static_cast<char>(newest + 1);
  EXPECT_EQ(again(newer).status().code(), absl::StatusCode::kUnimplemented);
  newer[0] = 0;
  EXPECT_EQ(again(newer).status().code(), absl::StatusCode::kInvalidArgument);
}

absl::StatusOr<std::string> ConfigurationAgain(const std::string& bytes) {
  const auto decoded = DecodeConfiguration(bytes);
  if (!decoded.ok()) return decoded.status();
  return EncodeConfiguration(**decoded);
}

absl::StatusOr<std::string> HardStateAgain(const std::string& bytes) {
  const auto decoded = DecodeHardState(kEnsemble, bytes);
  if (!decoded.ok()) return decoded.status();
  return EncodeHardState(*decoded);
}

absl::StatusOr<std::string> MetaAgain(const std::string& bytes) {
  const auto decoded = DecodeSnapshotMeta(Zxid(3, 17), 12345, bytes);
  if (!decoded.ok()) return decoded.status();
  return EncodeSnapshotMeta(*decoded);
}

TEST(RecordCodecTest, ConfigurationsAreRobust) {
  for (const Configuration& configuration : Configurations()) {
    const std::string bytes = EncodeConfiguration(configuration);
    const auto decoded = DecodeConfiguration(bytes);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(**decoded, configuration);
    EXPECT_EQ((*decoded)->IsJoint(), configuration.IsJoint());
    ExpectRobust(bytes, ConfigurationAgain, 2);
  }
}

TEST(RecordCodecTest, ConfigurationsWithoutAutomaticChangesStayAsTheyWere) {
  consensus::Limits limits;
  const std::string before =
      EncodeConfiguration(Configuration::Found(kEnsemble, {MakeMember(1)}, {}));
  EXPECT_EQ(before[0], 1);
  limits.auto_promote = true;
  const std::string after = EncodeConfiguration(
      Configuration::Found(kEnsemble, {MakeMember(1)}, limits));
  EXPECT_EQ(after[0], 2);
  EXPECT_EQ(after.size(), before.size() + 1);
  const auto decoded = DecodeConfiguration(after);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE((*decoded)->limits().auto_promote);
  EXPECT_FALSE((*decoded)->limits().auto_remove_dead);
}

TEST(RecordCodecTest, BytesAreFixedForEver) {
  // Logs that were written by this release must be read by all later ones.
  const std::string hard_state = EncodeHardState(SomeHardState());
  EXPECT_EQ(hard_state, std::string("\x01"
                                    "\x03\0\0\0\0\0\0\0"
                                    "\xef\xcd\xab\0\0\0\0\0"
                                    "\xff\xff\xff\xff\xff\xff\xff\xff"
                                    "\x01"
                                    "\x01\0\0\x80"
                                    "\x02\0\0\0\0\0\0\0"
                                    "\x37\0\0\0\0\0\0\0",
                                    46));
  const std::string configuration = EncodeConfiguration(Configurations()[0]);
  EXPECT_EQ(configuration.substr(0, 80),
            std::string("\x01"
                        "\x88\x77\x66\x55\x44\x33\x22\x11"
                        "\x00\xff\xee\xdd\xcc\xbb\xaa\x99"
                        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"  // no parent
                        "\x01\0\0\0\0\0\0\0"                // version
                        "\x01\0\0\0"                        // members
                        "\x01\0\0\0\0\0\0\0"
                        "\xe9\x03\0\0\0\0\0\0"
                        "\x0a\0\0\0host1:2181"
                        "\x01"
                        "\0\0\0\0",  // removed
                        80));
}

TEST(RecordCodecTest, HardStatesAreRobust) {
  for (const HardState& state : {SomeHardState(), HardState()}) {
    const std::string bytes = EncodeHardState(state);
    EXPECT_LE(bytes.size(), storage::kMaxHardStateBytes);
    const auto decoded = DecodeHardState(state.ensemble, bytes);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(*decoded, state);
    ExpectRobust(bytes, HardStateAgain);
  }
}

TEST(RecordCodecTest, SnapshotMetaIsRobust) {
  const SnapshotMeta meta = SomeMeta();
  const std::string bytes = EncodeSnapshotMeta(meta);
  const auto decoded = DecodeSnapshotMeta(meta.zxid, meta.size_bytes, bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->zxid, meta.zxid);
  EXPECT_EQ(decoded->size_bytes, meta.size_bytes);
  EXPECT_EQ(decoded->configuration_zxid, meta.configuration_zxid);
  EXPECT_EQ(*decoded->configuration, *meta.configuration);
  ExpectRobust(bytes, MetaAgain);
  // The configuration cannot be newer than the snapshot, nor nowhere.
  EXPECT_FALSE(DecodeSnapshotMeta(Zxid(2, 4), 1, bytes).ok());
  EXPECT_TRUE(DecodeSnapshotMeta(Zxid(2, 5), 1, bytes).ok());
  SnapshotMeta nowhere = meta;
  nowhere.configuration_zxid = Zxid();
  EXPECT_FALSE(
      DecodeSnapshotMeta(Zxid(3, 17), 1, EncodeSnapshotMeta(nowhere)).ok());
  SnapshotMeta empty = meta;
  empty.configuration = std::make_shared<const Configuration>();
  EXPECT_FALSE(
      DecodeSnapshotMeta(Zxid(3, 17), 1, EncodeSnapshotMeta(empty)).ok());
}

TEST(RecordCodecTest, RecordsOfAllKinds) {
  const auto configuration =
      std::make_shared<const Configuration>(Configurations()[1]);
  const Record records[] = {
      {Zxid(1, 5), RecordKind::kTxn, MakeBytes("any bytes"), nullptr},
      {Zxid(1, 5), RecordKind::kTxn, nullptr, nullptr},
      {Zxid(2, 0), RecordKind::kNewLeader, nullptr, nullptr},
      {Zxid(2, 1), RecordKind::kConfiguration, nullptr, configuration},
      {Zxid(0, 1), RecordKind::kFounding, nullptr, configuration},
      {Zxid(2, 2), RecordKind::kBarrier, nullptr, nullptr},
  };
  for (const Record& record : records) {
    const storage::LogRecord log_record = ToLogRecord(record);
    EXPECT_EQ(log_record.zxid, record.zxid);
    const auto again = FromLogRecord(log_record);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->zxid, record.zxid);
    EXPECT_EQ(again->kind, record.kind);
    EXPECT_EQ(again->payload, record.payload);  // the same buffer
    EXPECT_EQ(again->CarriesConfiguration(), record.CarriesConfiguration());
    if (record.CarriesConfiguration()) {
      EXPECT_EQ(*again->configuration, *record.configuration);
    }
  }
}

TEST(RecordCodecTest, RefusesRecordsThatAreNone) {
  const auto code = [](Zxid zxid, uint8_t kind, std::string payload) {
    return FromLogRecord({zxid, kind, MakeBytes(std::move(payload))})
        .status()
        .code();
  };
  using enum absl::StatusCode;
  EXPECT_EQ(code(Zxid(), 1, "x"), kInvalidArgument);
  EXPECT_EQ(code(Zxid(1, 1), 0, ""), kInvalidArgument);
  EXPECT_EQ(code(Zxid(1, 1), 2, "x"), kInvalidArgument);
  EXPECT_EQ(code(Zxid(1, 1), 5, "x"), kInvalidArgument);
  EXPECT_EQ(code(Zxid(1, 1), 3, ""), kInvalidArgument);
  EXPECT_EQ(code(Zxid(1, 1), 4, "\x01"), kInvalidArgument);
  EXPECT_EQ(code(Zxid(1, 1), 4, EncodeConfiguration(Configuration())),
            kInvalidArgument);
  EXPECT_EQ(code(Zxid(1, 1), 4, "\x03"), kUnimplemented);
  EXPECT_EQ(code(Zxid(1, 1), 6, ""), kUnimplemented);
  EXPECT_EQ(code(Zxid(1, 1), 255, "x"), kUnimplemented);
  EXPECT_FALSE(FromLogRecord({Zxid(1, 1), 3, nullptr}).ok());
}

// Counts promise more than there is; nothing may be allocated for them.
TEST(RecordCodecTest, BoundsWhatItAllocates) {
  std::string bytes = EncodeConfiguration(Configurations()[0]).substr(0, 41);
  bytes += "\xff\xff\xff\xff";
  EXPECT_FALSE(DecodeConfiguration(bytes + std::string(1000, '\0')).ok());
}

TEST(RecordCodecTest, SurvivesRandomBytes) {
  SeededRandom random{TestSeed()};
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(1 + random.Below(200), '\0');
    for (char& byte : bytes) {
      // Mostly small, so that counts and flags are often possible.
      byte = static_cast<char>(random.Below(random.Below(8) == 0 ? 256 : 3));
    }
    bytes[0] = 1;
    for (const auto again : {ConfigurationAgain, HardStateAgain, MetaAgain}) {
      const absl::StatusOr<std::string> result = again(bytes);
      if (result.ok()) {
        EXPECT_EQ(*result, bytes);
      }
    }
  }
}

}  // namespace
}  // namespace quorate::replica
