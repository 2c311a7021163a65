// ReadQueue: a leader's reads that wait for their confirmation.
//
// Read index (Ongaro's thesis, section 6.4): a read is answered from the commit
// point of its arrival, once a quorum has confirmed after its arrival that the
// leader still leads. Many reads share a round: those that arrive while one is
// under way wait for the next.

#ifndef QUORATE_COORD_CONSENSUS_READ_QUEUE_H_
#define QUORATE_COORD_CONSENSUS_READ_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

class ReadQueue {
 public:
  struct Read {
    MemberId from;       // none: asked at the leader itself
    uint64_t token = 0;  // the driver's token, or the follower's batch
    Zxid zxid;           // commit point at arrival
    uint64_t round = 0;  // confirmed once a quorum has answered this round
  };

  // Adds a read, to be confirmed by the next round to start.
  void Add(MemberId from, uint64_t token, Zxid zxid);

  // True if reads wait for a round that has not started.
  bool WantsRound() const;

  // Starts the next round and returns its number, which rides on heartbeats.
  uint64_t StartRound() { return ++round_; }

  // The newest round started; 0: none yet.
  uint64_t round() const { return round_; }

  // A quorum has answered `round`: returns the reads that are confirmed.
  std::vector<Read> Confirm(uint64_t round);

  // Removes and returns all, when leadership ends.
  std::vector<Read> TakeAll();

  size_t size() const { return reads_.size(); }

 private:
  uint64_t round_ = 0;
  std::deque<Read> reads_;  // ascending by round
};

}  // namespace quorate::consensus

#endif  // QUORATE_COORD_CONSENSUS_READ_QUEUE_H_
