#include "broker/dlq/spool.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "broker/client/dead_letter_queue.h"
#include "broker/dlq/headers_codec.h"
#include "broker/dlq/sqlite.h"
#include "broker/record/record_batch.h"
#include "coord/client/error.h"

namespace quorate::broker {
namespace {

constexpr Sqlite::Schema kSchema = {.application_id = 0x51444c51,  // "QDLQ"
                                    .version = 1,
                                    .create = R"sql(
CREATE TABLE letters (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  message_id TEXT NOT NULL,
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  timestamp_ms INTEGER NOT NULL,
  key BLOB,
  value BLOB NOT NULL,
  headers BLOB NOT NULL,
  cause TEXT NOT NULL,
  message TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  first_ms INTEGER NOT NULL,
  last_ms INTEGER NOT NULL,
  producer_id INTEGER NOT NULL,
  producer_epoch INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  consumer_group TEXT NOT NULL,
  log_offset INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  puts INTEGER NOT NULL DEFAULT 1,
  replays INTEGER NOT NULL DEFAULT 0,
  done_ms INTEGER NOT NULL DEFAULT 0,
  done_partition INTEGER NOT NULL DEFAULT -1,
  done_offset INTEGER NOT NULL DEFAULT -1,
  UNIQUE (message_id, consumer_group)
);
CREATE INDEX letters_by_state ON letters (done_ms, id);
CREATE TABLE totals (letters INTEGER NOT NULL, bytes INTEGER NOT NULL);
INSERT INTO totals VALUES (0, 0);
CREATE TRIGGER letter_came AFTER INSERT ON letters BEGIN
  UPDATE totals SET letters = letters + 1, bytes = bytes + NEW.bytes;
END;
CREATE TRIGGER letter_went AFTER DELETE ON letters BEGIN
  UPDATE totals SET letters = letters - 1, bytes = bytes - OLD.bytes;
END)sql",
                                    .what = "a spool of dead letters"};

constexpr char kColumns[] =
    "id, message_id, topic, partition, timestamp_ms, key, value, headers, "
    "cause, message, attempts, first_ms, last_ms, producer_id, producer_epoch, "
    "sequence, consumer_group, log_offset, puts, replays, done_ms, "
    "done_partition, done_offset";

absl::Status NoLetter(const std::string& path, int64_t id) {
  client::ErrorInfo info;
  info.kind = "NoLetter";
  return client::MakeError(absl::StatusCode::kNotFound,
                           absl::StrCat(path, " has no letter ", id), info);
}

absl::StatusOr<SpooledLetter> LetterOf(const Sqlite::Statement& row) {
  absl::StatusOr<std::vector<RecordHeader>> headers =
      DecodeHeaders(row.Text(7));
  if (!headers.ok()) return headers.status();
  SpooledLetter spooled;
  spooled.id = row.Int(0);
  spooled.letter = {.message_id = row.Text(1),
                    .topic = row.Text(2),
                    .partition = static_cast<int32_t>(row.Int(3)),
                    .record = {.timestamp_ms = row.Int(4),
                               .key = row.OptionalText(5),
                               .value = row.Text(6),
                               .headers = *std::move(headers)},
                    .cause = row.Text(8),
                    .message = row.Text(9),
                    .attempts = static_cast<int32_t>(row.Int(10)),
                    .first_ms = row.Int(11),
                    .last_ms = row.Int(12),
                    .producer_id = static_cast<uint64_t>(row.Int(13)),
                    .producer_epoch = static_cast<int32_t>(row.Int(14)),
                    .sequence = static_cast<int32_t>(row.Int(15)),
                    .group = row.Text(16),
                    .offset = row.Int(17)};
  spooled.puts = row.Int(18);
  spooled.replays = row.Int(19);
  spooled.done_ms = row.Int(20);
  spooled.done_partition = static_cast<int32_t>(row.Int(21));
  spooled.done_offset = row.Int(22);
  return spooled;
}

// Parameters 1 to 5 of a condition on a filter.
constexpr char kWhere[] =
    " WHERE id > ?1 AND ((?2 AND done_ms = 0) OR (?3 AND done_ms > 0))"
    " AND (?4 = '' OR topic = ?4) AND (?5 = '' OR consumer_group = ?5)";

void BindFilter(const SpoolFilter& filter, Sqlite::Statement& statement) {
  statement.Bind(1, filter.after_id)
      .Bind(2, int64_t{filter.waiting})
      .Bind(3, int64_t{filter.done})
      .Bind(4, filter.topic)
      .Bind(5, filter.group);
}

}  // namespace

