#include "broker/dlq/topic_dlq.h"

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "broker/client/dead_letter_queue.h"
#include "broker/client/delivery.h"
#include "broker/client/message_id.h"
#include "broker/client/producer.h"
#include "broker/record/record_batch.h"

namespace quorate::broker {
namespace {

constexpr absl::string_view kPrefix = "quorate-dlq-";

template <typename Number>
bool ParseInto(const std::string& text, Number& number) {
  return absl::SimpleAtoi(text, &number);
}

// Puts one of the letter's own headers where it belongs. False: it is none.
bool Take(absl::string_view name, const std::string& value,
          DeadLetter& letter) {
  if (name == "topic") return letter.topic = value, true;
  if (name == "cause") return letter.cause = value, true;
  if (name == "message") return letter.message = value, true;
  if (name == "group") return letter.group = value, true;
  if (name == "partition") return ParseInto(value, letter.partition);
  if (name == "attempts") return ParseInto(value, letter.attempts);
  if (name == "first-ms") return ParseInto(value, letter.first_ms);
  if (name == "last-ms") return ParseInto(value, letter.last_ms);
  if (name == "producer-id") return ParseInto(value, letter.producer_id);
  if (name == "producer-epoch") return ParseInto(value, letter.producer_epoch);
  if (name == "sequence") return ParseInto(value, letter.sequence);
  if (name == "offset") return ParseInto(value, letter.offset);
  return false;
}

}  // namespace

Record RecordOfLetter(const DeadLetter& letter) {
  Record record = {.timestamp_ms = letter.record.timestamp_ms,
                   .key = letter.record.key,
                   .value = letter.record.value};
  const auto add = [&record](absl::string_view name, std::string value) {
    record.headers.push_back(
        {.name = absl::StrCat(kPrefix, name), .value = std::move(value)});
  };
  add("topic", letter.topic);
  add("partition", absl::StrCat(letter.partition));
  add("cause", letter.cause);
  add("message", letter.message);
  add("attempts", absl::StrCat(letter.attempts));
  add("first-ms", absl::StrCat(letter.first_ms));
  add("last-ms", absl::StrCat(letter.last_ms));
  add("producer-id", absl::StrCat(letter.producer_id));
  add("producer-epoch", absl::StrCat(letter.producer_epoch));
  add("sequence", absl::StrCat(letter.sequence));
  if (!letter.group.empty()) add("group", letter.group);
  if (letter.offset >= 0) add("offset", absl::StrCat(letter.offset));
  // The record's own: the message id is among them, or comes now.
  for (const RecordHeader& header : letter.record.headers) {
    record.headers.push_back(header);
  }
  if (MessageIdOf(record).empty()) {
    record.headers.push_back(
        {.name = kMessageIdHeader, .value = letter.message_id});
  }
  return record;
}

absl::StatusOr<DeadLetter> LetterOfRecord(const Record& record) {
  DeadLetter letter = {.message_id = MessageIdOf(record),
                       .record = {.timestamp_ms = record.timestamp_ms,
                                  .key = record.key,
                                  .value = record.value}};
  for (const RecordHeader& header : record.headers) {
    if (!absl::StartsWith(header.name, kPrefix)) {
      letter.record.headers.push_back(header);
    } else if (!Take(absl::StripPrefix(header.name, kPrefix), header.value,
                     letter)) {
      return absl::DataLossError(absl::StrCat("header ", header.name,
                                              " of a dead letter is \"",
                                              header.value, "\""));
    }
  }
  if (letter.topic.empty() || letter.message_id.empty()) {
    return absl::DataLossError(
        "the record is no dead letter: it names no topic or no message id");
  }
  return letter;
}

absl::StatusOr<std::unique_ptr<TopicDlq>> TopicDlq::Create(
    ProducerOptions options, std::string topic) {
  options.dead_letters = nullptr;
  absl::StatusOr<std::unique_ptr<Producer>> producer =
      Producer::Create(std::move(options));
  if (!producer.ok()) return producer.status();
  return std::unique_ptr<TopicDlq>(
      new TopicDlq(*std::move(producer), std::move(topic)));
}

TopicDlq::TopicDlq(std::unique_ptr<Producer> producer, std::string topic)
    : producer_(std::move(producer)), topic_(std::move(topic)) {}

absl::Status TopicDlq::Put(const std::vector<DeadLetter>& letters) {
  std::mutex mutex;
  std::condition_variable told;
  size_t open = 0;
  absl::Status status;
  for (const DeadLetter& letter : letters) {
    {
      const std::lock_guard<std::mutex> lock(mutex);
      ++open;
    }
    const absl::Status sent =
        producer_->Send({.topic = topic_, .record = RecordOfLetter(letter)},
                        [&](const Delivery& delivery) {
                          const std::lock_guard<std::mutex> lock(mutex);
                          status.Update(delivery.cause);
                          --open;
                          told.notify_one();
                        });
    if (sent.ok()) continue;
    const std::lock_guard<std::mutex> lock(mutex);
    --open;
    status.Update(sent);
    break;
  }
  std::unique_lock<std::mutex> lock(mutex);
  told.wait(lock, [&open] { return open == 0; });
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat("topic ", topic_, " of dead letters: ",
                                   std::string(status.message())));
}

}  // namespace quorate::broker
