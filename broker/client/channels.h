// Channels: connections to brokers, one for each address, made when first
// needed and kept.
//
// Thread-safe.

#ifndef QUORATE_BROKER_CLIENT_CHANNELS_H_
#define QUORATE_BROKER_CLIENT_CHANNELS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace grpc {
class Channel;
class ClientContext;
}  // namespace grpc

namespace quorate::broker {

// Of the broker's API, both ways.
inline constexpr int kMaxMessageBytes = 16 << 20;

class Channels {
 public:
  std::shared_ptr<grpc::Channel> To(const std::string& address);

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<grpc::Channel>> channels_;
};

// Gives a call so much time from now, by the monotonic clock.
void SetTimeout(grpc::ClientContext& context, int64_t timeout_ms);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CLIENT_CHANNELS_H_
