// How many bytes the txn of a request can have at most.
//
// The leader asks whether there is room for them before it checks the request:
// once checked, the txn counts as outstanding and must be logged.

#ifndef QUORATE_COORD_REPLICA_TXN_BOUND_H_
#define QUORATE_COORD_REPLICA_TXN_BOUND_H_

#include <cstddef>

#include "coord/tree/request.h"

namespace quorate::replica {

// An upper bound of EncodeTxn(txn).size(), whether the request passes or fails.
size_t TxnSizeBound(const tree::Request& request);

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_TXN_BOUND_H_
