#include "broker/processor/processor.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "broker/client/clock.h"
#include "broker/client/consumed_record.h"
#include "broker/client/dead_letter_queue.h"
#include "broker/client/message_id.h"
#include "broker/client/topic_partition.h"
#include "broker/dlq/sqlite.h"
#include "coord/client/error.h"

namespace quorate::broker {
namespace {

// In one transaction at most.
constexpr size_t kBatch = 200;
// Old message ids are looked for after so many records.
constexpr int64_t kForgetEvery = 1'000;

constexpr Sqlite::Schema kSchema = {.application_id = 0x51505243,  // "QPRC"
                                    .version = 1,
                                    .create = R"sql(
CREATE TABLE quorate_positions (
  consumer_group TEXT NOT NULL,
  topic TEXT NOT NULL,
  topic_id INTEGER NOT NULL,
  partition INTEGER NOT NULL,
  next_offset INTEGER NOT NULL,
  PRIMARY KEY (consumer_group, topic, topic_id, partition)
) WITHOUT ROWID;
CREATE TABLE quorate_seen (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  consumer_group TEXT NOT NULL,
  message_id TEXT NOT NULL,
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  log_offset INTEGER NOT NULL,
  producer_id INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  seen_ms INTEGER NOT NULL,
  UNIQUE (consumer_group, message_id)
);
CREATE TABLE quorate_attempts (
  consumer_group TEXT NOT NULL,
  topic TEXT NOT NULL,
  topic_id INTEGER NOT NULL,
  partition INTEGER NOT NULL,
  log_offset INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  error TEXT NOT NULL,
  PRIMARY KEY (consumer_group, topic, topic_id, partition, log_offset)
) WITHOUT ROWID)sql",
                                    .what = "a database of processed records"};

std::string KindOf(const absl::Status& status) {
  const auto info = client::ErrorInfoOf(status);
  return info && !info->kind.empty() ? info->kind
                                     : absl::StatusCodeToString(status.code());
}

// A handler's error says nothing about this processor's own: it is wrapped, to
// tell them apart.
constexpr char kHandlerPayload[] = "quorate.processor/handler";

}  // namespace

absl::StatusOr<std::unique_ptr<IdempotentProcessor>> IdempotentProcessor::Open(
    ProcessorOptions options, Handler handler) {
  if (options.group.empty()) {
    return absl::InvalidArgumentError("a processor needs the name of a group");
  }
  if (options.max_attempts < 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a handler needs at least one attempt, not ", options.max_attempts));
  }
  absl::StatusOr<std::unique_ptr<Sqlite>> db =
      Sqlite::Open(options.path, kSchema, /*create=*/true);
  if (!db.ok()) return db.status();
  if (!options.create.empty()) {
    const absl::Status created =
        (*db)->Transaction([&] { return (*db)->Execute(options.create); });
    if (!created.ok()) return created;
  }
  return std::unique_ptr<IdempotentProcessor>(new IdempotentProcessor(
      std::move(options), std::move(handler), *std::move(db)));
}

IdempotentProcessor::IdempotentProcessor(ProcessorOptions options,
                                         Handler handler,
                                         std::unique_ptr<Sqlite> db)
    : options_(std::move(options)),
      handler_(std::move(handler)),
      db_(std::move(db)) {}

absl::Status IdempotentProcessor::Hook(ProcessorStep step) const {
  return options_.fault_hook ? options_.fault_hook(step) : absl::OkStatus();
}

absl::Status IdempotentProcessor::Process(
    uint64_t topic_id, const std::vector<ConsumedRecord>& records) {
  for (size_t begin = 0; begin < records.size();) {
    if (proven_.count(records[begin].partition) == 0) {
      const absl::Status status = ProcessOne(topic_id, records[begin]);
      if (!status.ok()) return status;
      ++begin;
      continue;
    }
    size_t end = begin + 1;
    while (end < records.size() && end - begin < kBatch &&
           proven_.count(records[end].partition) != 0) {
      ++end;
    }
    const absl::Status status = ProcessSome(topic_id, records, begin, end);
    if (!status.ok()) return status;
    begin = end;
  }
  return absl::OkStatus();
}

