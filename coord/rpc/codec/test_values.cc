#include "coord/rpc/codec/test_values.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coord/base/bytes.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/base/seeded_random.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/message.h"
#include "coord/consensus/record.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/error.h"
#include "coord/replica/peer_message.h"
#include "coord/rpc/codec/peer_codec.h"
#include "coord/tree/acl.h"
#include "coord/tree/error.h"
#include "coord/tree/request.h"
#include "coord/tree/session_id.h"

namespace quorate::rpc {

namespace {

using consensus::Zxid;

class Maker {
 public:
  explicit Maker(SeededRandom& random) : random_(random) {}

  // Never 0.
  uint64_t U64() { return random_.Next() | 1; }
  uint32_t U32() { return static_cast<uint32_t>(random_.Next()) | 1; }
  int32_t I32() { return static_cast<int32_t>(U32() >> 1) | 1; }
  int64_t I64() { return static_cast<int64_t>(U64()); }
  Zxid AnyZxid() { return Zxid::FromValue(U64()); }
  size_t Some() { return 1 + random_.Below(4); }
  std::string Text() { return RandomText(random_); }
  std::string Data() { return RandomBytes(random_); }
  std::string Password() {
    std::string password = Data();
    password.resize(16, 'p');
    return password;
  }
  consensus::ConfigurationPtr AnyConfiguration() {
    return RandomConfiguration(random_);
  }

  consensus::Refusal Refusal() {
    consensus::Refusal refusal;
    refusal.rule = static_cast<consensus::Rule>(1 + random_.Below(23));
    refusal.reason = Text();
    for (size_t i = Some(); i > 0; --i) {
      refusal.numbers.emplace_back(Text(), I64());
    }
    refusal.retry_after_ms = I64();
    return refusal;
  }

  consensus::Record Record() {
    consensus::Record record;
    record.zxid = AnyZxid();
    record.kind = random_.Below(2) == 0 ? consensus::RecordKind::kTxn
                                        : consensus::RecordKind::kConfiguration;
    if (record.kind == consensus::RecordKind::kTxn) {
      record.payload = MakeBytes(Data());
    } else {
      record.configuration = AnyConfiguration();
    }
    return record;
  }

  absl::Status Error() {
    switch (random_.Below(4)) {
      case 0:
        return tree::Error(tree::ErrorCode::kNoNode, "/" + Text(), Text());
      case 1:
        return replica::Error(replica::ErrorKind::kOverloaded, Text());
      case 2:
        return replica::RefusalError(Refusal());
      default:
        return absl::UnavailableError(Text());
    }
  }

  tree::Acl Acl() {
    tree::Acl acl;
    for (size_t i = Some(); i > 0; --i) {
      acl.push_back(
          {.permissions = U32(), .identity = {.scheme = Text(), .id = Text()}});
    }
    return acl;
  }

  tree::CreateRequest Create() {
    return {.path = Text(),
            .data = Data(),
            .acl = Acl(),
            .mode = static_cast<tree::CreateMode>(1 + random_.Below(6)),
            .ttl_ms = I32()};
  }
  tree::DeleteRequest Delete() { return {.path = Text(), .version = I32()}; }
  tree::SetDataRequest SetData() {
    return {.path = Text(), .data = Data(), .version = I32()};
  }
  tree::CheckRequest Check() { return {.path = Text(), .version = I32()}; }

  tree::RequestBody Body() {
    switch (random_.Below(9)) {
      case 0:
        return Create();
      case 1:
        return Delete();
      case 2:
        return SetData();
      case 3:
        return tree::SetAclRequest{
            .path = Text(), .acl = Acl(), .version = I32()};
      case 4:
        return Check();
      case 5:
        return tree::MultiRequest{
            .ops = {Create(), Delete(), SetData(), Check()}};
      case 6:
        return tree::DeleteRecursiveRequest{.path = Text()};
      case 7:
        return tree::CreateSessionRequest{.timeout_ms = I32(),
                                          .password = Password()};
      default:
        return tree::CloseSessionRequest{};
    }
  }

