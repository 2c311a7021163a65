#include "broker/client/producer.h"

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "broker/client/cluster.h"
#include "broker/client/delivery.h"
#include "broker/client/producer_driver.h"
#include "broker/record/record_batch.h"

namespace quorate::broker {
namespace {

absl::Status Check(const ProducerLimits& limits, int64_t max_block_ms) {
  const auto refuse = [](const char* what, int64_t found) {
    return absl::InvalidArgumentError(absl::StrCat(what, ", found ", found));
  };
  if (limits.delivery_timeout_ms < 1) {
    return refuse("a delivery needs some time", limits.delivery_timeout_ms);
  }
  if (limits.request_timeout_ms < 1 || limits.request_timeout_ms > 600'000) {
    return refuse("a request may take 1 to 600000 ms",
                  limits.request_timeout_ms);
  }
  if (limits.linger_ms < 0) {
    return refuse("a batch waits for 0 ms or more", limits.linger_ms);
  }
  if (limits.batch_bytes < 1 || limits.batch_bytes > kMaxBatchBytes) {
    return refuse("a batch has 1 to 8388608 bytes",
                  static_cast<int64_t>(limits.batch_bytes));
  }
  if (limits.max_in_flight < 1 || limits.max_in_flight > 5) {
    return refuse("1 to 5 batches of a partition may be in flight",
                  limits.max_in_flight);
  }
  if (limits.min_backoff_ms < 1 ||
      limits.max_backoff_ms < limits.min_backoff_ms) {
    return refuse("the bounds of back-off are above 0 ms, the lower one first",
                  limits.min_backoff_ms);
  }
  if (max_block_ms < 0) {
    return refuse("Send() may wait for 0 ms or more", max_block_ms);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Producer>> Producer::Create(
    ProducerOptions options) {
  const absl::Status valid = Check(options.limits, options.max_block_ms);
  if (!valid.ok()) return valid;
  absl::StatusOr<std::shared_ptr<Cluster>> cluster =
      Cluster::Create(options.client);
  if (!cluster.ok()) return cluster.status();
  return std::unique_ptr<Producer>(
      new Producer(std::make_shared<ProducerDriver>(std::move(options),
                                                    *std::move(cluster))));
}

Producer::Producer(std::shared_ptr<ProducerDriver> driver)
    : driver_(std::move(driver)) {}

Producer::~Producer() { static_cast<void>(driver_->Close(0)); }

absl::Status Producer::Send(Message message, Callback done) {
  return driver_->Send(std::move(message), std::move(done));
}

absl::StatusOr<Delivery> Producer::SendAndWait(Message message) {
  std::mutex mutex;
  std::condition_variable told;
  std::optional<Delivery> result;
  const absl::Status sent =
      driver_->Send(std::move(message), [&](const Delivery& delivery) {
        const std::lock_guard<std::mutex> lock(mutex);
        result = delivery;
        told.notify_one();
      });
  if (!sent.ok()) return sent;
  std::unique_lock<std::mutex> lock(mutex);
  told.wait(lock, [&result] { return result.has_value(); });
  return *std::move(result);
}

absl::Status Producer::Flush(int64_t timeout_ms) {
  return driver_->Flush(timeout_ms);
}

absl::Status Producer::Close(int64_t timeout_ms) {
  return driver_->Close(timeout_ms);
}

ProducerStats Producer::stats() const { return driver_->stats(); }

std::string Producer::ensemble_id() const { return driver_->ensemble_id(); }

}  // namespace quorate::broker