absl::Status IdempotentProcessor::ProcessSome(
    uint64_t topic_id, const std::vector<ConsumedRecord>& records, size_t begin,
    size_t end) {
  const ProcessorStats before = stats_;
  const absl::Status together = db_->Transaction([&]() -> absl::Status {
    for (size_t i = begin; i < end; ++i) {
      const absl::StatusOr<Verdict> verdict = Judge(topic_id, records[i]);
      if (!verdict.ok()) return verdict.status();
      absl::Status status = *verdict == Verdict::kProcess
                                ? HandleAndMark(topic_id, records[i])
                                : SetPosition(topic_id, records[i]);
      if (!status.ok()) return status;
      ++(*verdict == Verdict::kProcess ? stats_.processed : stats_.duplicates);
    }
    return absl::OkStatus();
  });
  if (together.ok()) return Hook(ProcessorStep::kCommitted);
  stats_ = before;
  if (!together.GetPayload(kHandlerPayload)) return together;
  // All of it was undone. One by one: only that one is counted.
  for (size_t i = begin; i < end; ++i) {
    const absl::Status status = ProcessOne(topic_id, records[i]);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// Before the handler, as it may take the process with it.
absl::StatusOr<IdempotentProcessor::Attempt> IdempotentProcessor::Begin(
    uint64_t topic_id, const ConsumedRecord& record) {
  Attempt attempt;
  const absl::Status status = db_->Transaction([&]() -> absl::Status {
    const absl::StatusOr<Verdict> judged = Judge(topic_id, record);
    if (!judged.ok()) return judged.status();
    attempt.verdict = *judged;
    if (*judged == Verdict::kDuplicate) return SetPosition(topic_id, record);
    const absl::StatusOr<int32_t> counted = Attempts(topic_id, record);
    if (!counted.ok()) return counted.status();
    attempt.number = *counted + 1;
    if (attempt.number > options_.max_attempts) return absl::OkStatus();
    return Count(topic_id, record, attempt.number,
                 "the process ended meanwhile");
  });
  if (!status.ok()) return status;
  return attempt;
}

absl::Status IdempotentProcessor::ProcessOne(uint64_t topic_id,
                                             const ConsumedRecord& record) {
  const absl::StatusOr<Attempt> attempt = Begin(topic_id, record);
  if (!attempt.ok()) return attempt.status();
  if (attempt->verdict == Verdict::kDuplicate) {
    ++stats_.duplicates;
    return absl::OkStatus();
  }
  if (attempt->number > options_.max_attempts) {
    return Bury(topic_id, record, options_.max_attempts,
                absl::AbortedError("each attempt has failed, or ended with the "
                                   "process that made it"));
  }
  absl::Status status = Hook(ProcessorStep::kCounted);
  if (!status.ok()) return status;
  bool handled = false;
  status = db_->Transaction([&]() -> absl::Status {
    // Another process may have been here meanwhile.
    const absl::StatusOr<Verdict> verdict = Judge(topic_id, record);
    if (!verdict.ok()) return verdict.status();
    handled = *verdict == Verdict::kProcess;
    return handled ? HandleAndMark(topic_id, record)
                   : SetPosition(topic_id, record);
  });
  if (status.ok()) {
    proven_.insert(record.partition);
    ++(handled ? stats_.processed : stats_.duplicates);
    return Hook(ProcessorStep::kCommitted);
  }
  if (!status.GetPayload(kHandlerPayload)) return status;
  ++stats_.failures;
  const absl::Status noted = db_->Transaction([&] {
    return Count(topic_id, record, attempt->number,
                 std::string(status.message()));
  });
  if (!noted.ok()) return noted;
  if (attempt->number < options_.max_attempts) return status;
  return Bury(topic_id, record, attempt->number, status);
}

absl::Status IdempotentProcessor::HandleAndMark(uint64_t topic_id,
                                                const ConsumedRecord& record) {
  absl::Status status = handler_(record, *db_);
  if (!status.ok()) {
    status.SetPayload(kHandlerPayload, absl::Cord("1"));
    return status;
  }
  status = Hook(ProcessorStep::kHandled);
  if (status.ok()) status = SetPosition(topic_id, record);
  if (status.ok()) status = Remember(record);
  if (status.ok()) status = Hook(ProcessorStep::kMarked);
  return status;
}

absl::StatusOr<IdempotentProcessor::Verdict> IdempotentProcessor::Judge(
    uint64_t topic_id, const ConsumedRecord& record) {
  const absl::StatusOr<std::optional<int64_t>> position =
      Position(topic_id, record.partition);
  if (!position.ok()) return position.status();
  if (position->has_value() && record.offset < **position) {
    return Verdict::kDuplicate;
  }
  const std::string message_id = MessageIdOf(record.record);
  if (message_id.empty()) return Verdict::kProcess;
  auto statement = db_->Prepare(
      "SELECT 1 FROM quorate_seen WHERE consumer_group = ?1"
      " AND message_id = ?2");
  if (!statement.ok()) return statement.status();
  statement->Bind(1, options_.group).Bind(2, message_id);
  const absl::StatusOr<bool> seen = statement->Step();
  if (!seen.ok()) return seen.status();
  return *seen ? Verdict::kDuplicate : Verdict::kProcess;
}

absl::StatusOr<std::optional<int64_t>> IdempotentProcessor::Position(
    uint64_t topic_id, const TopicPartition& partition) {
  auto statement = db_->Prepare(
      "SELECT next_offset FROM quorate_positions WHERE consumer_group = ?1"
      " AND topic = ?2 AND topic_id = ?3 AND partition = ?4");
  if (!statement.ok()) return statement.status();
  statement->Bind(1, options_.group)
      .Bind(2, partition.topic)
      .Bind(3, static_cast<int64_t>(topic_id))
      .Bind(4, int64_t{partition.partition});
  const absl::StatusOr<bool> row = statement->Step();
  if (!row.ok()) return row.status();
  return *row ? std::optional<int64_t>(statement->Int(0)) : std::nullopt;
}

absl::Status IdempotentProcessor::SetPosition(uint64_t topic_id,
                                              const ConsumedRecord& record) {
  auto statement = db_->Prepare(
      "INSERT INTO quorate_positions VALUES (?1, ?2, ?3, ?4, ?5)"
      " ON CONFLICT DO UPDATE SET next_offset = MAX(next_offset, ?5)");
  if (!statement.ok()) return statement.status();
  statement->Bind(1, options_.group)
      .Bind(2, record.partition.topic)
      .Bind(3, static_cast<int64_t>(topic_id))
      .Bind(4, int64_t{record.partition.partition})
      .Bind(5, record.offset + 1);
  absl::Status status = statement->Run();
  if (!status.ok()) return status;
  auto gone = db_->Prepare(
      "DELETE FROM quorate_attempts WHERE consumer_group = ?1 AND topic = ?2"
      " AND topic_id = ?3 AND partition = ?4 AND log_offset <= ?5");
  if (!gone.ok()) return gone.status();
  gone->Bind(1, options_.group)
      .Bind(2, record.partition.topic)
      .Bind(3, static_cast<int64_t>(topic_id))
      .Bind(4, int64_t{record.partition.partition})
      .Bind(5, record.offset);
  return gone->Run();
}

absl::Status IdempotentProcessor::Remember(const ConsumedRecord& record) {
  const std::string message_id = MessageIdOf(record.record);
  if (message_id.empty()) return absl::OkStatus();
  auto statement = db_->Prepare(
      "INSERT INTO quorate_seen (consumer_group, message_id, topic, partition,"
      " log_offset, producer_id, sequence, seen_ms)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
  if (!statement.ok()) return statement.status();
  statement->Bind(1, options_.group)
      .Bind(2, message_id)
      .Bind(3, record.partition.topic)
      .Bind(4, int64_t{record.partition.partition})
      .Bind(5, record.offset)
      .Bind(6, static_cast<int64_t>(record.producer_id))
      .Bind(7, int64_t{record.sequence})
      .Bind(8, WallMs());
  const absl::Status status = statement->Run();
  if (!status.ok() || --until_forget_ > 0) return status;
  until_forget_ = std::min(kForgetEvery, options_.max_remembered);
  return Forget();
}

absl::Status IdempotentProcessor::Forget() {
  auto statement = db_->Prepare(
      "DELETE FROM quorate_seen WHERE number IN (SELECT number FROM"
      " quorate_seen WHERE seen_ms < ?1 OR number <="
      " (SELECT MAX(number) FROM quorate_seen) - ?2 ORDER BY number LIMIT ?3)");
  if (!statement.ok()) return statement.status();
  statement->Bind(1, WallMs() - options_.remember_ms)
      .Bind(2, options_.max_remembered)
      .Bind(3, 2 * kForgetEvery);
  return statement->Run();
}

absl::StatusOr<int32_t> IdempotentProcessor::Attempts(
    uint64_t topic_id, const ConsumedRecord& record) {
  auto statement = db_->Prepare(
      "SELECT attempts FROM quorate_attempts WHERE consumer_group = ?1"
      " AND topic = ?2 AND topic_id = ?3 AND partition = ?4"
      " AND log_offset = ?5");
  if (!statement.ok()) return statement.status();
  statement->Bind(1, options_.group)
      .Bind(2, record.partition.topic)
      .Bind(3, static_cast<int64_t>(topic_id))
      .Bind(4, int64_t{record.partition.partition})
      .Bind(5, record.offset);
  const absl::StatusOr<bool> row = statement->Step();
  if (!row.ok()) return row.status();
  return *row ? static_cast<int32_t>(statement->Int(0)) : 0;
}

absl::Status IdempotentProcessor::Count(uint64_t topic_id,
                                        const ConsumedRecord& record,
                                        int32_t attempts,
                                        const std::string& error) {
  auto statement = db_->Prepare(
      "INSERT INTO quorate_attempts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
      " ON CONFLICT DO UPDATE SET attempts = ?6, error = ?7");
  if (!statement.ok()) return statement.status();
  statement->Bind(1, options_.group)
      .Bind(2, record.partition.topic)
      .Bind(3, static_cast<int64_t>(topic_id))
      .Bind(4, int64_t{record.partition.partition})
      .Bind(5, record.offset)
      .Bind(6, int64_t{attempts})
      .Bind(7, error);
  return statement->Run();
}

absl::Status IdempotentProcessor::Bury(uint64_t topic_id,
                                       const ConsumedRecord& record,
                                       int32_t attempts,
                                       const absl::Status& why) {
  if (options_.dead_letters == nullptr) return why;
  std::string message_id = MessageIdOf(record.record);
  if (message_id.empty()) {
    message_id = absl::StrCat(ToString(record.partition), "/", record.offset);
  }
  absl::Status status =
      options_.dead_letters->Put({{.message_id = std::move(message_id),
                                   .topic = record.partition.topic,
                                   .partition = record.partition.partition,
                                   .record = record.record,
                                   .cause = KindOf(why),
                                   .message = std::string(why.message()),
                                   .attempts = attempts,
                                   .first_ms = record.record.timestamp_ms,
                                   .last_ms = WallMs(),
                                   .producer_id = record.producer_id,
                                   .sequence = record.sequence,
                                   .group = options_.group,
                                   .offset = record.offset}});
  if (status.ok()) status = Hook(ProcessorStep::kBuried);
  if (status.ok()) {
    // Not remembered: a replay of the letter is to be processed.
    status = db_->Transaction([&] { return SetPosition(topic_id, record); });
  }
  if (!status.ok()) return status;
  ++stats_.dead_lettered;
  proven_.insert(record.partition);
  return absl::OkStatus();
}

}  // namespace quorate::broker