absl::StatusOr<std::unique_ptr<SpoolDlq>> SpoolDlq::Open(
    const std::string& path, const SpoolOptions& options) {
  absl::StatusOr<std::unique_ptr<Sqlite>> db =
      Sqlite::Open(path, kSchema, options.create);
  if (!db.ok()) return db.status();
  return std::unique_ptr<SpoolDlq>(new SpoolDlq(path, options, *std::move(db)));
}

SpoolDlq::SpoolDlq(std::string path, const SpoolOptions& options,
                   std::unique_ptr<Sqlite> db)
    : path_(std::move(path)), options_(options), db_(std::move(db)) {}

SpoolDlq::~SpoolDlq() = default;

absl::Status SpoolDlq::PutOne(const DeadLetter& letter) {
  const Record& record = letter.record;
  const auto bytes = static_cast<int64_t>(
      EncodedSize(record) + letter.message.size() + letter.topic.size() + 300);
  auto statement = db_->Prepare(
      "INSERT INTO letters (message_id, topic, partition, timestamp_ms, key,"
      " value, headers, cause, message, attempts, first_ms, last_ms,"
      " producer_id, producer_epoch, sequence, consumer_group, log_offset,"
      " bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
      " ?14, ?15, ?16, ?17, ?18)"
      " ON CONFLICT (message_id, consumer_group) DO UPDATE SET"
      " cause = ?8, message = ?9, attempts = attempts + ?10, last_ms = ?12,"
      " producer_id = ?13, producer_epoch = ?14, sequence = ?15,"
      " puts = puts + 1, done_ms = 0, done_partition = -1, done_offset = -1");
  if (!statement.ok()) return statement.status();
  statement->Bind(1, letter.message_id)
      .Bind(2, letter.topic)
      .Bind(3, int64_t{letter.partition})
      .Bind(4, record.timestamp_ms)
      .BindBlob(6, record.value)
      .BindBlob(7, EncodeHeaders(record.headers))
      .Bind(8, letter.cause)
      .Bind(9, letter.message)
      .Bind(10, int64_t{letter.attempts})
      .Bind(11, letter.first_ms)
      .Bind(12, letter.last_ms)
      .Bind(13, static_cast<int64_t>(letter.producer_id))
      .Bind(14, int64_t{letter.producer_epoch})
      .Bind(15, int64_t{letter.sequence})
      .Bind(16, letter.group)
      .Bind(17, letter.offset)
      .Bind(18, bytes);
  if (record.key.has_value()) {
    statement->BindBlob(5, *record.key);
  } else {
    statement->BindNull(5);
  }
  return statement->Run();
}

absl::StatusOr<int64_t> SpoolDlq::Bytes() {
  auto statement = db_->Prepare("SELECT bytes FROM totals");
  if (!statement.ok()) return statement.status();
  const absl::StatusOr<bool> row = statement->Step();
  if (!row.ok()) return row.status();
  return *row ? statement->Int(0) : 0;
}

// Those that are done go first, the oldest before the others.
absl::Status SpoolDlq::MakeRoom() {
  for (;;) {
    const absl::StatusOr<int64_t> bytes = Bytes();
    if (!bytes.ok()) return bytes.status();
    if (*bytes <= options_.max_bytes) return absl::OkStatus();
    auto statement = db_->Prepare(
        "DELETE FROM letters WHERE id IN (SELECT id FROM letters"
        " WHERE done_ms > 0 ORDER BY id LIMIT 100)");
    if (!statement.ok()) return statement.status();
    const absl::Status status = statement->Run();
    if (!status.ok()) return status;
    if (db_->Changes() > 0) continue;
    client::ErrorInfo info;
    info.kind = "SpoolFull";
    return client::MakeError(
        absl::StatusCode::kResourceExhausted,
        absl::StrCat("the spool ", path_,
                     " is full: with these letters it "
                     "would hold ",
                     *bytes, " bytes, and the limit is ", options_.max_bytes,
                     "; replay or drop what waits in it"),
        info);
  }
}

