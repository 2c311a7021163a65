// Record: one entry of the replicated log.

#ifndef QUORATE_COORD_CONSENSUS_RECORD_H_
#define QUORATE_COORD_CONSENSUS_RECORD_H_

#include <cstddef>
#include <cstdint>

#include "coord/base/bytes.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

enum class RecordKind : uint8_t {
  kTxn = 1,            // `payload` is an encoded txn; the core never looks in
  kNewLeader = 2,      // first record of an epoch, counter 0
  kConfiguration = 3,  // `configuration` takes effect on append (rule 10)
  kFounding = 4,       // the ensemble's first record, with its configuration
  kBarrier = 5,        // nothing; makes a configuration commit one of its own
};

struct Record {
  Zxid zxid;
  RecordKind kind = RecordKind::kTxn;
  Bytes payload;                   // kTxn only
  ConfigurationPtr configuration;  // kConfiguration and kFounding only

  bool CarriesConfiguration() const { return configuration != nullptr; }
  // What the record counts for in flow control and lag, in bytes.
  size_t SizeBytes() const { return kOverheadBytes + SizeOf(payload); }

  static constexpr size_t kOverheadBytes = 32;
};

}  // namespace quorate::consensus

#endif  // QUORATE_COORD_CONSENSUS_RECORD_H_
