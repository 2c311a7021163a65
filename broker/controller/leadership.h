// Leadership: being controller, as told to what works only on the controller,
// such as consumer groups.

#ifndef QUORATE_BROKER_CONTROLLER_LEADERSHIP_H_
#define QUORATE_BROKER_CONTROLLER_LEADERSHIP_H_

#include <cstdint>
#include <memory>

#include "broker/image/cluster_image.h"
#include "broker/image/znodes.h"
#include "coord/client/session.h"

namespace quorate::broker {

struct Leadership {
  ControllerToken token = {};
  // The version of /broker/controller_epoch that is this controller's. Every
  // multi that is written in its name begins with
  // client::Check{kControllerEpochPath, fence_version}: once that fails with
  // BadVersion or NoNode, somebody else is controller.
  int32_t fence_version = 0;
};

// Called on one thread, in order: Began, any number of ImageChanged, Ended; and
// again. On that thread nothing may block, and the blocking calls of a session
// do: use AsyncWrite and AsyncRead.
class LeadershipListener {
 public:
  virtual ~LeadershipListener() = default;

  // This broker is controller now, until Ended(). `session` lives until Ended()
  // has returned; it may be over earlier. `image` is what it has read.
  virtual void Began(const Leadership& leadership, client::Session& session,
                     std::shared_ptr<const ClusterImage> image) = 0;
  virtual void ImageChanged(std::shared_ptr<const ClusterImage> image) = 0;
  // It is controller no more. Writes that are under way may have been applied
  // or not; their callbacks may come later still.
  virtual void Ended() = 0;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CONTROLLER_LEADERSHIP_H_
