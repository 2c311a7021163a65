// Messages between members with random contents, for tests.

#ifndef QUORATE_COORD_RPC_CODEC_TEST_VALUES_H_
#define QUORATE_COORD_RPC_CODEC_TEST_VALUES_H_

#include <cstddef>
#include <string>
#include <variant>

#include "coord/base/seeded_random.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/message.h"
#include "coord/replica/peer_message.h"
#include "coord/rpc/codec/peer_codec.h"

namespace quorate::rpc {

// Every kind of message: those of consensus, then those of replicas.
inline constexpr size_t kConsensusKinds =
    std::variant_size_v<consensus::Message>;
inline constexpr size_t kReplicaKinds =
    std::variant_size_v<replica::PeerMessage>;
inline constexpr size_t kMessageKinds = kConsensusKinds + kReplicaKinds;

// No field has the value that it has when nobody sets it.
AnyEnvelope RandomEnvelope(size_t kind, SeededRandom& random);

consensus::ConfigurationPtr RandomConfiguration(SeededRandom& random);

// Any bytes, or letters; not empty.
std::string RandomBytes(SeededRandom& random);
std::string RandomText(SeededRandom& random);

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_CODEC_TEST_VALUES_H_
