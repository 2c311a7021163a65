// Channels: connections of this library to members.

#ifndef QUORATE_COORD_CLIENT_CHANNEL_H_
#define QUORATE_COORD_CLIENT_CHANNEL_H_

#include <memory>
#include <string>

#include "absl/status/status.h"

namespace grpc {
class Channel;
class Status;
}  // namespace grpc

namespace quorate::client {

// Connects in the background. Shares nothing with other channels, so that what
// one has failed to reach is tried at once by the next.
std::shared_ptr<grpc::Channel> NewChannel(const std::string& endpoint);

// With the ErrorDetail that it carries, if any.
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_CHANNEL_H_
