// How a follower reaches leaders: Broker.Fetch over gRPC.

#ifndef QUORATE_BROKER_RPC_FETCH_CLIENT_H_
#define QUORATE_BROKER_RPC_FETCH_CLIENT_H_

#include <memory>
#include <string>

#include "broker/data/outside.h"

namespace quorate::broker {

// Shows `ensemble_id` with every request. Thread-safe. Calls that are under way
// when it goes end by themselves.
std::unique_ptr<FetchClient> MakeFetchClient(std::string ensemble_id);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_RPC_FETCH_CLIENT_H_
