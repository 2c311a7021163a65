#include "broker/dlq/replay.h"

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/client/clock.h"
#include "broker/client/delivery.h"
#include "broker/client/producer.h"
#include "broker/dlq/spool.h"

namespace quorate::broker {
namespace {

Message MessageOf(const SpooledLetter& spooled, const ReplayOptions& options) {
  Message message = {.topic = spooled.letter.topic,
                     .record = spooled.letter.record};
  if (!options.to_topic.empty()) {
    message.topic = options.to_topic;
  } else if (spooled.letter.partition >= 0) {
    // Where it would have stood: there its key's others are.
    message.partition = spooled.letter.partition;
  }
  return message;
}

// What has become of the letters of one page.
class Page {
 public:
  explicit Page(size_t letters) : open_(letters) {}

  void OnDelivery(int64_t id, const Delivery& delivery) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (delivery.outcome == DeliveryOutcome::kAcknowledged) {
      done_.push_back({.id = id,
                       .partition = delivery.partition,
                       .offset = delivery.offset});
    } else {
      Fail(id, delivery.cause);
    }
    Close();
  }
  void OnRefused(int64_t id, const absl::Status& why) {
    const std::lock_guard<std::mutex> lock(mutex_);
    Fail(id, why);
    Close();
  }
  void Wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    closed_.wait(lock, [this] { return open_ == 0; });
  }

  // After Wait().
  const std::vector<ReplayedLetter>& done() const { return done_; }
  const std::vector<int64_t>& failed() const { return failed_; }
  const absl::Status& first_failure() const { return first_failure_; }

 private:
  void Fail(int64_t id, const absl::Status& why) {
    failed_.push_back(id);
    if (first_failure_.ok()) first_failure_ = why;
  }
  void Close() {
    if (--open_ == 0) closed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable closed_;
  size_t open_;
  std::vector<ReplayedLetter> done_;
  std::vector<int64_t> failed_;
  absl::Status first_failure_;
};

}  // namespace

absl::StatusOr<ReplayResult> Replay(SpoolDlq& spool, Producer& producer,
                                    const ReplayOptions& options) {
  ReplayResult result;
  SpoolFilter filter = options.filter;
  filter.waiting = true;
  filter.done = false;
  while (filter.limit > 0) {
    if (options.should_stop && options.should_stop()) {
      result.stopped = true;
      break;
    }
    SpoolFilter next = filter;
    next.limit = std::min(options.page, filter.limit);
    const absl::StatusOr<std::vector<SpooledLetter>> letters = spool.List(next);
    if (!letters.ok()) return letters.status();
    if (letters->empty()) break;
    Page page(letters->size());
    for (const SpooledLetter& letter : *letters) {
      const absl::Status sent =
          producer.Send(MessageOf(letter, options),
                        [&page, id = letter.id](const Delivery& delivery) {
                          page.OnDelivery(id, delivery);
                        });
      if (!sent.ok()) page.OnRefused(letter.id, sent);
    }
    page.Wait();
    absl::Status marked = spool.MarkDone(page.done(), WallMs());
    if (marked.ok()) marked = spool.MarkFailed(page.failed());
    if (!marked.ok()) return marked;
    result.done += static_cast<int64_t>(page.done().size());
    result.failed += static_cast<int64_t>(page.failed().size());
    if (result.first_failure.ok()) result.first_failure = page.first_failure();
    if (options.on_progress) options.on_progress(result.done, result.failed);
    filter.after_id = letters->back().id;
    filter.limit -= static_cast<int64_t>(letters->size());
  }
  return result;
}

}  // namespace quorate::broker
