// SpoolDlq: a dead letter queue in one SQLite file of this machine.
//
// Durable at every Put() (write-ahead log, synced). Several processes may have
// it open. One message id of one group is one letter: put again, it only
// counts its attempts and waits once more. Letters that were replayed are done;
// they stay to be looked at until the room is needed, or they are dropped.
//
// Thread-safe.

#ifndef QUORATE_BROKER_DLQ_SPOOL_H_
#define QUORATE_BROKER_DLQ_SPOOL_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/client/dead_letter_queue.h"

namespace quorate::broker {

class Sqlite;

struct SpoolOptions {
  // Of the letters together; the file takes somewhat more.
  int64_t max_bytes = int64_t{1} << 30;
  bool create = true;  // false: a file that is not there is an error
};

struct SpooledLetter {
  int64_t id = 0;  // above 0; grows
  DeadLetter letter = {};
  int64_t puts = 0;     // how often it was put
  int64_t replays = 0;  // how often a replay has failed
  // Of a letter that was replayed: when (since 1970), and where it stands now.
  int64_t done_ms = 0;  // 0: it waits
  int32_t done_partition = -1;
  int64_t done_offset = -1;
};

struct SpoolFilter {
  int64_t after_id = 0;  // those with a higher id
  int64_t limit = 1'000'000;
  bool waiting = true;
  bool done = false;
  std::string topic = {};  // empty: of all topics
  std::string group = {};  // empty: of all
};

struct SpoolStats {
  int64_t waiting = 0;
  int64_t done = 0;
  int64_t bytes = 0;  // of both
};

struct ReplayedLetter {
  int64_t id = 0;
  int32_t partition = -1;
  int64_t offset = -1;
};

class SpoolDlq final : public DeadLetterQueue {
 public:
  // Errors as Sqlite::Open().
  static absl::StatusOr<std::unique_ptr<SpoolDlq>> Open(
      const std::string& path, const SpoolOptions& options = {});
  ~SpoolDlq() override;

  // All or none. ResourceExhausted, kind "SpoolFull": letters that wait fill
  // it. DiskFull and other kinds: see Sqlite.
  absl::Status Put(const std::vector<DeadLetter>& letters) override;

  // By id.
  absl::StatusOr<std::vector<SpooledLetter>> List(const SpoolFilter& filter);
  // NotFound, kind "NoLetter".
  absl::StatusOr<SpooledLetter> Get(int64_t id);
  // They were acknowledged. `now_ms` since 1970.
  absl::Status MarkDone(const std::vector<ReplayedLetter>& letters,
                        int64_t now_ms);
  // A replay has failed: they go on waiting.
  absl::Status MarkFailed(const std::vector<int64_t>& ids);
  // How many there were.
  absl::StatusOr<int64_t> Drop(const SpoolFilter& filter);
  absl::Status DropOne(int64_t id);  // NoLetter
  absl::StatusOr<SpoolStats> Stats();

  const std::string& path() const { return path_; }

 private:
  SpoolDlq(std::string path, const SpoolOptions& options,
           std::unique_ptr<Sqlite> db);

  absl::Status PutOne(const DeadLetter& letter);
  absl::Status MakeRoom();
  absl::StatusOr<int64_t> Bytes();

  const std::string path_;
  const SpoolOptions options_;
  std::mutex mutex_;
  const std::unique_ptr<Sqlite> db_;  // guarded by mutex_
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_DLQ_SPOOL_H_
