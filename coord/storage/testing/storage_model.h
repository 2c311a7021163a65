// StorageModel: what a member must find after a crash, in the simplest terms.
//
// The model knows the state that was acknowledged and the steps begun since.
// After a crash the disk must show the acknowledged state with some prefix of
// those steps: nothing acknowledged lost, nothing truncated back again, nothing
// out of order. For tests only.

#ifndef QUORATE_COORD_STORAGE_TESTING_STORAGE_MODEL_H_
#define QUORATE_COORD_STORAGE_TESTING_STORAGE_MODEL_H_

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/hard_state_file.h"
#include "coord/storage/log_record.h"
#include "coord/storage/member_storage.h"

namespace quorate::storage {

struct ModelSnapshot {
  std::string meta;
  std::string content;
};

struct ModelState {
  HardState hard_state;
  consensus::Zxid base;   // the record before records[0]
  consensus::Zxid limit;  // compaction may have moved the base up to here
  std::vector<LogRecord> records;
  std::map<consensus::Zxid, ModelSnapshot> snapshots;

  consensus::Zxid last() const {
    return records.empty() ? base : records.back().zxid;
  }
  consensus::Zxid newest_snapshot() const {
    return snapshots.empty() ? consensus::Zxid() : snapshots.rbegin()->first;
  }
};

struct ModelInstall {
  consensus::Zxid zxid;
  ModelSnapshot snapshot;
};
struct ModelPublish {
  consensus::Zxid zxid;
  ModelSnapshot snapshot;
};
struct ModelTruncate {
  consensus::Zxid zxid;
};
struct ModelCompact {
  consensus::Zxid zxid;
};
using ModelStep = std::variant<HardState, LogRecord, ModelInstall, ModelPublish,
                               ModelTruncate, ModelCompact>;

class StorageModel {
 public:
  explicit StorageModel(const HardState& initial) {
    acknowledged_.hard_state = now_.hard_state = initial;
  }

  // The state with all steps begun.
  const ModelState& now() const { return now_; }
  // Before the call that carries it out.
  void Begin(const ModelStep& step);
  // A sync has returned OK: all steps begun are durable.
  void Acknowledge();

  // Compares what was recovered; on success the model goes on from there.
  // kInternal without a StorageError: the difference. Else: a read's error.
  absl::Status Recover(const OpenedStorage& opened);

 private:
  static void Apply(const ModelStep& step, ModelState* state);

  ModelState acknowledged_;
  ModelState now_;
  std::vector<ModelStep> begun_;
};

}  // namespace quorate::storage

#endif  // QUORATE_COORD_STORAGE_TESTING_STORAGE_MODEL_H_
