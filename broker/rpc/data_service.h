// Broker: metadata, producing and fetching, for clients and followers.

#ifndef QUORATE_BROKER_RPC_DATA_SERVICE_H_
#define QUORATE_BROKER_RPC_DATA_SERVICE_H_

#include <memory>

#include "broker/data/data_plane.h"
#include "broker/data/outside.h"
#include "broker/image/cluster_image.h"
#include "broker/rpc/ensemble_pin.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace quorate::broker {

// What is referred to must outlive it. Unsafe, it answers in the name of the
// ensemble that the newest image is of.
std::unique_ptr<grpc::Service> MakeDataService(EnsemblePin pin, BrokerId id,
                                               DataPlane& data,
                                               ProducerIds& producer_ids);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_RPC_DATA_SERVICE_H_
