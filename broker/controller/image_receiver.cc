#include "broker/controller/image_receiver.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "broker/controller/fence.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"

namespace quorate::broker {
namespace {

absl::Status StoppingError() {
  return BrokerError(ErrorKind::kStopping, "this broker is stopping");
}

}  // namespace

ImageReceiver::ImageReceiver(BrokerId id, Fence& fence, Apply apply)
    : id_(id),
      fence_(fence),
      apply_(std::move(apply)),
      thread_([this] { Run(); }) {}

ImageReceiver::~ImageReceiver() { Stop(); }

bool ImageReceiver::IsCoveredBy(const ClusterImage& image,
                                const ClusterImage& by) {
  return image.controller == by.controller && image.version <= by.version;
}

void ImageReceiver::SetBrokerEpoch(uint64_t broker_epoch) {
  absl::MutexLock lock(&mutex_);
  broker_epoch_ = broker_epoch;
}

absl::Status ImageReceiver::CheckLife(const ClusterImage& image) const {
  const auto it = image.brokers.find(id_);
  const uint64_t named =
      it == image.brokers.end() ? 0 : it->second.broker_epoch;
  if (named != 0 && named == broker_epoch_) return absl::OkStatus();
  return BrokerError(
      ErrorKind::kStaleVersion,
      absl::StrCat("the image names broker ", id_, " of epoch ", named,
                   ", this one is registered with ", broker_epoch_));
}

void ImageReceiver::Receive(std::shared_ptr<const ClusterImage> image,
                            Done done) {
  absl::Status refusal;
  {
    absl::MutexLock lock(&mutex_);
    if (!stopping_ && waiting_.size() < kMaxWaiting) {
      waiting_.push_back({std::move(image), std::move(done)});
      return;
    }
    refusal = stopping_
                  ? StoppingError()
                  : BrokerError(ErrorKind::kOverloaded,
                                "too many images wait to be applied here");
  }
  done(refusal);
}

void ImageReceiver::Run() {
  for (;;) {
    std::deque<Command> commands;
    {
      absl::MutexLock lock(&mutex_);
      const auto is_due = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return stopping_ || !waiting_.empty();
      };
      mutex_.Await(absl::Condition(&is_due));
      if (stopping_) return;
      commands = std::exchange(waiting_, {});
    }
    for (size_t i = 0; i < commands.size(); ++i) {
      // A newer one of the same controller that waits behind it is enough.
      if (i + 1 < commands.size() &&
          IsCoveredBy(*commands[i].image, *commands[i + 1].image)) {
        commands[i + 1].done = [first = std::move(commands[i].done),
                                second = std::move(commands[i + 1].done)](
                                   const absl::Status& status) {
          first(status);
          second(status);
        };
        continue;
      }
      commands[i].done(Obey(commands[i].image));
    }
  }
}

absl::Status ImageReceiver::Obey(
    const std::shared_ptr<const ClusterImage>& image) {
  if (absl::Status s = fence_.Admit(image->controller); !s.ok()) return s;
  {
    absl::MutexLock lock(&mutex_);
    if (absl::Status s = CheckLife(*image); !s.ok()) return s;
    if (newest_ != nullptr && IsCoveredBy(*image, *newest_)) {
      return absl::OkStatus();
    }
  }
  if (absl::Status s = apply_(image); !s.ok()) return s;
  absl::MutexLock lock(&mutex_);
  newest_ = image;
  return absl::OkStatus();
}

std::shared_ptr<const ClusterImage> ImageReceiver::newest() const {
  absl::MutexLock lock(&mutex_);
  return newest_;
}

void ImageReceiver::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
  std::deque<Command> rest;
  {
    absl::MutexLock lock(&mutex_);
    rest = std::exchange(waiting_, {});
  }
  for (Command& command : rest) command.done(StoppingError());
}

}  // namespace quorate::broker
