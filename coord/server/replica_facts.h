// ReplicaFacts: what metrics and readiness need to know of a replica, copied on
// its own thread.

#ifndef QUORATE_COORD_SERVER_REPLICA_FACTS_H_
#define QUORATE_COORD_SERVER_REPLICA_FACTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "coord/base/ids.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/replica.h"
#include "coord/rpc/host.h"

namespace quorate::server {

struct ReplicaFacts {
  EnsembleId ensemble;  // none: belongs to none yet
  MemberKey key;
  std::string role;
  MemberId leader;  // none: not known
  consensus::Epoch epoch = 0;
  consensus::Zxid last;
  consensus::Zxid durable;
  consensus::Zxid commit;
  consensus::Zxid applied;
  consensus::Zxid snapshot;  // none: there is none
  uint64_t configuration_version = 0;
  bool joint = false;
  size_t voters = 0;
  size_t learners = 0;
  std::array<uint64_t, consensus::kRuleCount> refusals = {};
  replica::Counters counters;
  bool serving = false;
  bool unsafe = false;  // static membership, to show the outage
  bool disk_full = false;
  absl::Status stop_reason;
};

ReplicaFacts FactsOf(const replica::Replica& replica);

// Asks the replica behind `host`. Nothing: it did not answer in time.
std::optional<ReplicaFacts> AskForFacts(rpc::ReplicaHost& host,
                                        absl::Duration timeout);

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_REPLICA_FACTS_H_
