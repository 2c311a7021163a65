// TestLinks: brokers that are told images and answer when the test says so.

#ifndef QUORATE_BROKER_CONTROLLER_TEST_LINKS_H_
#define QUORATE_BROKER_CONTROLLER_TEST_LINKS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "broker/controller/broker_link.h"
#include "broker/image/cluster_image.h"

namespace quorate::broker {

// Thread-safe. Must outlive the links.
class TestLinks {
 public:
  struct Told {
    ClusterImage image;
    std::function<void(absl::Status)> done;
  };

  OpenBrokerLink Opener() {
    return [this](const std::string& address) {
      return absl::make_unique<Link>(*this, address);
    };
  }

  // Waits until a broker is told something, and takes that.
  Told Take(const std::string& address) {
    absl::MutexLock lock(&mutex_);
    const auto is_there = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return told_[address].has_value();
    };
    mutex_.Await(absl::Condition(&is_there));
    return *std::exchange(told_[address], std::nullopt);
  }
  bool HasTold(const std::string& address) {
    absl::MutexLock lock(&mutex_);
    return told_[address].has_value();
  }

 private:
  class Link final : public BrokerLink {
   public:
    Link(TestLinks& links, std::string address)
        : links_(links), address_(std::move(address)) {}
    void ApplyImage(const ClusterImage& image,
                    std::function<void(absl::Status)> done) override {
      absl::MutexLock lock(&links_.mutex_);
      links_.told_[address_] = Told{image, std::move(done)};
    }

   private:
    TestLinks& links_;
    const std::string address_;
  };

  absl::Mutex mutex_;
  std::map<std::string, std::optional<Told>> told_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CONTROLLER_TEST_LINKS_H_
