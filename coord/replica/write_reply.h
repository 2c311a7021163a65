// The answer to a write, from the result that its txn had.

#ifndef QUORATE_COORD_REPLICA_WRITE_REPLY_H_
#define QUORATE_COORD_REPLICA_WRITE_REPLY_H_

#include "coord/consensus/zxid.h"
#include "coord/replica/client_message.h"
#include "coord/tree/txn_result.h"

namespace quorate::replica {

// Without its tag. A multi that failed keeps the errors of its ops.
Reply ReplyOf(consensus::Zxid zxid, const tree::TxnResult& result);

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_WRITE_REPLY_H_
