// Peer messages: what the replicas of an ensemble tell each other beside the
// messages of consensus.
//
// As those of consensus, any may be lost, delayed, duplicated or reordered. The
// sender of a Forward keeps the requests and sends them again until they come
// out of the log or are refused.

#ifndef QUORATE_COORD_REPLICA_PEER_MESSAGE_H_
#define QUORATE_COORD_REPLICA_PEER_MESSAGE_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "coord/base/ids.h"
#include "coord/consensus/message.h"
#include "coord/consensus/zxid.h"
#include "coord/tree/acl.h"
#include "coord/tree/digest.h"
#include "coord/tree/request.h"
#include "coord/tree/session_id.h"

namespace quorate::replica {

// A write on its way to the leader. It comes back as the txn with the same
// session and request id; without a session, `request_id` is a random number
// that the member drew. A session is opened by a CreateSessionRequest under no
// session, and recognised by its password.
struct ForwardedRequest {
  tree::SessionId session;
  uint64_t attachment = 0;
  int64_t request_id = 0;
  int64_t acked_through = 0;
  // Of a session's write: which submission by the client this is. It grows
  // whenever the client was told that a write was not taken, so that a copy of
  // an earlier submission, still under way, can be told from the next one.
  uint64_t round = 0;
  std::vector<tree::Identity> identities;
  tree::RequestBody body;
};

// Member to leader, in the order of submission.
struct Forward {
  // Of the leader that is meant. It takes them in this epoch or never, so that
  // a member that has applied a later one's NEWLEADER knows the outcome.
  consensus::Epoch epoch = 0;
  std::vector<ForwardedRequest> requests;
};

// Leader to member: none of these was taken, and nothing of theirs will appear
// in the log because of the Forward that is answered.
struct ForwardRefused {
  struct Item {
    tree::SessionId session;
    int64_t request_id = 0;
    std::string password;  // of a CreateSessionRequest; else empty
    uint64_t round = 0;    // as in the request
    // Unavailable (not leading, or a write before it is missing: send again),
    // ResourceExhausted (overloaded), or what the client is to be told.
    absl::Status status;
  };
  consensus::Epoch epoch = 0;  // of the Forward that is answered
  std::vector<Item> items;
};

// Member to leader: `session` is used by connection `attachment` now.
struct AttachSession {
  tree::SessionId session;
  std::string password;
  uint64_t attachment = 0;  // unique in the ensemble: drawn at random
};
// Leader to member. OK: serve the session once all up to `zxid` is applied.
// Else SessionExpired, NoAuth (wrong password) or Unavailable (not leading).
struct SessionAttached {
  tree::SessionId session;
  uint64_t attachment = 0;
  absl::Status status;
  consensus::Zxid zxid;
};

// Member to leader, every tick: these sessions were heard from since the last.
struct SessionTouches {
  struct Touch {
    tree::SessionId session;
    uint64_t attachment = 0;
  };
  std::vector<Touch> touches;
};

// Leader to all, now and then: the digest of the state at `zxid`. Who had
// another one at that zxid has diverged, and stops.
struct StateDigest {
  consensus::Zxid zxid;
  tree::Digest digest = 0;
};

using PeerMessage = std::variant<Forward, ForwardRefused, AttachSession,
                                 SessionAttached, SessionTouches, StateDigest>;

struct PeerEnvelope {
  EnsembleId ensemble;  // rule 1: another one is refused and changes nothing
  MemberKey from;
  std::string from_address;
  MemberId to;
  std::string to_address;
  PeerMessage message;
};

// "1->2 Forward requests=3".
std::string Describe(const PeerEnvelope& envelope);

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_PEER_MESSAGE_H_
