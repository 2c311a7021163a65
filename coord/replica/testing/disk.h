// MemoryDisk: what a member keeps, for tests: as storage does, without files.
//
// It carries out the jobs of output.h at once. A restart sees what was written.

#ifndef QUORATE_COORD_REPLICA_TESTING_DISK_H_
#define QUORATE_COORD_REPLICA_TESTING_DISK_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/output.h"
#include "coord/replica/recovery.h"
#include "coord/storage/hard_state_file.h"
#include "coord/storage/log_record.h"
#include "coord/storage/member_storage.h"
#include "coord/tree/state_machine.h"

namespace quorate::replica {

class MemoryDisk {
 public:
  // A directory that belongs to no ensemble yet.
  explicit MemoryDisk(MemberKey member);

  Recovered Recover() const;

  void Write(const storage::Batch& batch);
  // The member's own snapshot.
  void Begin(const SnapshotBegin& begin);
  void Append(const SnapshotPiece& piece);
  void Finish(const SnapshotFinish& finish);
  // Publishes what is finished and returns its size. Nothing, and it is given
  // up: there is a newer one.
  std::optional<uint64_t> Publish(consensus::Zxid zxid);
  void Abandon() { writing_.reset(); }
  bool IsWriting() const { return writing_.has_value(); }
  void Drop(const Compact& compact);

  std::unique_ptr<tree::StateMachine> Load(consensus::Zxid zxid) const;
  // The bytes of a snapshot; REQUIRES: they are there.
  std::string Read(consensus::Zxid zxid, uint64_t offset,
                   uint64_t length) const;

  size_t log_size() const { return log_.size(); }
  size_t num_snapshots() const { return snapshots_.size(); }

 private:
  struct SnapshotFile {
    std::string meta;
    std::string content;
  };

  storage::HardState hard_state_;
  consensus::Zxid log_base_;
  std::vector<storage::LogRecord> log_;
  std::map<consensus::Zxid, SnapshotFile> snapshots_;
  SnapshotFile incoming_;
  std::optional<SnapshotFile> writing_;
};

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_TESTING_DISK_H_
