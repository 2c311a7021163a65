#include "tools/quorate/outage/reader.h"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/client/consumed_record.h"
#include "broker/client/consumer.h"
#include "broker/dlq/sqlite.h"
#include "broker/processor/processor.h"
#include "broker/processor/run.h"
#include "tools/quorate/outage/effects.h"

namespace quorate::tools {
namespace {

constexpr char kGroup[] = "demo";
constexpr std::chrono::milliseconds kAgainAfter(200);
constexpr int64_t kSessionMs = 6'000;
constexpr int64_t kRebalanceMs = 6'000;

class TheReader final : public Reader {
 public:
  TheReader(ReaderOptions options,
            std::unique_ptr<broker::IdempotentProcessor> processor)
      : options_(std::move(options)), processor_(std::move(processor)) {
    thread_ = std::thread([this] { Run(); });
  }

  ~TheReader() override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    stop_.notify_all();
    thread_.join();
  }

  absl::Status last_error() const override {
    const std::lock_guard<std::mutex> lock(mutex_);
    return last_error_;
  }

 private:
  bool IsStopping() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return stopping_;
  }

  void Run() {
    while (!IsStopping()) {
      broker::RunOptions run;
      run.consumer.client = options_.client;
      run.consumer.topics = {options_.topic};
      run.consumer.session_timeout_ms = kSessionMs;
      run.consumer.rebalance_timeout_ms = kRebalanceMs;
      run.should_stop = [this] { return IsStopping(); };
      const absl::Status status =
          broker::RunProcessor(*processor_, std::move(run));
      std::unique_lock<std::mutex> lock(mutex_);
      if (!status.ok()) last_error_ = status;
      stop_.wait_for(lock, kAgainAfter, [this] { return stopping_; });
    }
  }

  const ReaderOptions options_;
  const std::unique_ptr<broker::IdempotentProcessor> processor_;
  mutable std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  absl::Status last_error_;
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Reader>> Reader::Start(ReaderOptions options) {
  absl::StatusOr<std::unique_ptr<broker::IdempotentProcessor>> processor =
      broker::IdempotentProcessor::Open(
          {.path = options.database, .create = kMakeEffects, .group = kGroup},
          [](const broker::ConsumedRecord& record, broker::Sqlite& db) {
            return AddEffect(db.handle(), record.record.key.value_or(""),
                             record.record.value);
          });
  if (!processor.ok()) return processor.status();
  return std::make_unique<TheReader>(std::move(options), *std::move(processor));
}

}  // namespace quorate::tools
