// BrokerLink: how a controller reaches one broker.

#ifndef QUORATE_BROKER_CONTROLLER_BROKER_LINK_H_
#define QUORATE_BROKER_CONTROLLER_BROKER_LINK_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "broker/image/cluster_image.h"

namespace quorate::broker {

class BrokerLink {
 public:
  // Gives up what is under way; its callback may come later still.
  virtual ~BrokerLink() = default;
  // Control.ApplyImage, once, under a deadline of the link's own. One at a
  // time. `done` comes once, on any thread, and not before the call returns.
  virtual void ApplyImage(const ClusterImage& image,
                          std::function<void(absl::Status)> done) = 0;
};

using OpenBrokerLink =
    std::function<std::unique_ptr<BrokerLink>(const std::string& address)>;

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CONTROLLER_BROKER_LINK_H_
