// What an output of the core wants made durable, in the words of storage.

#ifndef QUORATE_COORD_REPLICA_BATCH_H_
#define QUORATE_COORD_REPLICA_BATCH_H_

#include "coord/consensus/output.h"
#include "coord/storage/member_storage.h"

namespace quorate::replica {

storage::Batch ToBatch(const consensus::Output& output);

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_BATCH_H_
