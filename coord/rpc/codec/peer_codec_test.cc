#include "coord/rpc/codec/peer_codec.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/stubs/logging.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "coord/base/bytes.h"
#include "coord/base/ids.h"
#include "coord/base/seeded_random.h"
#include "coord/consensus/message.h"
#include "coord/consensus/record.h"
#include "coord/replica/peer_message.h"
#include "coord/rpc/codec/error.h"
#include "coord/rpc/codec/test_values.h"
#include "coord/tree/request.h"
#include "gtest/gtest.h"
#include "proto/coord/v1/peer.pb.h"

namespace quorate::rpc {
namespace {

namespace v1 = coord::v1;

constexpr uint64_t kSeed = 20261122;

v1::PeerBatch Encode(const AnyEnvelope& envelope) {
  v1::PeerBatch batch;
  PutSender(SenderOf(envelope), batch);
  EXPECT_TRUE(PutEnvelope(envelope, batch).ok());
  return batch;
}

// Names each field of `message` that does not differ from its default.
void FindUnset(const google::protobuf::Message& message, std::string where,
               std::string& unset) {
  const auto* reflection = message.GetReflection();
  const auto* type = message.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const auto* field = type->field(i);
    const std::string name = absl::StrCat(where, ".", field->name());
    // The other members of a oneof.
    if (field->real_containing_oneof() != nullptr &&
        !reflection->HasField(message, field)) {
      continue;
    }
    if (field->is_repeated()) {
      const int size = reflection->FieldSize(message, field);
      if (size == 0) absl::StrAppend(&unset, name, " ");
      if (field->message_type() == nullptr) continue;
      for (int j = 0; j < size; ++j) {
        FindUnset(reflection->GetRepeatedMessage(message, field, j), name,
                  unset);
      }
    } else if (!reflection->HasField(message, field)) {
      absl::StrAppend(&unset, name, " ");
    } else if (field->message_type() != nullptr) {
      FindUnset(reflection->GetMessage(message, field), name, unset);
    }
  }
}

TEST(PeerCodecTest, EveryMessageComesBackAsItWas) {
  SCOPED_TRACE(kSeed);
  SeededRandom random(kSeed);
  for (size_t kind = 0; kind < kMessageKinds; ++kind) {
    for (int round = 0; round < 200; ++round) {
      const AnyEnvelope envelope = RandomEnvelope(kind, random);
      const std::string bytes = Encode(envelope).SerializeAsString();
      v1::PeerBatch batch;
      ASSERT_TRUE(batch.ParseFromString(bytes));
      const absl::StatusOr<std::vector<AnyEnvelope>> back =
          TakeBatch(batch, DestinationOf(envelope));
      ASSERT_TRUE(back.ok()) << kind << ": " << back.status();
      ASSERT_EQ(back->size(), 1u);
      EXPECT_EQ(SenderOf((*back)[0]), SenderOf(envelope));
      EXPECT_EQ(DestinationOf((*back)[0]), DestinationOf(envelope));
      if (kind < kConsensusKinds) {
        EXPECT_EQ(Describe(std::get<consensus::Envelope>((*back)[0])),
                  Describe(std::get<consensus::Envelope>(envelope)));
      }
      EXPECT_EQ((*back)[0].index(), envelope.index());
      ASSERT_EQ(Encode((*back)[0]).SerializeAsString(), bytes) << kind;
    }
  }
}

// With the test above: no field is forgotten, neither in encoding nor in
// decoding.
TEST(PeerCodecTest, EveryFieldIsCarried) {
  SCOPED_TRACE(kSeed);
  SeededRandom random(kSeed);
  for (size_t kind = 0; kind < kMessageKinds; ++kind) {
    for (int round = 0; round < 50; ++round) {
      std::string unset;
      const v1::PeerBatch batch = Encode(RandomEnvelope(kind, random));
      FindUnset(batch, "", unset);
      // What not all errors and records have.
      for (const char* optional :
           {".error.zookeeper_code", ".error.path", ".error.rule",
            ".error.rule_name", ".error.numbers", ".error.retry_after_ms",
            ".error.leader_address"}) {
        for (;;) {
          const size_t at = unset.find(absl::StrCat(optional, " "));
          if (at == std::string::npos) break;
          const size_t begin = unset.rfind(' ', at) + 1;  // 0 if npos
          unset.erase(begin, unset.find(' ', at) + 1 - begin);
        }
      }
      EXPECT_EQ(unset, "") << kind;
    }
  }
}

TEST(PeerCodecTest, APayloadIsTheBytesOfTheLog) {
  consensus::Envelope envelope;
  envelope.from = {.id = MemberId{1}, .incarnation = Incarnation{1}};
  consensus::Proposals proposals;
  consensus::Record record;
  record.zxid = consensus::Zxid(1, 2);
  record.payload = MakeBytes("the txn's bytes");
  proposals.records.push_back(record);
  envelope.message = proposals;
  v1::PeerBatch batch = Encode(envelope);
  EXPECT_EQ(batch.messages(0).proposals().records(0).payload(),
            "the txn's bytes");
  const auto back = TakeBatch(batch, "");
  const auto& message = std::get<consensus::Envelope>((*back)[0]).message;
  EXPECT_EQ(*std::get<consensus::Proposals>(message).records[0].payload,
            "the txn's bytes");
}

TEST(PeerCodecTest, WhatIsNeverForwardedIsNotEncoded) {
  replica::PeerEnvelope envelope;
  replica::Forward forward;
  forward.requests.emplace_back();
  forward.requests[0].body = tree::DeleteContainerRequest{.path = "/c"};
  envelope.message = forward;
  v1::PeerBatch batch;
  EXPECT_EQ(PutEnvelope(envelope, batch).code(), absl::StatusCode::kInternal);
  EXPECT_EQ(batch.messages_size(), 0);
}

v1::PeerBatch EmptyBatch() {
  v1::PeerBatch batch;
  batch.set_wire_version(kWireVersion);
  batch.set_from_id(1);
  batch.set_from_incarnation(1);
  return batch;
}

TEST(PeerCodecTest, WhatIsMalformedIsRefusedAndSaysWhy) {
  const auto why = [](v1::PeerBatch batch) {
    return std::string(TakeBatch(batch, "here").status().message());
  };
  EXPECT_EQ(why(EmptyBatch()), "");
  v1::PeerBatch batch = EmptyBatch();
  batch.set_wire_version(2);
  EXPECT_EQ(TransportErrorOf(TakeBatch(batch, "").status()).kind,
            "Incompatible");
  batch = EmptyBatch();
  batch.set_from_id(0);
  EXPECT_TRUE(absl::StrContains(why(batch), "member id"));
  batch = EmptyBatch();
  batch.set_ensemble_id("123");
  EXPECT_TRUE(absl::StrContains(why(batch), "found 3"));
  batch = EmptyBatch();
  batch.set_from_address(std::string(513, 'a'));
  EXPECT_TRUE(absl::StrContains(why(batch), "at most 512"));
  batch = EmptyBatch();
  batch.add_messages();
  EXPECT_TRUE(absl::StrContains(why(batch), "found none"));

  v1::PeerBatch one = EmptyBatch();
  v1::PeerMessage& message = *one.add_messages();
  message.mutable_refused()->mutable_refusal()->set_rule(24);
  EXPECT_TRUE(absl::StrContains(why(one), "found 24"));
  message.mutable_proposals()->add_records()->set_kind(256);
  EXPECT_TRUE(absl::StrContains(why(one), "found 256"));
  message.mutable_proposals()->mutable_records(0)->set_kind(0);
  EXPECT_NE(why(one), "");
  message.mutable_founded()->set_configuration("nonsense");
  EXPECT_NE(why(one), "");
  message.mutable_snapshot_chunk();
  EXPECT_NE(why(one), "") << "no configuration";
  message.mutable_join_reply()->set_leader_address(std::string(513, 'a'));
  EXPECT_TRUE(absl::StrContains(why(one), "at most 512"));
  message.mutable_attach_session()->set_password("short");
  EXPECT_TRUE(absl::StrContains(why(one), "found 5"));
  message.mutable_forward_refused()->add_items()->set_password("short");
  EXPECT_TRUE(absl::StrContains(why(one), "found 5"));
  message.mutable_forward()->add_requests();
  EXPECT_TRUE(absl::StrContains(why(one), "a write is one of"));
  auto& open =
      *message.mutable_forward()->mutable_requests(0)->mutable_open_session();
  EXPECT_TRUE(absl::StrContains(why(one), "at least 1 ms"));
  open.set_timeout_ms(1);
  EXPECT_TRUE(absl::StrContains(why(one), "16 bytes"));
}

TEST(PeerCodecTest, APieceLiesWithinItsSnapshot) {
  SeededRandom random(kSeed);
  v1::PeerBatch batch = Encode(RandomEnvelope(12, random));
  v1::SnapshotChunk& chunk =
      *batch.mutable_messages(0)->mutable_snapshot_chunk();
  chunk.set_offset(UINT64_MAX);
  v1::PeerBatch copy = batch;
  EXPECT_FALSE(TakeBatch(copy, "").ok());
  chunk.set_offset(chunk.size_bytes());
  EXPECT_FALSE(TakeBatch(batch, "").ok());
}

TEST(PeerCodecTest, AnyBytes) {
  const google::protobuf::LogSilencer silencer;
  SCOPED_TRACE(kSeed);
  SeededRandom random(kSeed);
  int parsed = 0;
  int taken = 0;
  for (int i = 0; i < 30'000; ++i) {
    std::string bytes =
        Encode(RandomEnvelope(random.Below(kMessageKinds), random))
            .SerializeAsString();
    if (random.Below(2) == 0) bytes.resize(random.Below(bytes.size() + 1));
    for (uint64_t flips = random.Below(4); flips > 0 && !bytes.empty();
         --flips) {
      bytes[random.Below(bytes.size())] = static_cast<char>(random.Below(256));
    }
    v1::PeerBatch batch;
    if (!batch.ParseFromString(bytes)) continue;
    parsed += 1;
    const absl::StatusOr<std::vector<AnyEnvelope>> envelopes =
        TakeBatch(batch, "here");
    if (!envelopes.ok()) continue;
    taken += 1;
    // What was taken can be sent on.
    for (const AnyEnvelope& envelope : *envelopes) {
      Encode(envelope);
      EXPECT_GT(SizeOf(envelope), 0u);
    }
  }
  EXPECT_GT(parsed, 1'000);
  EXPECT_GT(taken, 1'000);
}

TEST(PeerCodecTest, TheSizeFollowsTheBytes) {
  SCOPED_TRACE(kSeed);
  SeededRandom random(kSeed);
  for (size_t kind = 0; kind < kMessageKinds; ++kind) {
    for (int round = 0; round < 50; ++round) {
      const AnyEnvelope envelope = RandomEnvelope(kind, random);
      const size_t on_wire = Encode(envelope).ByteSizeLong();
      EXPECT_GE(SizeOf(envelope) * 8, on_wire) << kind;
    }
  }
}

}  // namespace
}  // namespace quorate::rpc
