// Peer codec: batches of what members tell each other, to the wire and back.

#ifndef QUORATE_COORD_RPC_CODEC_PEER_CODEC_H_
#define QUORATE_COORD_RPC_CODEC_PEER_CODEC_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/consensus/message.h"
#include "coord/replica/peer_message.h"
#include "proto/coord/v1/peer.pb.h"

namespace quorate::rpc {

// Of the messages between members.
inline constexpr uint32_t kWireVersion = 1;

// Either kind of message between members.
using AnyEnvelope = std::variant<consensus::Envelope, replica::PeerEnvelope>;

// Who sends: the same for all messages of a batch.
struct BatchSender {
  EnsembleId ensemble;
  MemberKey from;
  std::string from_address;

  bool operator==(const BatchSender&) const = default;
};
BatchSender SenderOf(const AnyEnvelope& envelope);
const std::string& DestinationOf(const AnyEnvelope& envelope);

void PutSender(const BatchSender& sender, coord::v1::PeerBatch& batch);

// Adds a message to a batch of its sender's. Internal, with the batch as it
// was: it holds something that never travels.
absl::Status PutEnvelope(const AnyEnvelope& envelope,
                         coord::v1::PeerBatch& batch);

// The envelopes of a batch that has arrived at `to_address`, in order; texts
// and payloads are moved out of it. Incompatible: another wire version.
// InvalidArgument or Unimplemented: something in it is malformed; none of it is
// to be used then.
absl::StatusOr<std::vector<AnyEnvelope>> TakeBatch(
    coord::v1::PeerBatch& batch, absl::string_view to_address);

// What a message counts for against bounds of memory, in bytes: about what it
// takes in memory and, encoded, on the wire.
size_t SizeOf(const AnyEnvelope& envelope);

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_CODEC_PEER_CODEC_H_
