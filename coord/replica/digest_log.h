// DigestLog: finds out that this member's state differs from the leader's.
//
// Every member notes its digest at the same zxids (IsMarked). The leader tells
// its own now and then; who has another one at the same zxid has diverged. What
// the leader tells of a zxid that is not applied here yet is kept until it is.
// Not thread-safe.

#ifndef QUORATE_COORD_REPLICA_DIGEST_LOG_H_
#define QUORATE_COORD_REPLICA_DIGEST_LOG_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "coord/consensus/zxid.h"
#include "coord/tree/digest.h"

namespace quorate::replica {

struct Divergence {
  consensus::Zxid zxid;
  tree::Digest ours = 0;
  tree::Digest theirs = 0;
};

class DigestLog {
 public:
  // One zxid in so many is marked, and the first of every epoch.
  static constexpr uint32_t kInterval = 256;
  // Most digests of its own, and of the leader's, that it keeps.
  static constexpr size_t kKept = 64;

  static bool IsMarked(consensus::Zxid zxid) {
    return zxid.counter() % kInterval == 0;
  }

  // The state at a marked zxid, here and at the leader. Something: they differ.
  std::optional<Divergence> Note(consensus::Zxid zxid, tree::Digest digest);
  std::optional<Divergence> Told(consensus::Zxid zxid, tree::Digest digest);

  // The newest one noted; nothing if none.
  std::optional<std::pair<consensus::Zxid, tree::Digest>> Newest() const;

  // A snapshot has replaced the state.
  void Clear();

 private:
  using Digests = std::map<consensus::Zxid, tree::Digest>;
  static void Keep(consensus::Zxid zxid, tree::Digest digest, Digests& digests);
  std::optional<Divergence> Compare(consensus::Zxid zxid) const;

  Digests ours_;
  Digests theirs_;
};

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_DIGEST_LOG_H_
