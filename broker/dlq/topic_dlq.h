// TopicDlq: a dead letter queue that is a topic, best of another cluster, which
// does not fail together with the first.
//
// Each letter is one record with the letter's key, value, time and headers, and
// with headers of its own before these that say what happened. Thread-safe.

#ifndef QUORATE_BROKER_DLQ_TOPIC_DLQ_H_
#define QUORATE_BROKER_DLQ_TOPIC_DLQ_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/client/dead_letter_queue.h"
#include "broker/client/producer.h"
#include "broker/record/record_batch.h"

namespace quorate::broker {

class TopicDlq final : public DeadLetterQueue {
 public:
  // `options.dead_letters` is of no use here, and taken out. Errors as
  // Producer::Create().
  static absl::StatusOr<std::unique_ptr<TopicDlq>> Create(
      ProducerOptions options, std::string topic);

  // OK: every in-sync replica of the topic has all of them. It takes as long as
  // the producer's delivery time-out at most. One that was put before stands
  // there twice, with one message id.
  absl::Status Put(const std::vector<DeadLetter>& letters) override;

 private:
  TopicDlq(std::unique_ptr<Producer> producer, std::string topic);

  const std::unique_ptr<Producer> producer_;
  const std::string topic_;
};

// How letters stand in such a topic.
Record RecordOfLetter(const DeadLetter& letter);
// DataLoss: it is no letter.
absl::StatusOr<DeadLetter> LetterOfRecord(const Record& record);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_DLQ_TOPIC_DLQ_H_