  replica::ForwardedRequest Forwarded() {
    replica::ForwardedRequest request{.session = {I64()},
                                      .attachment = U64(),
                                      .request_id = I64(),
                                      .acked_through = I64(),
                                      .round = U64(),
                                      .identities = {},
                                      .body = Body()};
    for (size_t i = Some(); i > 0; --i) {
      request.identities.push_back({.scheme = Text(), .id = Text()});
    }
    return request;
  }

  consensus::Message Election(size_t kind) {
    switch (kind) {
      case 0:
        return consensus::PreVote{.epoch = U32(), .last_zxid = AnyZxid()};
      case 1:
        return consensus::PreVoteReply{
            .epoch = U32(), .granted = true, .accepted_epoch = U32()};
      case 2:
        return consensus::Vote{
            .epoch = U32(), .last_zxid = AnyZxid(), .transfer_of = U32()};
      case 3:
        return consensus::VoteReply{
            .epoch = U32(), .granted = true, .accepted_epoch = U32()};
      case 4:
        return consensus::TransferNow{.epoch = U32()};
      default:
        return consensus::HistoryRequest{.epoch = U32(), .ask = U64()};
    }
  }

  consensus::Message Broadcast(size_t kind) {
    switch (kind) {
      case 6: {
        consensus::HistoryReply reply{.epoch = U32(),
                                      .ask = U64(),
                                      .base = AnyZxid(),
                                      .last_zxid = AnyZxid(),
                                      .runs = {}};
        for (size_t i = Some(); i > 0; --i) {
          reply.runs.push_back({.epoch = U32(), .first = U32(), .last = U32()});
        }
        return reply;
      }
      case 7: {
        consensus::Proposals proposals{.epoch = U32(),
                                       .preceding = AnyZxid(),
                                       .commit = AnyZxid(),
                                       .records = {}};
        for (size_t i = Some(); i > 0; --i) {
          proposals.records.push_back(Record());
        }
        return proposals;
      }
      case 8:
        return consensus::Ack{.epoch = U32(), .durable = AnyZxid()};
      case 9:
        return consensus::Heartbeat{.epoch = U32(),
                                    .commit = AnyZxid(),
                                    .read_round = U64(),
                                    .sent_ms = I64()};
      case 10:
        return consensus::HeartbeatAck{.epoch = U32(),
                                       .read_round = U64(),
                                       .sent_ms = I64(),
                                       .received = AnyZxid(),
                                       .durable = AnyZxid(),
                                       .fsync_ms = I64()};
      default:
        return consensus::StaleEpoch{.epoch = U32(), .accepted_epoch = U32()};
    }
  }

  consensus::Message Chunk() {
    Bytes data = MakeBytes(Data());
    const uint64_t offset = U32();
    return consensus::SnapshotChunk{
        .epoch = U32(),
        .meta = {.zxid = AnyZxid(),
                 .configuration = AnyConfiguration(),
                 .configuration_zxid = AnyZxid(),
                 .size_bytes = offset + data->size() + random_.Below(100)},
        .offset = offset,
        .length = data->size(),
        .data = data};
  }

  consensus::Message Other(size_t kind) {
    switch (kind) {
      case 12:
        return Chunk();
      case 13:
        return consensus::SnapshotAck{
            .epoch = U32(), .snapshot = AnyZxid(), .next_offset = U64()};
      case 14:
        return consensus::ReadRequest{.epoch = U32(), .batch = U64()};
      case 15:
        return consensus::ReadReply{
            .epoch = U32(), .batch = U64(), .zxid = AnyZxid()};
      case 16:
        return consensus::FoundingConfirm{.manifest_hash = U64()};
      case 17:
        return consensus::Founded{.manifest_hash = U64(),
                                  .incarnation = {U64()},
                                  .configuration = AnyConfiguration()};
      case 18:
        return consensus::FoundingVeto{.manifest_hash = U64(),
                                       .refusal = Refusal()};
      case 19:
        return consensus::JoinRequest{};
      case 20:
        return consensus::JoinReply{.incarnation = {U64()},
                                    .admitted = true,
                                    .leader_address = Text(),
                                    .refusal = Refusal()};
      default:
        return consensus::Refused{.refusal = Refusal()};
    }
  }