absl::Status SpoolDlq::Put(const std::vector<DeadLetter>& letters) {
  for (const DeadLetter& letter : letters) {
    if (letter.message_id.empty()) {
      return absl::InvalidArgumentError("a dead letter needs a message id");
    }
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  return db_->Transaction([&]() -> absl::Status {
    for (const DeadLetter& letter : letters) {
      const absl::Status status = PutOne(letter);
      if (!status.ok()) return status;
    }
    return MakeRoom();
  });
}

absl::StatusOr<std::vector<SpooledLetter>> SpoolDlq::List(
    const SpoolFilter& filter) {
  const std::lock_guard<std::mutex> lock(mutex_);
  auto statement = db_->Prepare(absl::StrCat(
      "SELECT ", kColumns, " FROM letters", kWhere, " ORDER BY id LIMIT ?6"));
  if (!statement.ok()) return statement.status();
  BindFilter(filter, *statement);
  statement->Bind(6, filter.limit);
  std::vector<SpooledLetter> letters;
  for (;;) {
    const absl::StatusOr<bool> row = statement->Step();
    if (!row.ok()) return row.status();
    if (!*row) return letters;
    absl::StatusOr<SpooledLetter> letter = LetterOf(*statement);
    if (!letter.ok()) return letter.status();
    letters.push_back(*std::move(letter));
  }
}

absl::StatusOr<SpooledLetter> SpoolDlq::Get(int64_t id) {
  absl::StatusOr<std::vector<SpooledLetter>> letters =
      List({.after_id = id - 1, .limit = 1, .done = true});
  if (!letters.ok()) return letters.status();
  if (letters->empty() || letters->front().id != id) return NoLetter(path_, id);
  return std::move(letters->front());
}

absl::Status SpoolDlq::MarkDone(const std::vector<ReplayedLetter>& letters,
                                int64_t now_ms) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return db_->Transaction([&]() -> absl::Status {
    for (const ReplayedLetter& letter : letters) {
      auto statement = db_->Prepare(
          "UPDATE letters SET done_ms = ?2, done_partition = ?3,"
          " done_offset = ?4 WHERE id = ?1");
      if (!statement.ok()) return statement.status();
      statement->Bind(1, letter.id)
          .Bind(2, now_ms)
          .Bind(3, int64_t{letter.partition})
          .Bind(4, letter.offset);
      const absl::Status status = statement->Run();
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  });
}

absl::Status SpoolDlq::MarkFailed(const std::vector<int64_t>& ids) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return db_->Transaction([&]() -> absl::Status {
    for (const int64_t id : ids) {
      auto statement = db_->Prepare(
          "UPDATE letters SET replays = replays + 1 WHERE id = ?1");
      if (!statement.ok()) return statement.status();
      statement->Bind(1, id);
      const absl::Status status = statement->Run();
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<int64_t> SpoolDlq::Drop(const SpoolFilter& filter) {
  const std::lock_guard<std::mutex> lock(mutex_);
  auto statement = db_->Prepare(
      absl::StrCat("DELETE FROM letters WHERE id IN (SELECT id FROM letters",
                   kWhere, " ORDER BY id LIMIT ?6)"));
  if (!statement.ok()) return statement.status();
  BindFilter(filter, *statement);
  statement->Bind(6, filter.limit);
  const absl::Status status = statement->Run();
  if (!status.ok()) return status;
  return db_->Changes();
}

absl::Status SpoolDlq::DropOne(int64_t id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  auto statement = db_->Prepare("DELETE FROM letters WHERE id = ?1");
  if (!statement.ok()) return statement.status();
  statement->Bind(1, id);
  const absl::Status status = statement->Run();
  if (!status.ok()) return status;
  return db_->Changes() == 1 ? absl::OkStatus() : NoLetter(path_, id);
}

absl::StatusOr<SpoolStats> SpoolDlq::Stats() {
  const std::lock_guard<std::mutex> lock(mutex_);
  auto statement = db_->Prepare(
      "SELECT (SELECT COUNT(*) FROM letters WHERE done_ms = 0),"
      " (SELECT COUNT(*) FROM letters WHERE done_ms > 0), bytes FROM totals");
  if (!statement.ok()) return statement.status();
  const absl::StatusOr<bool> row = statement->Step();
  if (!row.ok()) return row.status();
  return SpoolStats{.waiting = statement->Int(0),
                    .done = statement->Int(1),
                    .bytes = statement->Int(2)};
}

}  // namespace quorate::broker
