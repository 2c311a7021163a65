#include "broker/client/cluster_view.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "coord/base/check.h"

namespace quorate::broker {
namespace {

constexpr size_t kEnsembleIdBytes = 16;

bool IsNewer(const ClusterImage& a, const ClusterImage& b) {
  if (a.controller.controller_epoch != b.controller.controller_epoch) {
    return a.controller.controller_epoch > b.controller.controller_epoch;
  }
  return a.version > b.version;
}

}  // namespace

ClusterView::ClusterView(std::vector<std::string> bootstrap,
                         std::string ensemble_id, bool unsafe_no_ensemble_pin,
                         uint64_t first)
    : bootstrap_(std::move(bootstrap)),
      believes_all_(unsafe_no_ensemble_pin),
      ensemble_id_(std::move(ensemble_id)) {
  QUORATE_CHECK(!bootstrap_.empty());
  Collect();
  next_ = static_cast<size_t>(first % addresses_.size());
}

absl::StatusOr<bool> ClusterView::Offer(
    absl::string_view address, absl::string_view ensemble_id, bool unsafe,
    std::shared_ptr<const ClusterImage> image) {
  QUORATE_CHECK(image != nullptr);
  if (!believes_all_) {
    if (ensemble_id.size() != kEnsembleIdBytes) {
      return BrokerError(
          ErrorKind::kBadRequest,
          absl::StrCat(address, " names no ensemble: expected an id of ",
                       kEnsembleIdBytes, " bytes, found ", ensemble_id.size()));
    }
    if (!ensemble_id_.empty() && ensemble_id_ != ensemble_id) {
      return BrokerError(ErrorKind::kWrongEnsemble,
                         absl::StrCat(address, " belongs to ensemble ",
                                      absl::BytesToHexString(ensemble_id),
                                      ", expected the pinned one, ",
                                      absl::BytesToHexString(ensemble_id_),
                                      "; name brokers of that one (rule 22)"));
    }
    if (image_ != nullptr && !IsNewer(*image, *image_)) return false;
    ensemble_id_ = std::string(ensemble_id);
  }
  unsafe_ = unsafe;
  image_ = std::move(image);
  Collect();
  return true;
}

std::string ClusterView::NextAddress() {
  next_ = (next_ + 1) % addresses_.size();
  return addresses_[next_];
}

void ClusterView::Collect() {
  // Whoever was next stays next, if it is still there.
  const std::string last = addresses_.empty() ? "" : addresses_[next_];
  addresses_.clear();
  if (image_ != nullptr) {
    for (const auto& [id, broker] : image_->brokers) {
      addresses_.push_back(broker.address);
    }
  }
  for (const std::string& address : bootstrap_) {
    if (std::find(addresses_.begin(), addresses_.end(), address) ==
        addresses_.end()) {
      addresses_.push_back(address);
    }
  }
  const auto it = std::find(addresses_.begin(), addresses_.end(), last);
  next_ =
      it == addresses_.end() ? 0 : static_cast<size_t>(it - addresses_.begin());
}

std::string AddressOf(const ClusterImage& image, BrokerId id) {
  const auto it = image.brokers.find(id);
  return it == image.brokers.end() ? "" : it->second.address;
}

std::string ControllerAddress(const ClusterImage& image) {
  return AddressOf(image, image.controller.broker_id);
}

absl::StatusOr<std::string> LeaderAddress(const ClusterImage& image,
                                          const std::string& topic,
                                          int32_t partition) {
  const auto it = image.topics.find(topic);
  if (it == image.topics.end()) {
    return BrokerError(ErrorKind::kNoTopic,
                       absl::StrCat("there is no topic ", topic));
  }
  const PartitionState* state = image.Find(topic, partition);
  if (state == nullptr) {
    return BrokerError(
        ErrorKind::kBadRequest,
        absl::StrCat("topic ", topic, " has partitions 0 to ",
                     it->second.partitions.size() - 1, ", not ", partition));
  }
  std::string address = AddressOf(image, state->leader);
  if (address.empty()) {
    return BrokerError(
        ErrorKind::kNoLeader,
        absl::StrCat(topic, "/", partition, " has no leader at present"));
  }
  return address;
}

}  // namespace quorate::broker
