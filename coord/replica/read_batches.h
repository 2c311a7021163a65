// ReadBatches: the linearizable reads of one member that wait for their zxid.
//
// All reads that come between two outputs share one question to the core. A
// later answer serves earlier reads too, as what was committed before they came
// was committed before that question. So a read is ready once any question from
// its own on has been answered with a zxid that is applied.
//
//   token = batches.Join(connection)       a read comes
//   for (t : batches.TakeNew()) core.RequestRead(t)
//   batches.Answer(result)                 what the core says
//   for (c : batches.TakeReady(applied))   look at the reads of c: those with
//                                          IsReady(token) are
//   batches.Retry()                        now and then: asks the failed again
//
// Not thread-safe.

#ifndef QUORATE_COORD_REPLICA_READ_BATCHES_H_
#define QUORATE_COORD_REPLICA_READ_BATCHES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "coord/consensus/output.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/client_message.h"

namespace quorate::replica {

class ReadBatches {
 public:
  // A read of `connection` joins the batch that is asked for next. Returns the
  // batch's token.
  uint64_t Join(ConnectionId connection);

  bool HasNew() const { return !open_.empty(); }
  // The token to ask the core for; nothing if no read has come.
  std::optional<uint64_t> TakeNew();
  void Answer(const consensus::ReadResult& result);

  // Whose reads have become ready, in the order of their coming; some may be
  // named twice, or may be gone.
  std::vector<ConnectionId> TakeReady(consensus::Zxid applied);
  bool IsReady(uint64_t token) const { return token <= ready_through_; }

  // Those that were not answered well join the next batch.
  void Retry();

  void Clear();
  // Batches that wait for an answer, or for their zxid.
  size_t size() const { return batches_.size(); }

 private:
  struct Batch {
    std::vector<ConnectionId> connections;
    bool failed = false;
    std::optional<consensus::Zxid> zxid;  // nothing: not answered yet
  };

  uint64_t next_token_ = 1;
  uint64_t ready_through_ = 0;
  std::vector<ConnectionId> open_;  // of the batch with next_token_
  std::map<uint64_t, Batch> batches_;
};

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_READ_BATCHES_H_