  replica::PeerMessage OfReplica(size_t kind) {
    switch (kind) {
      case 0: {
        replica::Forward forward;
        forward.epoch = U32();
        for (size_t i = Some(); i > 0; --i) {
          forward.requests.push_back(Forwarded());
        }
        return forward;
      }
      case 1: {
        replica::ForwardRefused refused;
        refused.epoch = U32();
        for (size_t i = Some(); i > 0; --i) {
          refused.items.push_back({.session = {I64()},
                                   .request_id = I64(),
                                   .password = Password(),
                                   .round = U64(),
                                   .status = Error()});
        }
        return refused;
      }
      case 2:
        return replica::AttachSession{
            .session = {I64()}, .password = Password(), .attachment = U64()};
      case 3:
        return replica::SessionAttached{.session = {I64()},
                                        .attachment = U64(),
                                        .status = Error(),
                                        .zxid = AnyZxid()};
      case 4: {
        replica::SessionTouches touches;
        for (size_t i = Some(); i > 0; --i) {
          touches.touches.push_back({.session = {I64()}, .attachment = U64()});
        }
        return touches;
      }
      default:
        return replica::StateDigest{.zxid = AnyZxid(), .digest = U64()};
    }
  }

  template <typename Envelope, typename Message>
  Envelope InEnvelope(Message message) {
    return {.ensemble = {.high = U64(), .low = U64()},
            .from = {.id = MemberId{U64()}, .incarnation = Incarnation{U64()}},
            .from_address = Text(),
            .to = MemberId{U64()},
            .to_address = Text(),
            .message = std::move(message)};
  }

 private:
  SeededRandom& random_;
};

}  // namespace

AnyEnvelope RandomEnvelope(size_t kind, SeededRandom& random) {
  Maker maker(random);
  if (kind >= kConsensusKinds) {
    auto message = maker.OfReplica(kind - kConsensusKinds);
    QUORATE_CHECK(message.index() == kind - kConsensusKinds);
    return maker.InEnvelope<replica::PeerEnvelope>(std::move(message));
  }
  consensus::Message message = kind < 6    ? maker.Election(kind)
                               : kind < 12 ? maker.Broadcast(kind)
                                           : maker.Other(kind);
  QUORATE_CHECK(message.index() == kind);
  return maker.InEnvelope<consensus::Envelope>(std::move(message));
}

consensus::ConfigurationPtr RandomConfiguration(SeededRandom& random) {
  std::vector<consensus::Member> founders;
  for (uint64_t id = 1 + random.Below(3); id > 0; --id) {
    founders.push_back({.id = MemberId{id},
                        .incarnation = Incarnation{random.Next() | 1},
                        .address = absl::StrCat("host", id, ":7000")});
  }
  return std::make_shared<const consensus::Configuration>(
      consensus::Configuration::Found({.high = random.Next() | 1, .low = 2},
                                      std::move(founders),
                                      consensus::Limits{}));
}

std::string RandomBytes(SeededRandom& random) {
  std::string bytes;
  for (uint64_t i = 1 + random.Below(40); i > 0; --i) {
    bytes.push_back(static_cast<char>(random.Below(256)));
  }
  return bytes;
}

std::string RandomText(SeededRandom& random) {
  std::string text;
  for (uint64_t i = 1 + random.Below(20); i > 0; --i) {
    text.push_back(static_cast<char>('a' + random.Below(26)));
  }
  return text;
}

}  // namespace quorate::rpc
