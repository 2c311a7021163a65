// Registration: /broker/ids/N of this broker.

#ifndef QUORATE_BROKER_CONTROLLER_REGISTRATION_H_
#define QUORATE_BROKER_CONTROLLER_REGISTRATION_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "broker/image/cluster_image.h"
#include "broker/image/znodes.h"
#include "coord/client/session.h"

namespace quorate::broker {

// Registers by an ephemeral of `session`; returns the broker epoch. What an
// earlier life of the same data directory has left is replaced, in one multi;
// what this session has made already is taken for what it is. Blocks.
//
// AlreadyExists: another data directory is registered under this id.
// FailedPrecondition: there is no /broker/ids. Others: of the session; whether
// it was done is not known, ask again.
absl::StatusOr<uint64_t> Register(client::Session& session, BrokerId id,
                                  const Registration& registration);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CONTROLLER_REGISTRATION_H_
