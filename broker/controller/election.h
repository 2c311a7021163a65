// Election: becoming controller, by one multi.

#ifndef QUORATE_BROKER_CONTROLLER_ELECTION_H_
#define QUORATE_BROKER_CONTROLLER_ELECTION_H_

#include <optional>

#include "absl/status/statusor.h"
#include "broker/controller/leadership.h"
#include "broker/image/cluster_image.h"
#include "coord/client/session.h"

namespace quorate::broker {

// Stands for election. Nothing: another broker is controller, or has just
// become it. Blocks; to be called again when /broker/controller is deleted.
//
// Also finds out that this very session has won before, its answer lost. What
// an earlier session of this broker has left is replaced. REQUIRES: broker `id`
// is registered by `session`.
//
// FailedPrecondition: there is no controller epoch; never taken for zero, for
// such an ensemble is not the one that this cluster belongs to. DataLoss: a
// znode is not as it was written. Others: of the session; ask again.
absl::StatusOr<std::optional<Leadership>> Elect(client::Session& session,
                                                BrokerId id);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CONTROLLER_ELECTION_H_
