#include "coord/rpc/codec/peer_codec.h"

#include <cstddef>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/bytes.h"
#include "coord/base/ids.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/message.h"
#include "coord/consensus/record.h"
#include "coord/replica/peer_message.h"
#include "coord/rpc/codec/consensus_codec.h"
#include "coord/rpc/codec/error.h"
#include "coord/rpc/codec/ids_codec.h"
#include "coord/rpc/codec/replica_codec.h"
#include "coord/tree/acl.h"
#include "coord/tree/request.h"
#include "proto/coord/v1/peer.pb.h"

namespace quorate::rpc {

namespace v1 = coord::v1;

namespace {

// What a small message takes beside its texts and payloads.
constexpr size_t kOverheadBytes = 128;

bool IsReplicaMessage(const v1::PeerMessage& proto) {
  switch (proto.message_case()) {
    case v1::PeerMessage::kForward:
    case v1::PeerMessage::kForwardRefused:
    case v1::PeerMessage::kAttachSession:
    case v1::PeerMessage::kSessionAttached:
    case v1::PeerMessage::kSessionTouches:
    case v1::PeerMessage::kStateDigest:
      return true;
    default:
      return false;
  }
}

absl::StatusOr<BatchSender> TakeSender(v1::PeerBatch& batch) {
  if (batch.wire_version() != kWireVersion) {
    return IncompatibleError("peers' protocol", kWireVersion,
                             batch.wire_version());
  }
  const absl::StatusOr<EnsembleId> ensemble =
      DecodeEnsembleId(batch.ensemble_id());
  if (!ensemble.ok()) return ensemble.status();
  if (batch.from_id() == 0 || batch.from_incarnation() == 0) {
    return MalformedError(
        "a batch names the member id and the incarnation of "
        "its sender; found none");
  }
  if (batch.from_address().size() > consensus::kMaxAddressBytes) {
    return MalformedError(
        absl::StrCat("an address has at most ", consensus::kMaxAddressBytes,
                     " bytes; found ", batch.from_address().size()));
  }
  return BatchSender{
      .ensemble = *ensemble,
      .from = {.id = MemberId{batch.from_id()},
               .incarnation = Incarnation{batch.from_incarnation()}},
      .from_address = std::move(*batch.mutable_from_address())};
}

template <typename Envelope, typename Message>
AnyEnvelope MakeEnvelope(const BatchSender& sender, MemberId to,
                         absl::string_view to_address, Message message) {
  return Envelope{.ensemble = sender.ensemble,
                  .from = sender.from,
                  .from_address = sender.from_address,
                  .to = to,
                  .to_address = std::string(to_address),
                  .message = std::move(message)};
}

absl::StatusOr<AnyEnvelope> TakeEnvelope(const BatchSender& sender,
                                         absl::string_view to_address,
                                         v1::PeerMessage& proto) {
  const MemberId to{proto.to_id()};
  if (proto.message_case() == v1::PeerMessage::MESSAGE_NOT_SET) {
    return MalformedError(
        "a message between members is one of those in peer.proto; found none "
        "of them");
  }
  if (IsReplicaMessage(proto)) {
    absl::StatusOr<replica::PeerMessage> message = TakeReplicaMessage(proto);
    if (!message.ok()) return message.status();
    return MakeEnvelope<replica::PeerEnvelope>(sender, to, to_address,
                                               *std::move(message));
  }
  absl::StatusOr<consensus::Message> message = TakeMessage(proto);
  if (!message.ok()) return message.status();
  return MakeEnvelope<consensus::Envelope>(sender, to, to_address,
                                           *std::move(message));
}

// --- Sizes
// --------------------------------------------------------------------

size_t AclBytes(const tree::Acl& acl) {
  size_t bytes = 0;
  for (const tree::AclEntry& entry : acl) {
    bytes +=
        sizeof(entry) + entry.identity.scheme.size() + entry.identity.id.size();
  }
  return bytes;
}

struct BodySize {
  size_t operator()(const tree::CreateRequest& r) const {
    return r.path.size() + r.data.size() + AclBytes(r.acl);
  }
  size_t operator()(const tree::SetDataRequest& r) const {
    return r.path.size() + r.data.size();
  }
  size_t operator()(const tree::SetAclRequest& r) const {
    return r.path.size() + AclBytes(r.acl);
  }
  size_t operator()(const tree::MultiRequest& r) const {
    size_t bytes = 0;
    for (const tree::MultiOpRequest& op : r.ops) {
      bytes += kOverheadBytes + std::visit(*this, op);
    }
    return bytes;
  }
  size_t operator()(const tree::CreateSessionRequest& r) const {
    return r.password.size();
  }
  size_t operator()(const tree::CloseSessionRequest&) const { return 0; }
  template <typename WithPath>
  size_t operator()(const WithPath& r) const {
    return r.path.size();
  }
};

size_t MessageBytes(const consensus::Message& message) {
  if (const auto* proposals = std::get_if<consensus::Proposals>(&message)) {
    size_t bytes = 0;
    for (const consensus::Record& record : proposals->records) {
      bytes += record.SizeBytes() + sizeof(record);
    }
    return bytes;
  }
  if (const auto* chunk = std::get_if<consensus::SnapshotChunk>(&message)) {
    return quorate::SizeOf(chunk->data);
  }
  if (const auto* history = std::get_if<consensus::HistoryReply>(&message)) {
    return history->runs.size() * sizeof(consensus::EpochRun);
  }
  return 0;
}

size_t MessageBytes(const replica::PeerMessage& message) {
  size_t bytes = 0;
  if (const auto* forward = std::get_if<replica::Forward>(&message)) {
    for (const replica::ForwardedRequest& request : forward->requests) {
      bytes += kOverheadBytes + std::visit(BodySize{}, request.body);
      for (const tree::Identity& identity : request.identities) {
        bytes += sizeof(identity) + identity.scheme.size() + identity.id.size();
      }
    }
  } else if (const auto* refused =
                 std::get_if<replica::ForwardRefused>(&message)) {
    for (const replica::ForwardRefused::Item& item : refused->items) {
      bytes += kOverheadBytes + item.status.message().size();
    }
  } else if (const auto* touches =
                 std::get_if<replica::SessionTouches>(&message)) {
    bytes += touches->touches.size() * sizeof(touches->touches[0]);
  }
  return bytes;
}

}  // namespace

BatchSender SenderOf(const AnyEnvelope& envelope) {
  return std::visit(
      [](const auto& e) {
        return BatchSender{.ensemble = e.ensemble,
                           .from = e.from,
                           .from_address = e.from_address};
      },
      envelope);
}

const std::string& DestinationOf(const AnyEnvelope& envelope) {
  return std::visit(
      [](const auto& e) -> const std::string& { return e.to_address; },
      envelope);
}

void PutSender(const BatchSender& sender, v1::PeerBatch& batch) {
  batch.set_wire_version(kWireVersion);
  batch.set_ensemble_id(EncodeEnsembleId(sender.ensemble));
  batch.set_from_id(sender.from.id.value);
  batch.set_from_incarnation(sender.from.incarnation.value);
  batch.set_from_address(sender.from_address);
}

absl::Status PutEnvelope(const AnyEnvelope& envelope, v1::PeerBatch& batch) {
  v1::PeerMessage& proto = *batch.add_messages();
  absl::Status put;
  if (const auto* from_core = std::get_if<consensus::Envelope>(&envelope)) {
    proto.set_to_id(from_core->to.value);
    PutMessage(from_core->message, proto);
  } else {
    const auto& from_replica = std::get<replica::PeerEnvelope>(envelope);
    proto.set_to_id(from_replica.to.value);
    put = PutMessage(from_replica.message, proto);
  }
  if (!put.ok()) batch.mutable_messages()->RemoveLast();
  return put;
}

absl::StatusOr<std::vector<AnyEnvelope>> TakeBatch(
    v1::PeerBatch& batch, absl::string_view to_address) {
  const absl::StatusOr<BatchSender> sender = TakeSender(batch);
  if (!sender.ok()) return sender.status();
  std::vector<AnyEnvelope> envelopes;
  envelopes.reserve(static_cast<size_t>(batch.messages_size()));
  for (v1::PeerMessage& proto : *batch.mutable_messages()) {
    absl::StatusOr<AnyEnvelope> envelope =
        TakeEnvelope(*sender, to_address, proto);
    if (!envelope.ok()) return envelope.status();
    envelopes.push_back(*std::move(envelope));
  }
  return envelopes;
}

size_t SizeOf(const AnyEnvelope& envelope) {
  return kOverheadBytes + std::visit(
                              [](const auto& e) {
                                return e.from_address.size() +
                                       e.to_address.size() +
                                       MessageBytes(e.message);
                              },
                              envelope);
}

}  // namespace quorate::rpc
