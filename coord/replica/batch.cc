#include "coord/replica/batch.h"

#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "coord/consensus/record.h"
#include "coord/replica/record_codec.h"
#include "coord/storage/hard_state_file.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/snapshot_reader.h"

namespace quorate::replica {

storage::Batch ToBatch(const consensus::Output& output) {
  storage::Batch batch;
  if (output.hard_state.has_value()) {
    batch.hard_state = storage::HardState{output.hard_state->ensemble,
                                          EncodeHardState(*output.hard_state)};
  }
  for (const consensus::SnapshotChunk& chunk : output.snapshot_chunks) {
    batch.snapshot_pieces.push_back(
        {chunk.meta.zxid, chunk.offset, chunk.data});
  }
  if (output.install_snapshot.has_value()) {
    const consensus::SnapshotMeta& meta = *output.install_snapshot;
    batch.install_snapshot = storage::SnapshotInfo{
        meta.zxid, EncodeSnapshotMeta(meta), meta.size_bytes};
  }
  batch.truncate_after = output.truncate_after;
  batch.append.reserve(output.append.size());
  for (const consensus::Record& record : output.append) {
    batch.append.push_back(ToLogRecord(record));
  }
  return batch;
}

}  // namespace quorate::replica
