#include "coord/server/replica_facts.h"

#include <future>
#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/replica/replica.h"
#include "coord/rpc/host.h"

namespace quorate::server {

ReplicaFacts FactsOf(const replica::Replica& replica) {
  const consensus::Core& core = replica.core();
  ReplicaFacts facts;
  facts.ensemble = core.hard_state().ensemble;
  facts.key = core.key();
  facts.role = std::string(core.RoleName());
  facts.leader = core.leader();
  facts.epoch = core.epoch();
  facts.last = core.log().last();
  facts.durable = core.durable();
  facts.commit = core.commit();
  facts.applied = core.applied();
  if (core.snapshot()) facts.snapshot = core.snapshot()->zxid;
  // A member of no ensemble has no configuration.
  if (!facts.ensemble.IsNone()) {
    const consensus::Configuration& configuration = core.configuration();
    facts.configuration_version = configuration.version();
    facts.joint = configuration.IsJoint();
    facts.voters = configuration.voters().size();
    facts.learners = configuration.LearnerCount();
  }
  facts.refusals = core.refusals();
  facts.counters = replica.counters();
  facts.serving = replica.IsServing();
  facts.unsafe = core.IsUnsafe();
  facts.disk_full = replica.disk_full();
  facts.stop_reason = replica.stop_reason();
  return facts;
}

std::optional<ReplicaFacts> AskForFacts(rpc::ReplicaHost& host,
                                        absl::Duration timeout) {
  // Shared: the replica may answer after we have given up.
  const auto answer = std::make_shared<std::promise<ReplicaFacts>>();
  std::future<ReplicaFacts> facts = answer->get_future();
  host.Post([answer](replica::Replica& replica) {
    answer->set_value(FactsOf(replica));
  });
  if (facts.wait_for(absl::ToChronoMicroseconds(timeout)) !=
      std::future_status::ready) {
    return std::nullopt;
  }
  return facts.get();
}

}  // namespace quorate::server
