// IdempotentProcessor: gives each record its effect once, whatever comes twice.
//
// Effects are changes of one SQLite database. Each is made in one transaction
// with what says that it was made: the partition's position, and the record's
// message id. So a record that is delivered again, or sent again by a retry or
// a replay of dead letters, finds its mark, and has no second effect.
//
// The position in the database is the truth; offsets that are committed at the
// broker are only a hint for people. All members of a group use one database.
//
// A record whose handler fails is tried again, a bounded number of times that
// survives crashes, those of the handler too; then it becomes a dead letter,
// and the partition goes on. A replay of that letter is processed: it has had
// no effect.
//
// Not thread-safe; other processes may use the database.

#ifndef QUORATE_BROKER_PROCESSOR_PROCESSOR_H_
#define QUORATE_BROKER_PROCESSOR_PROCESSOR_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/client/consumed_record.h"
#include "broker/client/dead_letter_queue.h"
#include "broker/client/topic_partition.h"
#include "broker/dlq/sqlite.h"

namespace quorate::broker {

// Where a crash can come between; for tests.
enum class ProcessorStep {
  kCounted,    // an attempt was counted, before the handler
  kHandled,    // the handler has done its part; nothing is committed
  kMarked,     // so are the marks
  kCommitted,  // effect and marks are durable
  kBuried,     // the letter is durable, the position is not
};

struct ProcessorOptions {
  std::string path = {};  // the database; it is made if there is none
  // Statements that make the handler's own tables, if they are not there yet.
  // Names that begin with "quorate_" are ours.
  std::string create = {};
  std::string group = {};
  // Above 0. How often the handler may fail before the record is given up.
  int32_t max_attempts = 5;
  // Where such records go. nullptr: nowhere; then Process() returns the error,
  // and the partition waits.
  std::shared_ptr<DeadLetterQueue> dead_letters = {};
  // Message ids are remembered for so long, and at most so many. What is sent
  // again later than that may have a second effect.
  int64_t remember_ms = int64_t{30} * 24 * 3'600 * 1'000;
  int64_t max_remembered = 10'000'000;
  // An error of it is a crash: all that is not committed is gone.
  std::function<absl::Status(ProcessorStep)> fault_hook = {};
};

struct ProcessorStats {
  int64_t processed = 0;   // effects
  int64_t duplicates = 0;  // records that had had theirs
  int64_t dead_lettered = 0;
  int64_t failures = 0;  // of the handler
};

class IdempotentProcessor {
 public:
  // Makes the effect of one record: statements on `db`, and nothing else, as
  // all may be undone and done again. It begins and ends no transaction. An
  // error: it has failed.
  using Handler =
      std::function<absl::Status(const ConsumedRecord& record, Sqlite& db)>;

  // InvalidArgument: options that are out of their range; errors of Sqlite.
  static absl::StatusOr<std::unique_ptr<IdempotentProcessor>> Open(
      ProcessorOptions options, Handler handler);
  IdempotentProcessor(const IdempotentProcessor&) = delete;
  IdempotentProcessor& operator=(const IdempotentProcessor&) = delete;

  // Processes records of one topic of this id (czxid), in order within each
  // partition. OK: each has had its effect once, now or before, or is a dead
  // letter. Otherwise those before the first that failed have; it and those
  // behind it are to be given again: the handler has failed and has attempts
  // left (its error), or the database or the dead letter queue has.
  absl::Status Process(uint64_t topic_id,
                       const std::vector<ConsumedRecord>& records);

  // The next offset to be processed; nothing: none was yet.
  absl::StatusOr<std::optional<int64_t>> Position(
      uint64_t topic_id, const TopicPartition& partition);

  const ProcessorStats& stats() const { return stats_; }
  // For reading what the handler has written.
  Sqlite& db() { return *db_; }
  const std::string& group() const { return options_.group; }

 private:
  enum class Verdict { kProcess, kDuplicate };
  struct Attempt {
    Verdict verdict = Verdict::kProcess;
    int32_t number = 0;  // above max_attempts: there is none left
  };

  IdempotentProcessor(ProcessorOptions options, Handler handler,
                      std::unique_ptr<Sqlite> db);

  absl::Status Hook(ProcessorStep step) const;
  absl::Status ProcessSome(uint64_t topic_id,
                           const std::vector<ConsumedRecord>& records,
                           size_t begin, size_t end);
  absl::StatusOr<Attempt> Begin(uint64_t topic_id,
                                const ConsumedRecord& record);
  absl::Status ProcessOne(uint64_t topic_id, const ConsumedRecord& record);
  // Within a transaction.
  absl::Status HandleAndMark(uint64_t topic_id, const ConsumedRecord& record);
  absl::StatusOr<Verdict> Judge(uint64_t topic_id,
                                const ConsumedRecord& record);
  absl::Status SetPosition(uint64_t topic_id, const ConsumedRecord& record);
  absl::Status Remember(const ConsumedRecord& record);
  absl::Status Forget();
  absl::StatusOr<int32_t> Attempts(uint64_t topic_id,
                                   const ConsumedRecord& record);
  absl::Status Count(uint64_t topic_id, const ConsumedRecord& record,
                     int32_t attempts, const std::string& error);
  absl::Status Bury(uint64_t topic_id, const ConsumedRecord& record,
                    int32_t attempts, const absl::Status& why);

  const ProcessorOptions options_;
  const Handler handler_;
  const std::unique_ptr<Sqlite> db_;
  ProcessorStats stats_;
  // Whose first record since the start was processed: if the last run was ended
  // by a record that crashes the handler, it is the first one.
  std::set<TopicPartition> proven_;
  int64_t until_forget_ = 0;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_PROCESSOR_PROCESSOR_H_
