// ClusterView: what a client believes of the cluster: the newest image that any
// broker has shown, and whom to ask next.
//
// It never goes back to the view of an older controller, and refuses answers of
// another ensemble than the one that it has pinned (rule 22). Pure.
//
// Not thread-safe.

#ifndef QUORATE_BROKER_CLIENT_CLUSTER_VIEW_H_
#define QUORATE_BROKER_CLIENT_CLUSTER_VIEW_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "broker/image/cluster_image.h"

namespace quorate::broker {

class ClusterView {
 public:
  // As in ClientOptions. `first` picks the one of `bootstrap` that is asked
  // first. REQUIRES: bootstrap is not empty.
  ClusterView(std::vector<std::string> bootstrap, std::string ensemble_id,
              bool unsafe_no_ensemble_pin, uint64_t first);

  // An answer of the broker at `address`. True: it is newer than what was
  // known, and is known now. WrongEnsemble: another ensemble than the pinned
  // one; nothing has changed. BadRequest: an ensemble id that is none.
  absl::StatusOr<bool> Offer(absl::string_view address,
                             absl::string_view ensemble_id, bool unsafe,
                             std::shared_ptr<const ClusterImage> image);

  // nullptr: none was shown yet.
  const std::shared_ptr<const ClusterImage>& image() const { return image_; }
  // 16 bytes; empty: none is pinned yet.
  const std::string& ensemble_id() const { return ensemble_id_; }
  // Who has shown the image runs without its pin.
  bool unsafe() const { return unsafe_; }

  // Whom to ask for metadata: each call names the next one, in turns.
  std::string NextAddress();
  // How many there are to be asked.
  size_t addresses() const { return addresses_.size(); }

 private:
  // All that are worth asking: the brokers of the image, then `bootstrap_`.
  void Collect();

  const std::vector<std::string> bootstrap_;
  const bool believes_all_;
  std::string ensemble_id_;
  bool unsafe_ = false;
  std::shared_ptr<const ClusterImage> image_;
  std::vector<std::string> addresses_;
  size_t next_ = 0;
};

// "host:port" of a broker; empty: it is not registered, or is none.
std::string AddressOf(const ClusterImage& image, BrokerId id);
// Of the controller; empty: not known.
std::string ControllerAddress(const ClusterImage& image);
// Of a partition's leader. NoTopic, BadRequest (no such partition), NoLeader.
absl::StatusOr<std::string> LeaderAddress(const ClusterImage& image,
                                          const std::string& topic,
                                          int32_t partition);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CLIENT_CLUSTER_VIEW_H_
